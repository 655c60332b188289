// SPDX-License-Identifier: Apache-2.0
#include "model/timing/inorder_plan.h"

#include <algorithm>

namespace stile::model {
namespace {

size_t whole_groups(size_t n) { return (n + Plan::group - 1) / Plan::group * Plan::group; }

// Stores that may touch nothing at all.
bool masked(isa::Op op) { return op == isa::Op::maskmov || op == isa::Op::mmaskmov; }

}  // namespace

InorderBlock::InorderBlock(TimedBlock block, const isa::BlockCode& code, unsigned width)
    : TimedBlock(std::move(block)) {
    std::array<bool, scoreboard_nowhere + 1> known{};
    known[isa::ZERO] = true;
    const auto reads = [&](unsigned place) {
        if (known[place]) return;
        known[place] = true;
        inputs.push_back(static_cast<uint8_t>(place));
    };
    for (const TimedUop& u : uops) {
        if ((u.kind != TimedUop::plain && u.kind != TimedUop::load && u.kind != TimedUop::store) ||
            masked(code.uops[u.uop].op))
            can_plan = false;
        for (const uint8_t place : u.source) reads(place);
        if (u.busy != 0) reads(PLACE_COUNT + u.unit);
        for (const uint8_t place : u.result) known[place] = true;
    }
    if (inputs.size() > most_inputs || uops.empty() || width >= slot_mask) can_plan = false;
    inputs.resize(whole_groups(inputs.size()), isa::ZERO);
}

std::unique_ptr<Plan> make_plan(const InorderBlock& block, IssueSlots at, const Scoreboard& board,
                                unsigned width, Cycles hit) {
    constexpr IssueSlots most = (1 << 24) - 1, most_cycles = 0xffff;
    auto plan = std::make_unique<Plan>();
    const IssueSlots first = at & ~slot_mask;
    plan->start = static_cast<uint32_t>(at & slot_mask);
    Scoreboard b{};
    for (const uint8_t place : block.inputs) {
        const IssueSlots pending = board[place] > at ? board[place] - first : 0;
        if (pending > most) return nullptr;
        plan->pending.push_back(static_cast<uint32_t>(pending));
        b[place] = pending;
    }
    std::array<bool, scoreboard_nowhere> written{};
    IssueSlots t = plan->start;
    for (size_t i = 0; i < block.uops.size(); ++i) {
        const TimedUop& u = block.uops[i];
        t = issue_slot(u, t, width, b);
        if (u.busy != 0) written[PLACE_COUNT + u.unit] = true;
        IssueSlots ready = (t & ~slot_mask) + u.latency;
        if (u.kind != TimedUop::plain) {
            const bool store = u.kind == TimedUop::store;
            if (!store) ready += hit << slot_bits;
            if (t >> slot_bits > most_cycles) return nullptr;
            plan->accesses.push_back({static_cast<uint16_t>(t >> slot_bits), static_cast<uint8_t>(i), store});
        }
        for (const uint8_t place : u.result) {
            b[place] = ready;
            written[place] = true;
        }
        if (u.is_branch) plan->resolved = static_cast<uint32_t>(ready >> slot_bits);
        ++t;
    }
    plan->end = static_cast<uint32_t>(t);
    for (unsigned place = 0; place < written.size(); ++place) {
        if (!written[place]) continue;
        if (b[place] > most) return nullptr;
        plan->results.push_back({static_cast<uint32_t>(b[place]) & 0xff'ffff, place & 0xff});
    }
    plan->results.resize(whole_groups(plan->results.size()), {0, scoreboard_nowhere});
    return plan;
}

}  // namespace stile::model
