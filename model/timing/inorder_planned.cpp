// SPDX-License-Identifier: Apache-2.0
//
// The in-order pipeline, a block at a time (inorder_plan.h).
#include <algorithm>

#include "model/timing/inorder.h"

namespace stile::model {
namespace {

constexpr uint8_t most_patience = 8, runs_per_plan = 64;

}  // namespace

// A new plan for each new pattern, unless this block's patterns hardly ever come again.
[[gnu::noinline]] const Plan* InorderTiming::find_plan(InorderBlock& block, IssueSlots at) {
    for (const auto& plan : block.plans)
        if (fits(*plan, block, at, ready_)) return block.current = plan.get();
    if (block.patience == 0) return nullptr;
    --block.patience;
    auto plan = make_plan(block, at, ready_, config_.width, hit_);
    if (!plan) return nullptr;
    block.current = plan.get();
    if (block.plans.size() < InorderBlock::most_plans)
        block.plans.push_back(std::move(plan));
    else
        block.plans[block.next_to_go++ % InorderBlock::most_plans] = std::move(plan);
    return block.current;
}

// False: nothing has been done.
bool InorderTiming::go_as_planned(InorderBlock& block, const MemLog& log) {
    const IssueSlots at = (at_ & slot_mask) >= config_.width ? (at_ | slot_mask) + 1 : at_;
    const Plan* plan = block.current;
    if (plan && fits(*plan, block, at, ready_)) [[likely]] {
        if (++block.runs == runs_per_plan) [[unlikely]] {
            block.runs = 0;
            if (block.patience < most_patience) ++block.patience;
        }
    } else {
        plan = find_plan(block, at);
        if (!plan) return false;
    }
    if (log.n != plan->accesses.size()) [[unlikely]]
        return false;
    const IssueSlots first = at & ~slot_mask;
    const MemEvent* e = log.e;
    for (const Plan::Access& a : plan->accesses) {
        const Cycles t = (first >> slot_bits) + a.at;
        Cycles answer = 0;
        Translation::Result r;
        if (e->kind <= MemKind::store) [[likely]] {
            r = translation_.data(e->vaddr, t);
            if (!r.done) [[likely]] {
                answer = a.store ? path_.store(e->paddr, e->bytes, t + r.extra) - r.extra
                                 : path_.load(e->paddr, e->bytes, t + r.extra, e->insn) - hit_;
                if (answer == t) [[likely]] {
                    ++e;
                    continue;
                }
            }
        }
        leave_plan(block, *plan, static_cast<size_t>(e - log.e), r, answer, log);
        return true;
    }
    for (auto r = plan->results.data(), end = r + plan->results.size(); r != end; r += Plan::group)
        for (unsigned i = 0; i < Plan::group; ++i) ready_[r[i].place] = first + r[i].ready;
    resolved_ = (first >> slot_bits) + plan->resolved;
    at_ = first + plan->end;
    return true;
}

// Access number `access` does not hit: it goes to a device, `translated` says that it needs a walk, or
// `answer` when it begins as the others see it. What came before went as planned; what follows is issued one
// by one.
[[gnu::noinline]] void InorderTiming::leave_plan(const InorderBlock& block, const Plan& plan, size_t access,
                                                 Translation::Result translated, Cycles answer,
                                                 const MemLog& log) {
    const size_t here = plan.accesses[access].uop;
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
        if (translated.done)
            answer = path_.store(e.paddr, e.bytes, now() + translated.extra) - translated.extra;
        wait_until(answer);
        ready = (at_ & ~slot_mask) + u.latency;
    } else {
        const Cycles data =
            translated.done ? path_.load(e.paddr, e.bytes, now() + translated.extra, e.insn) : answer + hit_;
        ready = (data << slot_bits) + u.latency;
    }
    finish(u, ready);
    if (u.is_branch) resolved_ = ready >> slot_bits;
    ++at_;
    issue_all(block, here + 1, ~0u, log, &e + 1);
}

}  // namespace stile::model
