// SPDX-License-Identifier: Apache-2.0
//
// What the out-of-order pipeline needs to know of a block beside the scoreboard's view (timed_block.h): which
// ports a micro-op may use, and which micro-ops travel as one until they issue.
#pragma once

#include <cstdint>
#include <vector>

#include "model/timing/timed_block.h"

namespace stile::model {

struct OooUop : TimedUop {
    uint16_t ports = 0;  // bit n: port n
    uint8_t cls = 0;     // isa::OpClass
    bool fused = false;  // with the load before it: no slot and no ROB entry of its own (micro-fusion)
    uint8_t address_sources = 0;  // of a store: how many of its sources, from the first, make its address
};

struct OooBlock {
    std::vector<OooUop> uops;
};

OooBlock make_ooo_block(const isa::BlockCode& code, const CoreConfig& config);

}  // namespace stile::model
