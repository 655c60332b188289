// SPDX-License-Identifier: Apache-2.0
#include "model/timing/walker.h"

#include <algorithm>
#include <cstring>

#include "abi/codoms.h"

namespace stile::model {
namespace {

constexpr uint64_t table_mask = 0xff'ffff'f000ull;  // 40 physical address bits
constexpr uint64_t pte_present = 1, user = 1 << 2, page_size = 1 << 7, global = 1 << 8;

unsigned shift_of(unsigned level) { return 12 + 9 * (level - 1); }

uint64_t key_of(uint64_t vaddr, unsigned level, unsigned pcid) {
    return (vaddr & 0xffff'ffff'ffffull) >> shift_of(level) << 12 | pcid;
}

}  // namespace

Walker::Walker(const WalkerConfig& config, const PhysicalMemory& memory, DataPath& path)
    : latency_(config.latency),
      free_(std::max(1u, config.walkers)),
      memory_(memory),
      path_(path),
      caches_{TableCache(config.pd_entries), TableCache(config.pdpt_entries),
              TableCache(config.pml4_entries)} {}

Walker::Result Walker::walk(uint64_t vaddr, uint64_t cr3, unsigned pcid, Cycles t) {
    Cycles& free = *std::min_element(free_.begin(), free_.end());
    const Result r = read_tables(vaddr, cr3, pcid, std::max(t, free) + latency_);
    free = r.done;
    return r;
}

Cycles Walker::walk_apl(const AplWalk& walk, Cycles t) {
    Cycles& free = *std::min_element(free_.begin(), free_.end());
    t = std::max(t, free) + latency_;
    for (unsigned i = 0; i < walk.reads; ++i) t = path_.load(walk.paddr[i], 8, t);
    return free = t;
}

Walker::Result Walker::read_tables(uint64_t vaddr, uint64_t cr3, unsigned pcid, Cycles t) {
    uint64_t table = cr3 & table_mask;
    unsigned level = 4;
    for (unsigned l = 2; l <= 4; ++l) {
        if (of_level(l).find(key_of(vaddr, l, pcid), table)) {
            level = l - 1;
            break;
        }
    }
    for (;; --level) {
        const uint64_t where = table + (vaddr >> shift_of(level) & 0x1ff) * 8;
        if (!memory_.contains(where, 8)) return {t, {}};
        t = path_.load(where, 8, t);
        uint64_t entry;
        std::memcpy(&entry, memory_.host(where), 8);
        // The MMU allowed the access, so a hole here means that the guest changed its tables since.
        if (!(entry & pte_present)) return {t, {}};
        if (level == 1 || (entry & page_size))
            return {t,
                    {level != 1, (entry & global) != 0, static_cast<uint16_t>(STILE_PTE_TAG_OF(entry)),
                     (entry & user) != 0}};
        table = entry & table_mask;
        of_level(level).add(key_of(vaddr, level, pcid), table);
    }
}

void Walker::flush(unsigned pcid) {
    for (TableCache& c : caches_) c.flush(pcid);
}

void Walker::flush() {
    for (TableCache& c : caches_) c.flush();
}

bool Walker::TableCache::find(uint64_t key, uint64_t& table) {
    const auto it =
        std::find_if(entries_.begin(), entries_.end(), [key](const Entry& e) { return e.key == key; });
    if (it == entries_.end()) return false;
    std::rotate(entries_.begin(), it, it + 1);
    table = entries_.front().table;
    return true;
}

void Walker::TableCache::add(uint64_t key, uint64_t table) {
    if (capacity_ == 0) return;
    if (entries_.size() == capacity_) entries_.pop_back();
    entries_.insert(entries_.begin(), {key, table});
}

void Walker::TableCache::flush(unsigned pcid) {
    std::erase_if(entries_, [pcid](const Entry& e) { return (e.key & 0xfff) == pcid; });
}

}  // namespace stile::model
