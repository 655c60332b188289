// SPDX-License-Identifier: Apache-2.0
#include "model/timing/translation.h"

namespace stile::model {
namespace {

constexpr uint64_t cr0_pg = 1ull << 31, cr4_pge = 1ull << 7, cr4_pcide = 1ull << 17, cr3_keep = 1ull << 63;

}  // namespace

Translation::Translation(const MachineConfig& c, const PhysicalMemory& memory, DataPath& path,
                         const CpuState& state, Counters& counters)
    : dtlb_latency_(c.dtlb.latency),
      stlb_latency_(c.stlb.latency),
      state_(state),
      counters_(counters),
      itlb_("itlb", c.itlb),
      dtlb_("dtlb", c.dtlb),
      stlb_("stlb", c.stlb),
      walker_(c.walker, memory, path) {}

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
    return missed(itlb_, vaddr, t, 0);
}

Translation::Result Translation::data_slow(uint64_t vaddr, Cycles t) {
    data_page_ = vaddr >> 12;
    if (dtlb_.hit(vaddr, pcid_)) return {dtlb_latency_, 0};
    ++counters_.dtlb_misses;
    return missed(dtlb_, vaddr, t, dtlb_latency_);
}

// The second level, then a walk, which starts when both have been looked up.
Translation::Result Translation::missed(Tlb& first, uint64_t vaddr, Cycles t, Cycles latency) {
    PageKind kind;
    if (stlb_.hit(vaddr, pcid_, kind)) {
        first.fill(vaddr, pcid_, kind);
        return {latency + stlb_latency_, 0};
    }
    ++counters_.stlb_misses;
    Walker::Result r = walker_.walk(vaddr, cr3_, pcid_, t + stlb_latency_);
    r.kind.global = r.kind.global && global_;
    stlb_.fill(vaddr, pcid_, r.kind);
    first.fill(vaddr, pcid_, r.kind);
    return {latency, r.done};
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
    fetch_page_ = data_page_ = ~0ull;
}

}  // namespace stile::model
