// SPDX-License-Identifier: Apache-2.0
//
// The domain-capability cache of CODOMs: per slot one domain's tag and a row of 2-bit rights over the domains
// in the other slots. A right is known only while both domains are cached, so a lookup needs two tag matches
// and one row read; that is the structure whose area the papers argue about (facts: 32 entries of 8 bytes).
// Plain data: who may ask what, and when, is codoms.cpp's affair.
#pragma once

#include <cstdint>
#include <vector>

#include "abi/codoms.h"

namespace stile::model {

class AplCache {
  public:
    // `ways` == `entries`: fully associative. Otherwise tag modulo number of sets chooses the set.
    AplCache(unsigned entries, unsigned ways);  // throws std::invalid_argument

    unsigned entries() const { return static_cast<unsigned>(slots_.size()); }
    int find(uint16_t tag) const { return slot_of_[tag]; }  // -1: not cached
    int64_t tag(uint64_t slot) const { return slot < slots_.size() ? slots_[slot].tag : -1; }
    uint32_t right(unsigned from_slot, unsigned to_slot) const {
        return rights_[from_slot * entries() + to_slot];
    }

    // An empty slot of the tag's set, else the least recently used one that holds none of the two tags.
    unsigned victim(uint16_t tag, int64_t keep, int64_t keep_too) const;

    // Returns true when another domain lost its slot. A slot outside the tag's set is taken as the way of
    // that number within the set.
    bool fill(const stile_apl_record& record);
    bool invalidate(uint16_t tag);
    void invalidate_all();
    void touch(unsigned slot) { slots_[slot].used = ++clock_; }

  private:
    struct Slot {
        int64_t tag = -1;
        uint64_t used = 0;
    };
    unsigned first_of_set(uint16_t tag) const { return tag % (entries() / ways_) * ways_; }
    void empty(unsigned slot);

    unsigned ways_;
    std::vector<Slot> slots_;
    std::vector<uint8_t> rights_;   // [from][to]
    std::vector<int16_t> slot_of_;  // by tag; what the match lines of a CAM compute
    uint64_t clock_ = 0;
};

}  // namespace stile::model
