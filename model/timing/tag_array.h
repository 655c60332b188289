// SPDX-License-Identifier: Apache-2.0
//
// The tags of a set-associative structure with exact LRU: ways are kept in order of use, so that a hit on the
// most recently used way, by far the most frequent case, is one comparison. A key is a multiple of
// 2^mark_bits; the bits below are marks that travel with the entry (a cache line's state).
#pragma once

#include <cstdint>
#include <vector>

namespace stile::model {

template <unsigned mark_bits>
class MarkedTags {
  public:
    static constexpr uint64_t marks = (1ull << mark_bits) - 1;
    static constexpr uint64_t none = ~marks;

    MarkedTags(uint64_t sets, unsigned ways) : ways_(ways), tags_(sets * ways, none) {}

    // Is key there, with no mark of `but`? Then it becomes the most recently used, and gets `mark`.
    bool touch(uint64_t set, uint64_t key, uint64_t mark = 0, uint64_t but = 0) {
        uint64_t* way = &tags_[set * ways_];
        if ((way[0] & ~(marks & ~but)) == key) {
            way[0] |= mark;
            return true;
        }
        return touch_behind(way, key, mark, but);
    }
    // Makes key the most recently used of its set; returns what fell out (with its marks), or none.
    uint64_t insert(uint64_t set, uint64_t key, uint64_t mark = 0) {
        uint64_t* way = &tags_[set * ways_];
        const uint64_t victim = way[ways_ - 1];
        for (unsigned i = ways_ - 1; i > 0; --i) way[i] = way[i - 1];
        way[0] = key | mark;
        return victim;
    }
    // The marks of key's entry, or none. No use of it as LRU counts them; nor is change().
    uint64_t marks_of(uint64_t set, uint64_t key) const {
        const uint64_t* way = &tags_[set * ways_];
        for (unsigned i = 0; i < ways_; ++i)
            if ((way[i] & ~marks) == key) return way[i] & marks;
        return none;
    }
    // False if it is not there.
    bool change(uint64_t set, uint64_t key, uint64_t set_marks, uint64_t clear_marks) {
        uint64_t* way = &tags_[set * ways_];
        for (unsigned i = 0; i < ways_; ++i) {
            if ((way[i] & ~marks) != key) continue;
            way[i] = (way[i] & ~clear_marks) | set_marks;
            return true;
        }
        return false;
    }
    // Returns the entry as it was, with its marks, or none. Holes go to the least recently used end.
    uint64_t remove(uint64_t set, uint64_t key) {
        uint64_t* way = &tags_[set * ways_];
        for (unsigned i = 0; i < ways_; ++i) {
            if ((way[i] & ~marks) != key) continue;
            const uint64_t found = way[i];
            for (; i + 1 < ways_; ++i) way[i] = way[i + 1];
            way[ways_ - 1] = none;
            return found;
        }
        return none;
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
    uint64_t size() const { return tags_.size(); }
    // Calls `see` with the marks of every entry.
    template <class F>
    void each(F see) const {
        for (const uint64_t tag : tags_)
            if (tag != none) see(tag & marks);
    }

  private:
    bool touch_behind(uint64_t* way, uint64_t key, uint64_t mark, uint64_t but) {
        for (unsigned i = 1; i < ways_; ++i) {
            if ((way[i] & ~(marks & ~but)) != key) continue;
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

using TagArray = MarkedTags<1>;

}  // namespace stile::model
