// SPDX-License-Identifier: Apache-2.0
//
// Which translations a TLB holds: 4 KiB and 2 MiB pages in one array, tagged with the PCID. Only presence is
// modelled; the translation itself comes from the MMU.
#pragma once

#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "model/config.h"
#include "model/timing/tag_array.h"

namespace stile::model {

class Tlb {
  public:
    Tlb(const char* name, const TlbConfig& config) : sets_(sets(name, config)), tags_(sets_, config.ways) {}

    bool hit(uint64_t vaddr, unsigned pcid) { return hit(vaddr, pcid, false) || hit(vaddr, pcid, true); }
    bool hit(uint64_t vaddr, unsigned pcid, bool large) {
        return sets_ != 0 && tags_.touch(set(vaddr, large), key(vaddr, pcid, large));
    }
    void fill(uint64_t vaddr, unsigned pcid, bool large) {
        if (sets_ != 0) tags_.insert(set(vaddr, large), key(vaddr, pcid, large));
    }
    void invalidate(uint64_t vaddr, unsigned pcid) {
        if (sets_ == 0) return;
        tags_.remove(set(vaddr, false), key(vaddr, pcid, false));
        tags_.remove(set(vaddr, true), key(vaddr, pcid, true));
    }
    void flush(unsigned pcid) {
        tags_.remove_if([pcid](uint64_t k) { return ((k >> 2) & 0xfff) == pcid; });
    }
    void flush() {
        tags_.remove_if([](uint64_t) { return true; });
    }

  private:
    static uint64_t sets(const char* name, const TlbConfig& c) {
        if (c.entries == 0) return 0;
        if (c.ways == 0 || c.entries % c.ways != 0 || !std::has_single_bit(c.entries / c.ways))
            throw std::invalid_argument(std::string(name) + ": entries / ways must be a power of two");
        return c.entries / c.ways;
    }
    static uint64_t number(uint64_t vaddr, bool large) {
        return (vaddr & 0xffff'ffff'ffffull) >> (large ? 21 : 12);
    }
    uint64_t set(uint64_t vaddr, bool large) const { return number(vaddr, large) & (sets_ - 1); }
    static uint64_t key(uint64_t vaddr, unsigned pcid, bool large) {
        return number(vaddr, large) << 14 | uint64_t{pcid} << 2 | uint64_t{large} << 1;
    }

    uint64_t sets_;
    TagArray tags_;
};

}  // namespace stile::model
