// SPDX-License-Identifier: Apache-2.0
//
// Which way of a set gives way. Deterministic, `random` too: a 16-bit linear-feedback shift register (taps
// 16, 14, 13, 11; seed 0xace1), shifted eight times at each fill. Ways that must stay are passed over.
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

class StateArchive;

class Replacement {
  public:
    // plru: `ways` is a power of two.
    Replacement(AplReplacement policy, unsigned sets, unsigned ways);

    void used(unsigned set, unsigned way);
    void filled(unsigned set, unsigned way);
    // Never `keep` nor `keep_too`; -1: nobody. Asking changes nothing.
    unsigned choose(unsigned set, int keep = -1, int keep_too = -1) const;

    void archive(StateArchive& a);  // of one shape

    static constexpr uint16_t seed = 0xace1;

  private:
    void point_away(unsigned set, unsigned way);
    unsigned choose_by_tree(unsigned set, int keep, int keep_too) const;
    unsigned choose_by_age(unsigned set, int keep, int keep_too) const;

    const AplReplacement policy_;
    const unsigned ways_;
    std::vector<uint64_t> age_;  // lru, fifo: by set and way
    std::vector<bool> right_;    // plru: by set and node, heap order from 1; the victim is in the upper half
    uint64_t clock_ = 0;
    uint16_t register_ = seed;
};

// Bits of state that one set needs in hardware: the order of the ways, the tree, a pointer, nothing.
unsigned replacement_bits(AplReplacement policy, unsigned ways);

}  // namespace stile::model
