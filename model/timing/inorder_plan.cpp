// SPDX-License-Identifier: Apache-2.0
#include "model/timing/inorder_plan.h"

namespace stile::model {
namespace {

// Stores that may touch nothing at all.
bool masked(isa::Op op) { return op == isa::Op::maskmov || op == isa::Op::mmaskmov; }

}  // namespace

InorderBlock::InorderBlock(TimedBlock block, const isa::BlockCode& code, unsigned width)
    : TimedBlock(std::move(block)) {
    for (const TimedUop& u : uops) {
        if ((u.kind != TimedUop::plain && u.kind != TimedUop::load && u.kind != TimedUop::store) ||
            masked(code.uops[u.uop].op))
            can_plan = false;
        for (const uint8_t place : u.result) written.add(place);
        written.add(PLACE_COUNT + u.unit);
    }
    if (uops.empty() || width >= slot_mask) can_plan = false;
}

std::unique_ptr<KeptPlan> make_plan(const InorderBlock& block, const PipelineState& state,
                                    PipelineStates& states, unsigned width, Cycles hit) {
    constexpr IssueSlots most_cycles = 0xffff;
    auto plan = std::make_unique<KeptPlan>();
    plan->from = state.id;
    Scoreboard b{};
    PlaceSet used = block.written;
    for (const PipelineState::Pending& p : state.pending) {
        b[p.place] = p.ready;
        used.add(p.place);
    }
    IssueSlots t = state.start;
    for (size_t i = 0; i < block.uops.size(); ++i) {
        const TimedUop& u = block.uops[i];
        t = issue_slot(u, t, width, b);
        IssueSlots ready = (t & ~slot_mask) + u.latency;
        if (u.kind != TimedUop::plain) {
            const bool store = u.kind == TimedUop::store;
            if (!store) ready += hit << slot_bits;
            if (t >> slot_bits > most_cycles) return nullptr;
            plan->all.push_back({static_cast<uint16_t>(t >> slot_bits), static_cast<uint8_t>(i), store});
        }
        for (const uint8_t place : u.result) b[place] = ready;
        if (u.is_branch) plan->resolved = static_cast<uint32_t>(ready >> slot_bits);
        ++t;
    }
    if (t > PipelineState::most) return nullptr;
    plan->end = static_cast<uint32_t>(t);
    const IssueSlots next = next_slot(t, width), first = next & ~slot_mask;
    PipelineState& left = states.blank(next & slot_mask);
    used.each([&](unsigned place) {
        if (b[place] > next) left.add(place, b[place] - first);
        if (b[place] == next && next != t && place < PLACE_COUNT) plan->edge = static_cast<uint8_t>(place);
    });
    plan->count = static_cast<uint16_t>(plan->all.size());
    if (plan->count <= Plan::most_few)
        std::ranges::copy(plan->all, plan->few.begin());
    else
        plan->many = plan->all.data();
    plan->after = states.find();
    return plan->after ? std::move(plan) : nullptr;
}

}  // namespace stile::model
