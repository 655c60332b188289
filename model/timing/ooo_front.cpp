// SPDX-License-Identifier: Apache-2.0
//
// The front end: translation and instruction cache, micro-op cache or decoders, and what branches cost it.
#include "model/timing/ooo.h"

namespace stile::model {

void OooTiming::fetch(const BlockRun& run, OooBlock& block) {
    Cycles at = supply_.now();
    // Most blocks begin on the line on which the one before them ended.
    if (l1i_.line_of(run.paddr) == fetch_line_ &&
        l1i_.line_of(run.paddr + run.code->bytes - 1) == fetch_line_ && translation_.fetches_from(run.vaddr))
        [[likely]] {
        supply_.wait(at);
        if (block.stamp == uop_cache_.changes() && !decoding_) [[likely]]
            supply_.deliver(block.supply);
        else
            supply(block);
        return hold_front(at);
    }
    const Translation::Result r = translation_.fetch(run.vaddr, at);
    if (r.extra || r.done) [[unlikely]] {
        if (r.done > at) front_walk_ += r.done - at;
        at = std::max(at, r.done) + r.extra;
    }
    // The rest of an instruction that straddles a page comes from a page whose address is not known here.
    const uint64_t last = std::min(run.paddr + run.code->bytes - 1, run.paddr | 0xfff);
    for (uint64_t line = l1i_.line_of(run.paddr); line <= l1i_.line_of(last); ++line) {
        if (line == fetch_line_) continue;
        fetch_line_ = line;
        const uint64_t paddr = line * l1i_.line_bytes();
        if (l1i_.hit(paddr, false)) continue;
        ++counters_.l1i_misses;
        at += l1i_latency_;
        const auto bytes = static_cast<unsigned>(l1i_.line_bytes());
        at += lower_.access(paddr, bytes, LineRequest::fetch, at).cycles;
        l1i_.insert(paddr, Cache::shared);
        path_.share_with_code(paddr);
    }
    supply_.wait(at);
    if (block.stamp == uop_cache_.changes() && !decoding_) [[likely]]
        supply_.deliver(block.supply);
    else
        supply(block);
    hold_front(at);
}

// Window by window. The block's first micro-op waits for the decoders to start, the others for its end at
// most: the next block's first does (our choice: a block is short).
void OooTiming::supply(OooBlock& block) {
    bool all = true;
    for (const FetchPart& part : block.parts) {
        const bool hit = uop_cache_.fetch(part.paddr, part.slots);
        if (!hit && (!decoding_ || refilling_)) {
            supply_.wait(supply_.now() +
                         (refilling_ ? config_.ooo.decode_refill : config_.ooo.decode_switch));
            if (&part == &block.parts.front()) hold_front(supply_.now());
        }
        decoding_ = !hit;
        refilling_ = false;
        all = all && hit;
        supply_.deliver(hit ? part.supply : part.decode);
    }
    if (all) block.stamp = uop_cache_.changes();
}

// Control came from another domain. Nothing of the target is dispatched before the verdict, whose lookup
// began with the fetch (our choice: nothing executes, not even in vain, that its domain may not enter).
void OooTiming::wait_for_transfer() {
    const Cycles fetch = l1i_latency_ + itlb_latency_, now = supply_.now();
    hold_front(translation_.transfer(counters_.apl_transfer_lookups - lookups_, now - std::min(now, fetch)));
    lookups_ = counters_.apl_transfer_lookups;
}

// A control transfer: what the front end loses.
void OooTiming::redirect(const BlockRun& run) {
    const auto verdict = predictor_.resolve(run.branch);
    if (verdict == BranchPredictor::Verdict::wrong) [[unlikely]] {
        restart(resolved_ + config_.mispredict + l1i_latency_ + itlb_latency_);
        refilling_ = true;
        looping_ = false;
        return;
    }
    if (!run.branch.taken) return;
    supply_.turn(in_short_loop(run.branch) ? 0 : config_.ooo.taken_bubble);
    const Cycles lost = l1i_latency_ + itlb_latency_ +
                        (verdict == BranchPredictor::Verdict::late_target ? config_.resteer : 0);
    if (lost) [[unlikely]]
        supply_.wait(supply_.now() + lost);
}

// A loop that fits the decode queue is replayed from there: the second time round on, and while no branch was
// mispredicted and nothing called or returned.
bool OooTiming::in_short_loop(const BranchOutcome& branch) {
    if (branch.kind != BranchKind::conditional && branch.kind != BranchKind::direct) {
        looping_ = false;
        loop_ = ~0ull;
        return false;
    }
    if (branch.target > branch.from) return looping_;
    looping_ = branch.target == loop_ && slots_ - loop_slots_ <= config_.ooo.decode_queue;
    loop_ = branch.target;
    loop_slots_ = slots_;
    return looping_;
}

}  // namespace stile::model
