// SPDX-License-Identifier: Apache-2.0
//
// Random sequences over the table of forms. Everything that is encoded comes from the rows themselves.
#pragma once

#include <string>
#include <vector>

#include "tests/isa/random.h"
#include "tests/isa/sequence.h"

namespace stile::fuzz {

struct GeneratorOptions {
    std::string row;       // only rows whose mnemonic, encoding or reason contains this
    unsigned length = 16;  // units at most
    bool fsgsbase = true;  // the host's kernel lets programs use these instructions
    bool keys =
        false;  // likewise rdpkru and wrpkru: then they change what the harness may touch, and are left out
};

class Generator {
  public:
    Generator(uint64_t seed, GeneratorOptions options);

    // The n-th sequence of a seed depends on seed, options and n alone.
    Sequence sequence(uint64_t n, unsigned slot);
    // What the data window holds for the batch that begins with sequence n.
    void data(uint64_t n, Data& out);

    // Rows that can be compared with this host, under these options.
    const std::vector<const isa::Form*>& rows() const { return rows_; }

  private:
    uint64_t seed_;
    GeneratorOptions options_;
    std::vector<const isa::Form*> rows_;
};

}  // namespace stile::fuzz
