// SPDX-License-Identifier: Apache-2.0
//
// How a block goes when every access hits. What an in-order pipeline makes of a block follows from a few
// numbers: where in a cycle it starts, and how long the operands that it reads and did not make, and the
// units that it needs, are still on their way. A plan is the answer for one such pattern, worked out once:
// when each access begins, and what is ready when. Using one gives, to the slot, what issuing micro-op by
// micro-op gives; an access that goes otherwise than planned is found by looking, and the rest issued one by
// one.
//
// Blocks follow each other unpredictably, and so do the lengths of loops over what they contain: lists are
// padded to whole groups, so that most blocks need as many rounds as the one before.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/timing/timed_block.h"

namespace stile::model {

using IssueSlots = uint64_t;  // of the scoreboard: cycles << slot_bits, and which micro-op of its cycle
inline constexpr unsigned slot_bits = 5;
inline constexpr IssueSlots slot_mask = (1 << slot_bits) - 1;

// Places and units in one numbering, and one that nobody reads.
inline constexpr unsigned scoreboard_nowhere = PLACE_COUNT + static_cast<unsigned>(isa::OpClass::count);
static_assert(scoreboard_nowhere < 256);
using Scoreboard = std::array<IssueSlots, scoreboard_nowhere + 1>;

// Times count from the first cycle of the block.
struct Plan {
    struct Access {
        uint16_t at;  // cycles
        uint8_t uop;  // index in TimedBlock::uops
        bool store;
    };
    struct Result {
        uint32_t ready : 24;  // slots
        uint32_t place : 8;
    };
    static constexpr unsigned group = 8;
    std::vector<uint32_t> pending;  // slots, by InorderBlock::inputs
    std::vector<Access> accesses;
    std::vector<Result> results;  // whole groups
    uint32_t start = 0;           // slot of the first cycle in which the block starts
    uint32_t end = 0;             // slots
    uint32_t resolved = 0;        // cycles
};

struct InorderBlock : TimedBlock {
    InorderBlock(TimedBlock block, const isa::BlockCode& code, unsigned width);

    // All micro-ops are such that at most one access each is known.
    bool can_plan = true;
    uint8_t patience = 4;  // plans that may still be made: one more for each 64 runs that had one
    uint8_t runs = 0;
    Plan* current = nullptr;  // the plan used last
    static constexpr unsigned most_plans = 6, most_inputs = 24;
    std::vector<uint8_t> inputs;  // places and units that it reads before it writes them; whole groups
    std::vector<std::unique_ptr<Plan>> plans;
    unsigned next_to_go = 0;
};

// What a micro-op's operands and unit make of the slot in which it issues: the rule that both ways share.
inline IssueSlots issue_slot(const TimedUop& u, IssueSlots at, unsigned width, Scoreboard& board) {
    at = (at & slot_mask) >= width ? (at | slot_mask) + 1 : at;
    at = std::max(at, std::max(std::max(board[u.source[0]], board[u.source[1]]),
                               std::max(board[u.source[2]], board[u.source[3]])));
    if (u.busy != 0) {
        IssueSlots& free = board[PLACE_COUNT + u.unit];
        at = std::max(at, free);
        free = (at & ~slot_mask) + u.busy;
    }
    return at;
}

// The plan for a start at `at` with this scoreboard, or null if its figures are too large; loads have their
// data `hit` cycles after issue.
std::unique_ptr<Plan> make_plan(const InorderBlock& block, IssueSlots at, const Scoreboard& board,
                                unsigned width, Cycles hit);

// Does the plan hold for this start?
inline bool fits(const Plan& plan, const InorderBlock& block, IssueSlots at, const Scoreboard& board) {
    const IssueSlots first = at & ~slot_mask;
    const uint32_t* pending = plan.pending.data();
    const uint8_t* place = block.inputs.data();
    IssueSlots differs = plan.start ^ (at & slot_mask);
    for (const uint8_t* const end = place + block.inputs.size(); place != end; place += Plan::group)
        for (unsigned i = 0; i < Plan::group; ++i) {
            const IssueSlots ready = board[place[i]];
            differs |= (ready > at ? ready - first : 0) ^ *pending++;
        }
    return differs == 0;
}

}  // namespace stile::model
