// SPDX-License-Identifier: Apache-2.0
//
// How a block goes when every access hits. What an in-order pipeline makes of a block follows from the state
// in which it finds the scoreboard (inorder_state.h). A plan is the answer for one such state, worked out
// once: when each access begins, and the state that the block leaves. Using one gives, to the slot, what
// issuing micro-op by micro-op gives; an access that goes otherwise than planned is found by looking, and the
// rest issued one by one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/timing/inorder_state.h"
#include "model/timing/timed_block.h"

namespace stile::model {

// Times count from the first cycle of the block.
struct Plan {
    struct Access {
        uint16_t at;  // cycles
        uint8_t uop;  // index in TimedBlock::uops
        bool store;
    };
    static constexpr uint8_t no_edge = 255;
    static constexpr unsigned most_few = 6;
    uint32_t from = 0;  // PipelineState::id; 0: no plan
    uint16_t count = 0;
    uint8_t edge = no_edge;  // a place that is ready exactly where `after` starts, later than `end`
    uint32_t end = 0;        // slots
    uint32_t resolved = 0;   // cycles
    const PipelineState* after = nullptr;  // of a start in the first slot from `end` on that is one
    std::array<Access, most_few> few{};    // the accesses, if there are no more
    const Access* many = nullptr;          // else

    const Access* accesses() const { return count <= most_few ? few.data() : many; }
};
struct KeptPlan : Plan {
    std::vector<Access> all;
};

// What every run looks at is one line of the host's cache.
struct InorderFront {
    Plan current;          // the plan used last
    bool can_plan = true;  // all micro-ops are such that at most one access each is known
    uint8_t patience = 4;  // plans that may still be made: one more for each 64 runs that had one
    uint8_t runs = 0;
};
static_assert(sizeof(InorderFront) <= 64);

struct alignas(64) InorderBlock : InorderFront, TimedBlock {
    InorderBlock(TimedBlock block, const isa::BlockCode& code, unsigned width);

    static constexpr unsigned most_plans = 8;
    unsigned next_to_go = 0;
    std::vector<std::unique_ptr<KeptPlan>> plans;
    PlaceSet written;  // places and units
};

// Where the next micro-op issues, its cycle being full after `width` of them.
inline IssueSlots next_slot(IssueSlots at, unsigned width) {
    return (at & slot_mask) >= width ? (at | slot_mask) + 1 : at;
}

// What a micro-op's operands and unit make of the slot in which it issues: the rule that both ways share.
inline IssueSlots issue_slot(const TimedUop& u, IssueSlots at, unsigned width, Scoreboard& board) {
    at = next_slot(at, width);
    at = std::max(at, std::max(std::max(board[u.source[0]], board[u.source[1]]),
                               std::max(board[u.source[2]], board[u.source[3]])));
    if (u.busy != 0) {
        IssueSlots& free = board[PLACE_COUNT + u.unit];
        at = std::max(at, free);
        free = (at & ~slot_mask) + u.busy;
    }
    return at;
}

// The plan for a start in this state, or null if its figures are too large; loads have their data `hit`
// cycles after issue.
std::unique_ptr<KeptPlan> make_plan(const InorderBlock& block, const PipelineState& state,
                                    PipelineStates& states, unsigned width, Cycles hit);

}  // namespace stile::model
