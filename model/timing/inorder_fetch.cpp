// SPDX-License-Identifier: Apache-2.0
//
// The front end and the TLBs of the in-order pipeline.
#include <algorithm>

#include "model/timing/inorder.h"

namespace stile::model {
namespace {

constexpr uint64_t cr4_pcide = 1ull << 17, cr3_keep = 1ull << 63;

}  // namespace

void InorderTiming::fetch(uint64_t vaddr, uint64_t paddr, unsigned bytes) {
    if (vaddr >> 12 != fetch_page_) fetch_page(vaddr);
    // The rest of an instruction that straddles a page comes from a page whose address is not known here.
    const uint64_t last = std::min(paddr + bytes - 1, paddr | 0xfff);
    const uint64_t first_line = l1i_.line_of(paddr), last_line = l1i_.line_of(last);
    for (uint64_t line = first_line; line <= last_line; ++line)
        if (line != fetch_line_) fetch_line(line);
}

void InorderTiming::fetch_line(uint64_t line) {
    fetch_line_ = line;
    const uint64_t paddr = line * l1i_.line_bytes();
    if (l1i_.hit(paddr, false)) return;
    ++counters_.l1i_misses;
    wait_until(now() + l1i_latency_ +
               lower_.access(paddr, static_cast<unsigned>(l1i_.line_bytes()), LineRequest::fetch));
    l1i_.fill(paddr, false);
}

void InorderTiming::fetch_page(uint64_t vaddr) {
    fetch_page_ = vaddr >> 12;
    if (!paging_ || itlb_.hit(vaddr, pcid_)) return;
    ++counters_.itlb_misses;
    bool large = false;
    if (stlb_.hit(vaddr, pcid_, false))
        wait_until(now() + stlb_latency_);
    else
        walk(vaddr, large);
    itlb_.fill(vaddr, pcid_, large);
}

// A control transfer: what the front end loses, and the fetch latency that only straight-line code hides.
void InorderTiming::redirect(const BlockRun& run) {
    ++counters_.branches;
    const auto verdict = predictor_.resolve(run.branch);
    if (verdict == BranchPredictor::Verdict::wrong) {
        ++counters_.branch_mispredicts;
        wait_until(resolved_ + config_.mispredict + l1i_latency_ + itlb_latency_);
    } else {
        if (verdict == BranchPredictor::Verdict::late_target) wait_until(now() + config_.resteer);
        if (run.branch.taken) {
            wait_until(now() + l1i_latency_ + itlb_latency_);
            at_ |= slot_mask;  // a fetch group ends at a taken branch
        }
    }
}

Cycles InorderTiming::translate_slow(uint64_t vaddr) {
    data_page_ = vaddr >> 12;
    if (dtlb_.hit(vaddr, pcid_)) return dtlb_latency_;
    ++counters_.dtlb_misses;
    bool large = false;
    Cycles latency = dtlb_latency_;
    if (stlb_.hit(vaddr, pcid_, false))
        latency += stlb_latency_;
    else
        walk(vaddr, large);
    dtlb_.fill(vaddr, pcid_, large);
    return latency;
}

// One walker, and the pipeline waits for it. It starts when both TLB levels have been looked up; Ivy Bridge's
// second level holds 4 KiB pages only.
void InorderTiming::walk(uint64_t vaddr, bool& large) {
    ++counters_.stlb_misses;
    const Walker::Result r = walker_.walk(vaddr, cr3_, pcid_, now() + stlb_latency_);
    refill_ += r.done - now();
    wait_until(r.done);
    large = r.large;
    if (!large) stlb_.fill(vaddr, pcid_, false);
}

void InorderTiming::load_cr3(uint64_t value) { remember_to_forget({Forget::context, value}); }
void InorderTiming::invlpg(uint64_t vaddr) { remember_to_forget({Forget::page, vaddr}); }
void InorderTiming::flush_tlbs() { remember_to_forget({Forget::all, 0}); }

void InorderTiming::remember_to_forget(Forget f) {
    // While another model runs nobody takes these away.
    if (forget_.size() >= 64) forget_.assign(1, {Forget::all, 0});
    forget_.push_back(f);
}

void InorderTiming::forget() {
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
    fetch_page_ = data_page_ = ~0ull;
}

}  // namespace stile::model
