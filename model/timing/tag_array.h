// SPDX-License-Identifier: Apache-2.0
//
// The tags of a set-associative structure with exact LRU: ways are kept in order of use, so that a hit on the
// most recently used way, by far the most frequent case, is one comparison. A key is an even number; its bit
// 0 is a mark that travels with the entry (a cache line's dirty bit).
#pragma once

#include <cstdint>
#include <vector>

namespace stile::model {

class TagArray {
  public:
    static constexpr uint64_t none = ~1ull;

    TagArray(uint64_t sets, unsigned ways) : ways_(ways), tags_(sets * ways, none) {}

    bool touch(uint64_t set, uint64_t key, bool mark = false) {
        uint64_t* way = &tags_[set * ways_];
        if ((way[0] & ~1ull) == key) {
            way[0] |= mark;
            return true;
        }
        return touch_behind(way, key, mark);
    }
    // Makes key the most recently used of its set; returns what fell out (with its mark), or none.
    uint64_t insert(uint64_t set, uint64_t key, bool mark = false) {
        uint64_t* way = &tags_[set * ways_];
        const uint64_t victim = way[ways_ - 1];
        for (unsigned i = ways_ - 1; i > 0; --i) way[i] = way[i - 1];
        way[0] = key | mark;
        return victim;
    }
    // True if it was there. Holes go to the least recently used end.
    bool remove(uint64_t set, uint64_t key) {
        uint64_t* way = &tags_[set * ways_];
        for (unsigned i = 0; i < ways_; ++i) {
            if ((way[i] & ~1ull) != key) continue;
            for (; i + 1 < ways_; ++i) way[i] = way[i + 1];
            way[ways_ - 1] = none;
            return true;
        }
        return false;
    }
    template <class Predicate>
    void remove_if(Predicate gone) {
        for (uint64_t* way = tags_.data(); way != tags_.data() + tags_.size(); way += ways_) {
            unsigned kept = 0;
            for (unsigned i = 0; i < ways_; ++i)
                if (way[i] != none && !gone(way[i])) way[kept++] = way[i];
            while (kept < ways_) way[kept++] = none;
        }
    }
    bool empty() const { return tags_.empty(); }

  private:
    bool touch_behind(uint64_t* way, uint64_t key, bool mark) {
        for (unsigned i = 1; i < ways_; ++i) {
            if ((way[i] & ~1ull) != key) continue;
            const uint64_t found = way[i] | mark;
            for (; i > 0; --i) way[i] = way[i - 1];
            way[0] = found;
            return true;
        }
        return false;
    }

    unsigned ways_;
    std::vector<uint64_t> tags_;
};

}  // namespace stile::model
