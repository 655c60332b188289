// SPDX-License-Identifier: Apache-2.0
#include "model/timing/tlb.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

namespace stile::model {

Tlb::Array::Array(const char* name, unsigned entries, unsigned ways) {
    if (entries == 0) return;
    if (ways == 0 || entries % ways != 0 || !std::has_single_bit(entries / ways))
        throw std::invalid_argument(std::string(name) + ": entries / ways must be a power of two");
    ways_ = ways;
    set_mask_ = entries / ways - 1;
    entries_.assign(entries, {});
}

const Tlb::Entry* Tlb::Array::find(uint64_t vaddr, unsigned pcid, bool large) {
    const uint64_t tag = tag_of(vaddr, pcid, large);
    Entry* const way = &entries_[(number(vaddr, large) & set_mask_) * ways_];
    for (unsigned i = 0; i < ways_; ++i) {
        if (!way[i].matches(tag)) continue;
        const Entry found = way[i];
        for (; i > 0; --i) way[i] = way[i - 1];
        way[0] = found;
        return way;
    }
    return nullptr;
}

void Tlb::Array::insert(uint64_t vaddr, unsigned pcid, PageKind kind) {
    if (ways_ == 0) return;
    Entry* const way = &entries_[(number(vaddr, kind.large) & set_mask_) * ways_];
    for (unsigned i = ways_ - 1; i > 0; --i) way[i] = way[i - 1];
    way[0] = {tag_of(vaddr, pcid, kind.large), kind.global ? any_pcid : whole, kind.domain,
              static_cast<uint16_t>(kind.user ? 0xffff : 0)};
}

// Holes go to the least recently used end.
template <class Predicate>
void Tlb::Array::remove_if(Predicate gone) {
    if (ways_ == 0) return;
    for (Entry* way = entries_.data(); way != entries_.data() + entries_.size(); way += ways_)
        std::fill(std::remove_if(way, way + ways_, gone), way + ways_, Entry{});
}

template <class Predicate>
void Tlb::remove_if(Predicate gone) {
    small_.remove_if(gone);
    large_.remove_if(gone);
}

Tlb::Tlb(const char* name, const TlbConfig& c)
    : holds_large_(c.large_pages),
      small_(name, c.entries, c.ways),
      large_(name, c.large_pages ? c.large_entries : 0, c.large_ways) {}

void Tlb::invalidate(uint64_t vaddr, unsigned pcid) {
    const uint64_t page = tag_of(vaddr, pcid, false), large = tag_of(vaddr, pcid, true);
    remove_if([=](const Entry& e) { return e.tag != 0 && (e.matches(page) || e.matches(large)); });
}

void Tlb::flush(unsigned pcid) {
    remove_if([pcid](const Entry& e) { return e.mask == whole && (e.tag & pcid_mask) >> 2 == pcid; });
}

void Tlb::flush() {
    remove_if([](const Entry&) { return true; });
}

}  // namespace stile::model
