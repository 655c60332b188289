// SPDX-License-Identifier: Apache-2.0
#include "model/timing/translation.h"

#include <algorithm>

namespace stile::model {
namespace {

constexpr uint64_t cr0_pg = 1ull << 31, cr4_pge = 1ull << 7, cr4_pcide = 1ull << 17, cr3_keep = 1ull << 63;

}  // namespace

Translation::Translation(const MachineConfig& c, const PhysicalMemory& memory, DataPath& path,
                         const CpuState& state, Counters& counters)
    : dtlb_latency_(static_cast<uint32_t>(c.dtlb.latency)),
      stlb_latency_(static_cast<uint32_t>(c.stlb.latency)),
      has_domains_(c.protection == ProtectionKind::codoms),
      apl_latency_(c.apl_cache.latency),
      itlb_latency_(c.itlb.latency),
      hit_(c.l1d.latency),
      state_(state),
      counters_(counters),
      itlb_("itlb", c.itlb),
      dtlb_("dtlb", c.dtlb),
      stlb_("stlb", c.stlb),
      walker_(c.walker, memory, path),
      apl_ports_(c.apl_cache.ports) {}

// What changes these also makes the TLBs forget something, but for the start of a core or of another model.
void Translation::adopt() {
    cr3_ = state_.cr3;
    paging_ = state_.cr0 & cr0_pg;
    global_ = state_.cr4 & cr4_pge;
    pcid_ = state_.cr4 & cr4_pcide ? state_.cr3 & 0xfff : 0;
}

Translation::Result Translation::fetch_slow(uint64_t vaddr, Cycles t) {
    fetch_page_ = vaddr >> 12;
    if (!paging_ || itlb_.hit(vaddr, pcid_)) return {};
    ++counters_.itlb_misses;
    PageKind kind;
    return missed(itlb_, vaddr, t, 0, kind);
}

Translation::Result Translation::data_slow(uint64_t vaddr, Cycles t) {
    Result r{dtlb_latency_};
    if (vaddr >> 12 == foreign_page_) return foreign(vaddr, t, r);
    if (dtlb_.same_set(vaddr, foreign_page_ << 12)) foreign_page_ = ~0ull;
    PageKind kind;
    if (!dtlb_.hit(vaddr, pcid_, kind)) {
        ++counters_.dtlb_misses;
        r = missed(dtlb_, vaddr, t, dtlb_latency_, kind);
    }
    // Where both sizes share an array, they meet in sets of their own kind of number.
    if (kind.large) data_page_ = foreign_page_ = ~0ull;
    if (by_.foreign(kind)) {
        foreign_domain_ = kind.domain;
        if (!kind.large) foreign_page_ = vaddr >> 12;
        // It is the last used of its set now.
        if (dtlb_.same_set(vaddr, data_page_ << 12)) data_page_ = ~0ull;
        return foreign(vaddr, t, r);
    }
    data_page_ = vaddr >> 12;
    return r;
}

// The second level, then a walk, which starts when both have been looked up.
Translation::Result Translation::missed(Tlb& first, uint64_t vaddr, Cycles t, uint32_t latency,
                                        PageKind& kind) {
    if (stlb_.hit(vaddr, pcid_, kind)) {
        first.fill(vaddr, pcid_, kind);
        return {latency + stlb_latency_};
    }
    ++counters_.stlb_misses;
    Walker::Result r = walker_.walk(vaddr, cr3_, pcid_, t + stlb_latency_);
    kind = r.kind;
    kind.global = kind.global && global_;
    stlb_.fill(vaddr, pcid_, kind);
    first.fill(vaddr, pcid_, kind);
    return {latency, 0, r.done};
}

// The page stays out of data_page_, so that each access comes here.
Translation::Result Translation::foreign(uint64_t vaddr, Cycles t, Result r) {
    Cycles at = std::max(t, r.done) + r.extra;
    if (walks_) [[unlikely]] {
        const Cycles known = walk_for(vaddr, at);
        if (known != at) {
            r.done = known - r.extra;
            at = known;
        }
    }
    const unsigned lent = origins(vaddr, foreign_domain_);
    ++counters_.apl_data_lookups;
    counters_.apl_capability_lookups += lent;
    Cycles begun = at;
    for (unsigned i = 0; i <= lent; ++i) begun = apl_ports_.take(begun);
    counters_.apl_port_stalls += begun - at;
    const Cycles late = begun - at + apl_latency_;
    r.late = late > hit_ ? static_cast<uint32_t>(late) : 0;
    return r;
}

// Capability registers that cover the access and lend a third domain's rights: a lookup each. As they are at
// the end of the block (our choice: an instruction that changes one is hardly ever in the block that uses
// it).
unsigned Translation::origins(uint64_t vaddr, uint16_t domain) const {
    unsigned n = 0;
    for (const stile_cap& c : state_.cd.caps)
        n += STILE_CAP_TYPE(c.word) != STILE_CAP_EMPTY && STILE_CAP_ORIGIN(c.word) != domain &&
             vaddr - c.base < c.length;
    return n;
}

Cycles Translation::transfer(uint64_t lookups, Cycles t) {
    const Cycles at = t + itlb_latency_;
    Cycles begun = at;
    for (uint64_t i = 0; i < lookups; ++i) begun = apl_ports_.take(begun);
    counters_.apl_port_stalls += begun - at;
    return begun + apl_latency_;
}

Cycles Translation::walk(Cycles t) {
    const AplWalk& w = (*walks_)[next_walk_++];
    const Cycles done = walker_.walk_apl(w, t);
    if (!w.counter) counters_.apl_walk_cycles += done - t;
    if (next_walk_ == walks_->size()) {
        walks_ = nullptr;
        next_walk_ = 0;
    }
    return done;
}

// Up to the last one for this access: those before it were for accesses that never asked.
Cycles Translation::walk_for(uint64_t vaddr, Cycles t) {
    size_t end = next_walk_;
    while (end < walks_->size() && (*walks_)[end].vaddr != vaddr) ++end;
    if (end == walks_->size()) return t;
    while (end < walks_->size() && (*walks_)[end].vaddr == vaddr) ++end;
    for (size_t n = end - next_walk_; n > 0; --n) t = walk(t);
    return t;
}

Cycles Translation::other_walks(const MemLog& log, Cycles t) {
    if (!walks_ && !log.walks.empty()) walks_ = &log.walks;
    while (walks_) t = walk(t);
    return t;
}

void Translation::remember(Forget f) {
    // While another model runs nobody takes these away.
    if (forget_.size() >= 64) forget_.assign(1, {Forget::all, 0});
    forget_.push_back(f);
}

void Translation::forget_now() {
    for (const Forget& f : forget_) {
        const unsigned loaded = state_.cr4 & cr4_pcide ? f.value & 0xfff : 0;
        switch (f.what) {
            case Forget::context:
                if (f.value & cr3_keep) break;
                for (Tlb* t : {&itlb_, &dtlb_, &stlb_}) t->flush(loaded);
                walker_.flush(loaded);
                break;
            case Forget::page:
                for (Tlb* t : {&itlb_, &dtlb_, &stlb_}) t->invalidate(f.value, pcid_);
                walker_.flush(pcid_);
                break;
            case Forget::all:
                for (Tlb* t : {&itlb_, &dtlb_, &stlb_}) t->flush();
                walker_.flush();
                break;
        }
    }
    forget_.clear();
    adopt();
    fetch_page_ = data_page_ = foreign_page_ = ~0ull;
}

}  // namespace stile::model
