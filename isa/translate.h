// SPDX-License-Identifier: Apache-2.0
//
// From bytes to blocks of micro-ops. Capstone judges each instruction (valid? how long?), our table of forms
// (isa/forms.h) says what it does. A Translator owns one Capstone handle and is not shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "isa/uop.h"

namespace stile::isa {

inline constexpr unsigned max_instruction_bytes = 15;

class Translator {
  public:
    Translator();
    ~Translator();
    Translator(const Translator&) = delete;
    Translator& operator=(const Translator&) = delete;

    // code[0] is the first instruction; its first page_left bytes lie on the first page, what follows comes
    // from the next page. The block stops before an instruction that crosses page_left, except that a
    // crossing first instruction makes a block of its own (`straddles`). If `code` ends inside the first
    // instruction the block is empty and `needs_more` is set: call again with the next page's bytes, or raise
    // its fetch fault.
    BlockCode translate_block(std::span<const uint8_t> code, size_t page_left, unsigned max_insns = 64);

    // Intel syntax, CODOMs instructions included. *length is the number of bytes consumed, at least 1.
    std::string disassemble(std::span<const uint8_t> code, uint64_t address, unsigned* length);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The same with a translator of its own; for tools and messages, not for loops.
std::string disassemble(std::span<const uint8_t> code, uint64_t address, unsigned* length);

}  // namespace stile::isa
