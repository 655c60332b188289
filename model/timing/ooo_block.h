// SPDX-License-Identifier: Apache-2.0
//
// A block as the out-of-order pipeline sees it, worked out once: what each micro-op waits for, which ports it
// may use, which micro-ops travel as one until they issue, and how the front end delivers them.
#pragma once

#include <cstdint>
#include <vector>

#include "model/timing/timed_block.h"

namespace stile::model {

// What a load that also computes passes on to its computing part.
inline constexpr uint8_t PLACE_LOADED = PLACE_COUNT;
inline constexpr unsigned OOO_PLACES = PLACE_COUNT + 1;

struct OooUop {
    enum Kind : uint8_t {
        plain,
        load,
        store,
        gone,      // done at rename: moves between registers, zero idioms, nop
        string,    // from here on microcode
        blocking,  // nothing else is dispatched meanwhile
        locked,    // waits for everything before it and the store buffer; younger loads wait for it
        fence,     // waits for everything before it; nothing younger is dispatched until it is done
        serial     // and the fetch begins anew
    };
    enum File : uint8_t { none, integer, vector };  // in which a physical register holds its result

    uint8_t source[4] = {isa::ZERO, isa::ZERO, isa::ZERO, isa::ZERO};
    uint8_t result[3] = {PLACE_SINK, PLACE_SINK, PLACE_SINK};
    Kind kind = plain;
    uint16_t ports = 0;       // bit n: port n
    bool fused = false;       // with the micro-op before it: no slot and no ROB entry of its own
    bool is_branch = false;   // its outcome is the block's
    bool last_access = true;  // of its instruction: takes all memory events that are left
    bool drains = false;      // of microcode: waits until older stores are in the cache
    File file = none;
    uint8_t insn = 0;             // index of the instruction
    uint8_t uop = 0;              // index of the micro-op in the block's code
    uint8_t address_sources = 0;  // of a store: how many of its sources, from the first, make its address
    uint8_t unit = 0;             // where `busy` counts
    uint8_t element = 0;          // as TimedUop's
    uint32_t latency = 0;  // from issue; of loads, beside the cache's; of microcode, beside memory it moves
    uint32_t busy = 0;     // cycles until the unit takes the next one
    uint32_t forward = 0;  // of a load: from an older store's data
};

// The instructions of a block that begin within one window of the micro-op cache.
struct FetchPart {
    uint64_t paddr = 0;  // of the first
    unsigned slots = 0;
    unsigned supply = 0, decode = 0;  // what they cost the front end, from the cache and by decoding (Supply)
};

struct OooBlock {
    std::vector<OooUop> uops;
    std::vector<FetchPart> parts;
    unsigned slots = 0;
    unsigned loads = 0, branches = 0, integers = 0, vectors = 0;  // of the micro-ops
    unsigned supply = 0;                                          // all parts, from the micro-op cache
    uint64_t stamp = 0;  // of the micro-op cache when it last held all of them
};

// The micro-op turned out to be of another class than it was taken for (Timing::variant).
void vary(OooUop& uop, isa::OpClass cls, const CoreConfig& config, unsigned slot_bits);

// `paddr` is where the block's first byte is.
OooBlock make_ooo_block(const isa::BlockCode& code, const CoreConfig& config, uint64_t paddr);

}  // namespace stile::model
