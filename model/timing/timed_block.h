// SPDX-License-Identifier: Apache-2.0
//
// What the scoreboard needs to know of a block, worked out once: for each micro-op that takes an issue slot
// the places it reads and writes, its unit, and its latency.
#pragma once

#include <cstdint>
#include <vector>

#include "isa/uop.h"
#include "model/config.h"

namespace stile::model {

// Places of the scoreboard: the micro-ops' registers (isa::Reg: general, vector, the x87 stack as one), then
// these.
enum Place : uint8_t {
    PLACE_FLAGS = isa::NUM_NAMED_REGS,
    PLACE_SINK,  // written by what has no result; never read
    PLACE_COUNT
};

struct TimedUop {
    enum Kind : uint8_t {
        plain,
        load,
        store,
        string,
        locked,    // waits for the store buffer
        blocking,  // microcode: nothing else issues meanwhile
        serial     // and waits for everything before it
    };
    uint8_t source[4] = {isa::ZERO, isa::ZERO, isa::ZERO, isa::ZERO};
    uint8_t result[3] = {PLACE_SINK, PLACE_SINK, PLACE_SINK};
    Kind kind = plain;
    uint8_t unit = 0;          // by class; all dividers are one
    uint8_t insn = 0;          // index of the instruction
    uint8_t uop = 0;           // index of the micro-op
    bool last_access = false;  // of its instruction: takes all memory events that are left
    bool is_branch = false;
    uint8_t element = 0;  // string instructions that go element by element: bytes it loads for one, else 0
    uint32_t latency = 0, busy = 0;  // in slots of the scoreboard (model/timing/inorder.h)
};

struct TimedBlock {
    std::vector<TimedUop> uops;
};

// The micro-op turned out to be of another class than it was taken for (Timing::variant).
void vary(TimedUop& uop, isa::OpClass cls, const CoreConfig& config, unsigned slot_bits);

// With `with_nops`, a `nop` is a micro-op of no latency; without, it is none. Markers never are.
TimedBlock make_timed_block(const isa::BlockCode& code, const CoreConfig& config, unsigned slot_bits,
                            bool with_nops = false);

// The class whose latency, throughput and ports a micro-op has.
isa::OpClass timing_class(const isa::Uop& uop);
bool zero_idiom(const isa::Uop& uop);

}  // namespace stile::model
