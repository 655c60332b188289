// SPDX-License-Identifier: Apache-2.0
//
// The in-order pipeline, a block at a time (inorder_plan.h).
#include <algorithm>

#include "model/timing/inorder.h"

namespace stile::model {
namespace {

constexpr uint8_t most_patience = 8, runs_per_plan = 64;

}  // namespace

// From the board to a state. Not while the result of a miss is on its way, which hardly ever comes twice in
// the same state.
[[gnu::noinline]] bool InorderTiming::take_up(IssueSlots at) {
    if (last_load_ > at + ((hit_ + 1) << slot_bits)) return false;
    if (states_.full()) states_.clear();
    PipelineState& state = states_.blank(at & slot_mask);
    const IssueSlots first = at & ~slot_mask;
    touched_.each([&](unsigned place) {
        if (ready_[place] > at) state.add(place, ready_[place] - first);
    });
    state_ = states_.find();
    if (!state_) return false;
    state_at_ = at;
    edge_ = Plan::no_edge;
    for (const PipelineState::Pending& p : state_->pending) ready_[p.place] = 0;
    touched_.clear();
    return true;
}

// Time has passed since the block before.
bool InorderTiming::wait_in_state(IssueSlots at) {
    const PipelineState* const state = states_.after(*state_, at - state_at_);
    if (!state) {
        use_board();
        return false;
    }
    state_ = state;
    state_at_ = at;
    return true;
}

void InorderTiming::use_board() {
    if (!state_) return;
    const IssueSlots first = state_at_ & ~slot_mask;
    for (const PipelineState::Pending& p : state_->pending) {
        ready_[p.place] = first + p.ready;
        touched_.add(p.place);
    }
    // What a wait for everything waits for.
    if (at_ < state_at_ && edge_ != Plan::no_edge) ready_[edge_] = state_at_;
    state_ = nullptr;
    last_load_ = 0;
}

// A new plan for each new state, unless this block's states hardly ever come again.
[[gnu::noinline]] bool InorderTiming::find_plan(InorderBlock& block) {
    for (const auto& plan : block.plans) {
        if (plan->from != state_->id) continue;
        block.current = *plan;
        return true;
    }
    if (block.patience == 0) return false;
    --block.patience;
    auto plan = make_plan(block, *state_, states_, config_.width, hit_);
    if (!plan) return false;
    block.current = *plan;
    if (block.plans.size() < InorderBlock::most_plans)
        block.plans.push_back(std::move(plan));
    else
        block.plans[block.next_to_go++ % InorderBlock::most_plans] = std::move(plan);
    return true;
}

// False: nothing has been done.
[[gnu::always_inline]] inline bool InorderTiming::go_as_planned(InorderBlock& block, const MemLog& log) {
    const IssueSlots at = next_slot(at_, config_.width);
    if (!state_) [[unlikely]] {
        if (!take_up(at)) return false;
    } else if (at != state_at_) {
        if (!wait_in_state(at)) [[unlikely]]
            return false;
    }
    const Plan& plan = block.current;
    if (plan.from == state_->id) [[likely]] {
        if (++block.runs == runs_per_plan) [[unlikely]] {
            block.runs = 0;
            if (block.patience < most_patience) ++block.patience;
        }
    } else if (!find_plan(block)) {
        return false;
    }
    if (log.n != plan.count) [[unlikely]]
        return false;
    const IssueSlots first = at & ~slot_mask;
    const MemEvent* e = log.e;
    const Plan::Access* const accesses = plan.accesses();
    for (const Plan::Access* p = accesses; p != accesses + plan.count; ++p) {
        const Plan::Access& a = *p;
        const Cycles t = (first >> slot_bits) + a.at;
        Cycles answer = 0;
        Translation::Result r;
        if (e->kind <= MemKind::store) [[likely]] {
            r = translation_.data(e->vaddr, t);
            if (!(r.done | r.late)) [[likely]] {
                answer = a.store ? path_.store(e->paddr, e->bytes, t + r.extra) - r.extra
                                 : path_.load(e->paddr, e->bytes, t + r.extra, e->insn) - hit_;
                if (answer == t) [[likely]] {
                    ++e;
                    continue;
                }
            }
        }
        leave_plan(block, plan, static_cast<size_t>(e - log.e), r, answer, log);
        return true;
    }
    resolved_ = (first >> slot_bits) + plan.resolved;
    at_ = first + plan.end;
    state_ = plan.after;
    edge_ = plan.edge;
    state_at_ = next_slot(at_, config_.width);
    return true;
}

// A control transfer: what the front end loses, and the fetch latency that only straight-line code hides.
[[gnu::always_inline]] inline void InorderTiming::redirect(const BlockRun& run) {
    const auto verdict = predictor_.resolve(run.branch);
    if (verdict == BranchPredictor::Verdict::wrong) {
        wait_until(resolved_ + config_.mispredict + l1i_latency_ + itlb_latency_);
    } else {
        if (verdict == BranchPredictor::Verdict::late_target) wait_until(now() + config_.resteer);
        // A fetch group ends at a taken branch. No jump of the host: it would be as hard to predict as the
        // guest's.
        const IssueSlots taken = run.branch.taken ? ~0ull : 0;
        at_ = (at_ + (fetch_slots_ & taken)) | (slot_mask & taken);
    }
}

// Control came from another domain. Nothing of the target issues before the verdict, whose lookup began with
// the fetch (our choice: no instruction starts, not even in vain, that its domain may not enter).
[[gnu::noinline]] void InorderTiming::wait_for_transfer() {
    const Cycles fetch = l1i_latency_ + itlb_latency_;
    wait_until(
        translation_.transfer(counters_.apl_transfer_lookups - lookups_, now() - std::min(now(), fetch)));
    lookups_ = counters_.apl_transfer_lookups;
}

// With the common case of what it calls in one function: 4 %.
[[gnu::flatten]] BlockCost InorderTiming::block(const BlockRun& run, const MemLog& log) {
    if (!started_) [[unlikely]]
        begin();
    keep_up();
    const Cycles start = now();
    refill_ = 0;
    if (counters_.apl_transfer_lookups != lookups_) [[unlikely]]
        wait_for_transfer();
    translation_.begin_block(log);
    auto* block = static_cast<InorderBlock*>(*run.slot);
    path_.in_block(run.vaddr);
    fetch(run.vaddr, run.paddr, run.code->bytes);
    const bool whole = run.uops_done >= run.code->uops.size();
    if (!block) [[unlikely]] {
        *run.slot = block =
            new InorderBlock(make_timed_block(*run.code, config_, slot_bits), *run.code, config_.width);
        issue_varied(*block, run.uops_done, log);
    } else if (!whole || !variants_.empty() || !block->can_plan || !go_as_planned(*block, log)) {
        issue_varied(*block, run.uops_done, log);
    }
    if (translation_.walks_left()) [[unlikely]]
        wait_for_walk(translation_.other_walks(log, now()));
    if (run.branch.kind != BranchKind::none) redirect(run);
    translation_.forget();
    return end(start);
}

// Access number `access` does not hit: it goes to a device, `translated` says that it needs a walk or waits
// for the APL cache, or `answer` when it begins as the others see it. What came before went as planned; what
// follows is issued one by one.
[[gnu::noinline]] void InorderTiming::leave_plan(const InorderBlock& block, const Plan& plan, size_t access,
                                                 Translation::Result translated, Cycles answer,
                                                 const MemLog& log) {
    use_board();
    touched_.add(block.written);
    const size_t here = plan.accesses()[access].uop;
    const MemEvent& e = log.e[access];
    IssueSlots at = at_;
    for (size_t i = 0; i < here; ++i) {
        const TimedUop& u = block.uops[i];
        at = issue_slot(u, at, config_.width, ready_);
        finish(u, (at & ~slot_mask) + u.latency + (u.kind == TimedUop::load ? hit_ << slot_bits : 0));
        ++at;
    }
    if (e.kind > MemKind::store) {
        at_ = at;
        return issue_all(block, here, ~0u, log, &e);
    }
    const TimedUop& u = block.uops[here];
    at_ = issue_slot(u, at, config_.width, ready_);
    if (translated.done) wait_for_walk(translated.done);
    IssueSlots ready;
    if (u.kind == TimedUop::store) {
        if (translated.done | translated.late)
            answer = path_.store(e.paddr, e.bytes, now() + translated.extra + translated.late) -
                     translated.extra - translated.late;
        wait_until(answer);
        ready = (at_ & ~slot_mask) + u.latency;
    } else {
        const Cycles data = translated.done | translated.late
                                ? std::max(path_.load(e.paddr, e.bytes, now() + translated.extra, e.insn),
                                           now() + translated.extra + translated.late)
                                : answer + hit_;
        ready = (data << slot_bits) + u.latency;
        last_load_ = std::max(last_load_, ready);
    }
    finish(u, ready);
    if (u.is_branch) resolved_ = ready >> slot_bits;
    ++at_;
    issue_all(block, here + 1, ~0u, log, &e + 1);
}

}  // namespace stile::model
