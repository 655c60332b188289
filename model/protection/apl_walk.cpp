// SPDX-License-Identifier: Apache-2.0
//
// Refill by hardware: one right from the APL directory in memory (docs/codoms.md, 3).
#include "model/protection/codoms.h"

namespace stile::model {

namespace {

constexpr uint64_t page_address = 0xff'ffff'f000;  // 40 physical address bits

}  // namespace

uint32_t Codoms::fetch_right(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr) {
    const unsigned index[3] = {STILE_APL_INDEX1(from), STILE_APL_INDEX2(from, to), STILE_APL_WORD3(to)};
    AplWalk walk{vaddr, {}, 0};
    uint64_t word = s.cd.apl_root | STILE_APL_PRESENT;
    for (unsigned level = 0; level < 3; ++level) {
        if (!(word & STILE_APL_PRESENT)) break;
        const uint64_t at = (word & page_address) + 8 * index[level];
        word = 0;
        if (!apl_memory || !apl_memory->read_word(at, word)) break;
        walk.paddr[walk.reads++] = at;
    }
    const auto right =
        walk.reads == 3 ? static_cast<uint32_t>(word >> STILE_APL_SHIFT3(to) & 3) : uint32_t{STILE_RIGHT_NIL};
    ++counters_.apl_walks;
    seen_ = true;
    if (apl_memory) apl_memory->walked(walk);
    add_entry(from, to);
    add_entry(to, from);
    apl_.learn(from, to, right);
    return right;
}

// Beside the other tag of the pair, which stays.
void Codoms::add_entry(uint16_t tag, uint16_t keep) {
    if (apl_.find(tag) >= 0) return;
    const uint64_t evictions = apl_.evictions();
    if (apl_.add(tag, keep)) stale = true;
    ++counters_.apl_fills;
    counters_.apl_evictions += apl_.evictions() - evictions;
}

}  // namespace stile::model
