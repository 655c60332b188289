// SPDX-License-Identifier: Apache-2.0
//
// Which lines a cache holds: tags only, since data always lives in PhysicalMemory. Write-back,
// write-allocate, LRU. What a hit or a miss costs is its owner's affair.
#pragma once

#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "model/config.h"
#include "model/timing/tag_array.h"

namespace stile::model {

class Cache {
  public:
    static constexpr uint64_t no_line = ~0ull;

    // A size of 0 makes a cache that holds nothing. Throws std::invalid_argument where sets cannot be formed.
    Cache(const char* name, const CacheConfig& config)
        : line_shift_(static_cast<unsigned>(std::countr_zero(checked(name, config).line))),
          sets_(config.size / (uint64_t{config.ways} * config.line)),
          tags_(sets_, config.ways) {}

    // Is the line of paddr here? If so it becomes the most recently used, and dirty by a write.
    bool hit(uint64_t paddr, bool write) {
        if (sets_ == 0) return false;
        const uint64_t line = paddr >> line_shift_;
        return tags_.touch(line & (sets_ - 1), line << 1, write);
    }
    // Brings the line in; returns the address of a dirty line that has to be written back, or no_line.
    uint64_t fill(uint64_t paddr, bool write) {
        if (sets_ == 0) return no_line;
        const uint64_t line = paddr >> line_shift_;
        const uint64_t victim = tags_.insert(line & (sets_ - 1), line << 1, write);
        if (victim == TagArray::none || !(victim & 1)) return no_line;
        return (victim >> 1) << line_shift_;
    }
    uint64_t line_bytes() const { return 1ull << line_shift_; }
    uint64_t line_of(uint64_t paddr) const { return paddr >> line_shift_; }
    bool present() const { return sets_ != 0; }

  private:
    static const CacheConfig& checked(const char* name, const CacheConfig& c) {
        const uint64_t sets = c.ways && c.line ? c.size / (uint64_t{c.ways} * c.line) : 0;
        if (!std::has_single_bit(c.line) || c.ways == 0 || sets * c.ways * c.line != c.size ||
            (c.size != 0 && !std::has_single_bit(sets)))
            throw std::invalid_argument(std::string(name) + ": size / (ways x line) must be a power of two");
        return c;
    }

    unsigned line_shift_;
    uint64_t sets_;
    TagArray tags_;
};

}  // namespace stile::model
