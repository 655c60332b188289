// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "isa/uop.h"
#include "model/core/phase.h"
#include "model/timing/timing.h"

namespace stile::model {

struct Block;

// Where control was found to go: `block` is what stands at `target` as long as `stamp` is current.
struct alignas(32) Jump {
    uint64_t target = 1, stamp = 0;
    Block* block = nullptr;
};
inline constexpr unsigned jump_entries = 4096;

// Translated code: a run of instructions that lie on one physical page, or one that straddles two.
struct Block {
    isa::BlockCode code;
    const isa::Uop* first = nullptr;
    Block* link[2] = {nullptr, nullptr};  // by Exec::taken: where a direct exit leads within the same page
    uint64_t cost = 0;                    // instructions; micro-ops in the upper half (Exec::spent)
    Jump far;                             // where the direct exit to another page leads
    unsigned instructions = 0;            // markers excluded
    uint32_t uops = 0, last_offset = 0;   // micro-ops; of the last instruction, which transfers control
    Phase phase = Phase::user;
    uint8_t cpl = 0;
    bool privileged = false;  // ring 3, on a page that may run CODOMs' privileged instructions
    bool single = false;      // one instruction: the one in the shadow of sti
    bool ordered = false;     // has a locked instruction or a fence
    bool dead = false;        // dropped while it may still be running
    bool drains = false;      // some instruction lets nobody overtake the stores before it
    BranchKind branch = BranchKind::none;
    void* slot = nullptr;  // the timing model's
    uint64_t paddr = 0;
    uint64_t second_page = ~0ull;  // physical, where it straddles
};

}  // namespace stile::model
