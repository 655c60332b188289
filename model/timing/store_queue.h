// SPDX-License-Identifier: Apache-2.0
//
// The stores that loads may meet before they are in the cache, and which loads had better wait for them.
// Found by the eight-byte words that they touch: a table of the last store to each, so that a look-up costs
// the same however many stores there are. (Two words that share a slot hide the older store; our choice.)
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

class StoreQueue {
  public:
    struct Store {
        uint64_t paddr = 0;
        unsigned bytes = 0;
        Cycles known = 0;    // when its address is
        Cycles data = 0;     // when its data is
        Cycles drained = 0;  // when it is in the cache
    };
    explicit StoreQueue(unsigned entries) : ring_(entries * 2) {}

    void add(const Store& s) {
        ring_[++last_ % ring_.size()] = s;
        for (uint64_t w = s.paddr / 8; w <= (s.paddr + s.bytes - 1) / 8; ++w) words_[w % slots] = last_;
    }
    // The youngest store before this load that is not in the cache at t and touches any of its bytes, or
    // null.
    const Store* find(uint64_t paddr, unsigned bytes, Cycles t) const {
        const Store* found = nullptr;
        uint64_t youngest = 0;
        for (uint64_t w = paddr / 8; w <= (paddr + bytes - 1) / 8; ++w) {
            const uint64_t number = words_[w % slots];
            if (number == 0 || number + ring_.size() <= last_ || number < youngest) continue;
            const Store& s = ring_[number % ring_.size()];
            if (s.drained <= t || s.paddr >= paddr + bytes || paddr >= s.paddr + s.bytes) continue;
            youngest = number;
            found = &s;
        }
        return found;
    }
    // Was the load at this address wrong to pass a store, lately?
    bool should_wait(uint64_t from) const { return violated_[from % predictors] >= 2; }
    void violation(uint64_t from) { violated_[from % predictors] = 3; }
    void waited_in_vain(uint64_t from) {
        if (violated_[from % predictors] > 0) --violated_[from % predictors];
    }

  private:
    static constexpr unsigned slots = 1024, predictors = 1024;
    std::vector<Store> ring_;
    uint64_t last_ = 0;
    std::array<uint64_t, slots> words_{};
    std::array<uint8_t, predictors> violated_{};
};

}  // namespace stile::model
