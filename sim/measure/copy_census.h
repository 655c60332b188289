// SPDX-License-Identifier: Apache-2.0
//
// Finds copies of a payload by its content. Between the sender's last store and the receiver's first load,
// every store is looked at: a word of the payload (a unique nonce) that has just come to stand anywhere in
// memory is a copy of 8 bytes, whoever made it and however. A place counts once for each word, so that a word
// stored in pieces, or again, is one copy.
//
// The last 1 to 7 bytes of a payload are found as the end of its last 8 bytes. A payload below 8 bytes is not
// looked for: so few bytes are not unique.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "sim/measure/core_view.h"
#include "sim/measure/result.h"

namespace stile::sim {

class CopyCensus {
  public:
    void arm(CoreView& core, uint64_t seed, uint64_t bytes);
    void stop(CoreView& core);
    bool armed() const { return armed_; }
    void store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes);
    const Census& result() const { return result_; }

  private:
    void scan(CoreView& core, const std::vector<uint8_t>& window, uint64_t paddr);
    void count(CoreView& core, unsigned bytes);

    bool armed_ = false;
    std::unordered_map<uint64_t, unsigned> words_;  // 8 bytes of the payload, and how many of them count
    std::set<std::pair<uint64_t, uint64_t>> seen_;  // physical address, word
    Census result_;
};

}  // namespace stile::sim
