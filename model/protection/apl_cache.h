// SPDX-License-Identifier: Apache-2.0
//
// The domain-capability cache of CODOMs: per slot one domain's tag and a row of 2-bit rights over the domains
// in the other slots. A right is known only while both domains are cached, so a lookup needs two tag matches
// and one row read; that is the structure whose area the papers argue about (facts: 32 entries of 8 bytes).
// With a hardware walk the rights of a pair are fetched when they are needed, and unknown before.
// Plain data: who may ask what, and when, is codoms.cpp's affair.
#pragma once

#include <cstdint>
#include <vector>

#include "abi/codoms.h"
#include "model/protection/replacement.h"

namespace stile::model {

class StateArchive;

class AplCache {
  public:
    // `ways` == `entries`: fully associative. Otherwise tag modulo number of sets chooses the set.
    AplCache(unsigned entries, unsigned ways,
             AplReplacement replacement = AplReplacement::lru);  // throws std::invalid_argument

    unsigned entries() const { return static_cast<unsigned>(slots_.size()); }
    int find(uint16_t tag) const { return slot_of_[tag]; }  // -1: not cached
    int64_t tag(uint64_t slot) const { return slot < slots_.size() ? slots_[slot] : -1; }
    // Of two slots in use; `unknown` only where add() made one of them.
    uint32_t right(unsigned from_slot, unsigned to_slot) const {
        return rights_[from_slot * entries() + to_slot];
    }
    static constexpr uint32_t unknown = 4;

    // Where `tag` is or would go: an empty slot of its set, else the replacement policy's choice among those
    // that hold neither `keep` nor, in sets of more than two, `keep_too`.
    unsigned victim(uint16_t tag, int64_t keep, int64_t keep_too) const;

    // Both return true when a right that may have been read is gone. A slot outside the tag's set is taken as
    // the way of that number within the set.
    bool fill(const stile_apl_record& record);
    bool add(uint16_t tag, int64_t keep);  // a tag that is not cached; nothing is known of it
    // A pair whose right was fetched; both are cached.
    void learn(uint16_t from, uint16_t to, uint32_t right);
    bool invalidate(uint16_t tag);
    unsigned invalidate_all();  // how many
    void touch(unsigned slot) {
        if (slot < ways_) return replacement_.used(0, slot);  // a fully associative cache needs no division
        replacement_.used(slot / ways_, slot % ways_);
    }

    void archive(StateArchive& a);  // of caches of one shape

    uint64_t evictions() const { return evictions_; }  // domains that made room for others

  private:
    unsigned set_of(uint16_t tag) const { return tag % (entries() / ways_); }
    void empty(unsigned slot);
    bool take(unsigned slot, uint16_t tag);

    unsigned ways_;
    std::vector<int64_t> slots_;    // the tag, or -1
    std::vector<uint8_t> rights_;   // [from][to]
    std::vector<int16_t> slot_of_;  // by tag; what the match lines of a CAM compute
    Replacement replacement_;
    uint64_t evictions_ = 0;
};

}  // namespace stile::model
