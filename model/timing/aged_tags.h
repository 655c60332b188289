// SPDX-License-Identifier: Apache-2.0
//
// The tags of a large set-associative structure with exact LRU, for levels whose tags do not fit the host's
// first cache: what a look-up needs of a set of up to 16 ways is one line of the host (16 bits of each tag,
// ages, marks), all ways are compared at once, and nothing moves when the order of use changes. The rest of
// a tag is looked at only if there is one: once a line beyond 65,536 times the size of a way has come. Same
// interface and same behaviour as MarkedTags<3>, which serves sets of more than 16 ways here too.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <vector>

#include "model/timing/tag_array.h"

namespace stile::model {

class AgedTags {
  public:
    static constexpr uint64_t marks = 7, none = ~marks;

    // `sets` is a power of two, and a key's set is the low bits of key / 8.
    AgedTags(uint64_t sets, unsigned ways)
        : ways_(ways),
          set_bits_(sets ? static_cast<unsigned>(std::countr_zero(sets)) : 0),
          sets_(ways <= group ? sets : 0, Set(ways)),
          rest_(sets_.size() * group),
          listed_(ways <= group ? 0 : sets, ways) {}

    bool touch(uint64_t set, uint64_t key, uint64_t mark = 0, uint64_t but = 0) {
        if (ways_ > group) return listed_.touch(set, key, mark, but);
        const unsigned way = look_up(set, key);
        if (way == group) return false;
        Set& s = sets_[set];
        if (s.state[way] & but) return false;
        if (mark) s.state[way] |= static_cast<uint8_t>(mark);
        s.use(way);
        return true;
    }
    uint64_t insert(uint64_t set, uint64_t key, uint64_t mark = 0) {
        if (ways_ > group) return listed_.insert(set, key, mark);
        const unsigned way = sets_[set].of_age(ways_ - 1);
        const uint64_t victim = entry(set, way), tag = tag_of(key), rest = tag >> 16;
        Set& s = sets_[set];
        s.low[way] = static_cast<uint16_t>(tag);
        s.state[way] = static_cast<uint8_t>(valid | mark);
        if (rest) long_ = true;
        if (long_) rest_[set * group + way] = rest;
        s.use(way);
        return victim;
    }
    // The marks of key's entry, or none.
    uint64_t marks_of(uint64_t set, uint64_t key) const {
        if (ways_ > group) return listed_.marks_of(set, key);
        const unsigned way = look_up(set, key);
        return way == group ? none : sets_[set].state[way] & marks;
    }
    bool change(uint64_t set, uint64_t key, uint64_t set_marks, uint64_t clear_marks) {
        if (ways_ > group) return listed_.change(set, key, set_marks, clear_marks);
        const unsigned way = look_up(set, key);
        if (way == group) return false;
        uint8_t& state = sets_[set].state[way];
        state = static_cast<uint8_t>((state & ~clear_marks) | set_marks);
        return true;
    }
    uint64_t remove(uint64_t set, uint64_t key) {
        if (ways_ > group) return listed_.remove(set, key);
        const unsigned way = look_up(set, key);
        if (way == group) return none;
        const uint64_t found = entry(set, way);
        sets_[set].free(way, ways_);
        return found;
    }
    uint64_t size() const { return ways_ > group ? listed_.size() : sets_.size() * ways_; }
    template <class F>
    void each(F see) const {
        listed_.each(see);
        for (const Set& s : sets_)
            for (const uint8_t state : s.state)
                if (state & valid) see(state & marks);
    }

  private:
    static constexpr unsigned group = 16;
    static constexpr uint8_t valid = 0x80;

    struct alignas(64) Set {
        uint16_t low[group] = {};  // of the tags
        int8_t age[group];         // 0: used last; the ways that are not there: never
        uint8_t state[group] = {};

        explicit Set(unsigned ways) {
            for (unsigned i = 0; i < group; ++i) age[i] = static_cast<int8_t>(i < ways ? i : 127);
        }
        // Becomes the most recently used.
        void use(unsigned way) {
            const int8_t before = age[way];
            if (before == 0) return;
#ifdef __SSE2__
            auto* const ages = reinterpret_cast<__m128i*>(age);
            const __m128i now = _mm_load_si128(ages);
            const __m128i older = _mm_sub_epi8(now, _mm_cmplt_epi8(now, _mm_set1_epi8(before)));
            const __m128i ways = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            const __m128i self = _mm_cmpeq_epi8(ways, _mm_set1_epi8(static_cast<char>(way)));
            _mm_store_si128(ages, _mm_andnot_si128(self, older));
#else
            for (int8_t& a : age) a = static_cast<int8_t>(a + (a < before));
            age[way] = 0;
#endif
        }
        // Holes are what was used longest ago.
        void free(unsigned way, unsigned ways) {
            for (unsigned i = 0; i < ways; ++i)
                if (age[i] > age[way]) --age[i];
            age[way] = static_cast<int8_t>(ways - 1);
            state[way] = 0;
        }
        unsigned of_age(unsigned wanted) const {
#ifdef __SSE2__
            const __m128i ages = _mm_load_si128(reinterpret_cast<const __m128i*>(age));
            const int same =
                _mm_movemask_epi8(_mm_cmpeq_epi8(ages, _mm_set1_epi8(static_cast<char>(wanted))));
            return static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(same)));
#else
            unsigned i = 0;
            while (age[i] != static_cast<int8_t>(wanted)) ++i;
            return i;
#endif
        }
        // Bit i: way i holds a tag that ends like this.
        unsigned alike(uint16_t tag) const {
#ifdef __SSE2__
            const auto* const tags = reinterpret_cast<const __m128i*>(low);
            const __m128i wanted = _mm_set1_epi16(static_cast<int16_t>(tag));
            const __m128i same = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_load_si128(tags), wanted),
                                                 _mm_cmpeq_epi16(_mm_load_si128(tags + 1), wanted));
            const __m128i held = _mm_load_si128(reinterpret_cast<const __m128i*>(state));
            return static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(same, held)));
#else
            unsigned found = 0;
            for (unsigned i = 0; i < group; ++i) found |= unsigned{low[i] == tag && (state[i] & valid)} << i;
            return found;
#endif
        }
    };

    uint64_t tag_of(uint64_t key) const { return key >> 3 >> set_bits_; }
    // The way that holds the key, or `group`.
    unsigned look_up(uint64_t set, uint64_t key) const {
        const uint64_t tag = tag_of(key);
        unsigned found = sets_[set].alike(static_cast<uint16_t>(tag));
        if (!long_) return found && tag >> 16 == 0 ? static_cast<unsigned>(std::countr_zero(found)) : group;
        for (; found; found &= found - 1) {
            const auto way = static_cast<unsigned>(std::countr_zero(found));
            if (rest_[set * group + way] == tag >> 16) return way;
        }
        return group;
    }
    uint64_t entry(uint64_t set, unsigned way) const {
        const Set& s = sets_[set];
        if (!(s.state[way] & valid)) return none;
        const uint64_t tag = (long_ ? rest_[set * group + way] << 16 : 0) | s.low[way];
        return (tag << set_bits_ | set) << 3 | (s.state[way] & marks);
    }

    const unsigned ways_, set_bits_;
    std::vector<Set> sets_;
    std::vector<uint64_t> rest_;  // of the tags, above their low 16 bits
    bool long_ = false;           // one of them is not 0
    MarkedTags<3> listed_;
};

}  // namespace stile::model
