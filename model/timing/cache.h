// SPDX-License-Identifier: Apache-2.0
//
// Which lines a cache holds and in which state of MESI: tags only, since data always lives in PhysicalMemory.
// Write-back, write-allocate, LRU. What a hit or a miss costs is its owner's affair.
//
// A line without marks is exclusive: nobody else has it. Modified is `dirty`. What may not be written without
// asking is `shared`. An access that simply hits is one comparison with the most recently used way; lines
// with a mark that needs attention (shared and about to be written, prefetched and used for the first time)
// do not "simply hit", and cost a second look.
#pragma once

#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "model/config.h"
#include "model/timing/aged_tags.h"
#include "model/timing/tag_array.h"

namespace stile::model {

struct CacheLines {
    static constexpr uint64_t no_line = ~0ull;
    static constexpr uint64_t clean = 0, dirty = 1, shared = 2, prefetched = 4;  // marks
    struct Found {
        bool present = false;
        uint64_t marks = 0;
        bool is(uint64_t mark) const { return marks & mark; }
    };
    struct Victim {
        uint64_t line = no_line;  // its address
        bool dirty = false;
    };
};

template <class Tags>
class BasicCache : public CacheLines {
  public:
    // A size of 0 makes a cache that holds nothing. Throws std::invalid_argument where sets cannot be formed.
    BasicCache(const char* name, const CacheConfig& config)
        : line_shift_(static_cast<unsigned>(std::countr_zero(checked(name, config).line))),
          sets_(config.size / (uint64_t{config.ways} * config.line)),
          tags_(sets_, config.ways) {}

    // Is the line of paddr here, and nothing else to be done about it? If so it becomes the most recently
    // used, and dirty by a write.
    bool hit(uint64_t paddr, bool write) {
        if (sets_ == 0) return false;
        const uint64_t line = paddr >> line_shift_;
        return write ? tags_.touch(set(line), line << 3, dirty, shared | prefetched)
                     : tags_.touch(set(line), line << 3, 0, prefetched);
    }
    // Is it here, nobody else's, and used before? Then it becomes the most recently used.
    bool plain_hit(uint64_t paddr) {
        if (sets_ == 0) return false;
        const uint64_t line = paddr >> line_shift_;
        return tags_.touch(set(line), line << 3, 0, shared | prefetched);
    }
    // Becomes the most recently used, whatever its marks.
    void use(uint64_t paddr) {
        if (sets_ == 0) return;
        const uint64_t line = paddr >> line_shift_;
        tags_.touch(set(line), line << 3);
    }
    Found find(uint64_t paddr) const {
        if (sets_ == 0) return {};
        const uint64_t line = paddr >> line_shift_;
        const uint64_t marks = tags_.marks_of(set(line), line << 3);
        return marks == Tags::none ? Found{} : Found{true, marks};
    }
    // False if the line is not here.
    bool change(uint64_t paddr, uint64_t set_marks, uint64_t clear_marks) {
        if (sets_ == 0) return false;
        const uint64_t line = paddr >> line_shift_;
        return tags_.change(set(line), line << 3, set_marks, clear_marks);
    }
    // Brings the line in; returns what it took the place of.
    Victim insert(uint64_t paddr, uint64_t marks) {
        if (sets_ == 0) return {};
        const uint64_t line = paddr >> line_shift_;
        const uint64_t victim = tags_.insert(set(line), line << 3, marks);
        if (victim == Tags::none) return {};
        return {victim >> 3 << line_shift_, (victim & dirty) != 0};
    }
    // Likewise; returns the address of a dirty line that has to be written back, or no_line.
    uint64_t fill(uint64_t paddr, bool write) {
        const Victim victim = insert(paddr, write ? dirty : clean);
        return victim.dirty ? victim.line : no_line;
    }
    Found remove(uint64_t paddr) {
        if (sets_ == 0) return {};
        const uint64_t line = paddr >> line_shift_;
        const uint64_t tag = tags_.remove(set(line), line << 3);
        return tag == Tags::none ? Found{} : Found{true, tag & 7};
    }
    uint64_t line_bytes() const { return 1ull << line_shift_; }
    uint64_t line_of(uint64_t paddr) const { return paddr >> line_shift_; }
    bool present() const { return sets_ != 0; }
    // "4096 lines, 310 held: 12 modified, 4 shared"
    std::string occupancy() const {
        uint64_t held = 0, modified = 0, with_others = 0;
        tags_.each([&](uint64_t marks) {
            ++held;
            modified += (marks & dirty) != 0;
            with_others += (marks & shared) != 0;
        });
        return std::to_string(tags_.size()) + " lines, " + std::to_string(held) +
               " held: " + std::to_string(modified) + " modified, " + std::to_string(with_others) + " shared";
    }

  private:
    uint64_t set(uint64_t line) const { return line & (sets_ - 1); }
    static const CacheConfig& checked(const char* name, const CacheConfig& c) {
        const uint64_t sets = c.ways && c.line ? c.size / (uint64_t{c.ways} * c.line) : 0;
        if (!std::has_single_bit(c.line) || c.ways == 0 || sets * c.ways * c.line != c.size ||
            (c.size != 0 && !std::has_single_bit(sets)))
            throw std::invalid_argument(std::string(name) + ": size / (ways x line) must be a power of two");
        return c;
    }

    unsigned line_shift_;
    uint64_t sets_;
    Tags tags_;
};

// A first level, where most accesses find the line that was used last; and those behind it.
using Cache = BasicCache<MarkedTags<3>>;
using OuterCache = BasicCache<AgedTags>;

}  // namespace stile::model
