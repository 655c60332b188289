// SPDX-License-Identifier: Apache-2.0
//
// Where a core's first-level caches end: one call per request that leaves the core.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace stile::model {

enum class LineRequest : uint8_t {
    fetch,
    read,
    read_for_ownership,
    upgrade,   // the line is here, shared; it is about to be written
    prefetch,  // like read, but nobody waits
    writeback,
    mmio_read,
    mmio_write
};

struct LineReply {
    // Core cycles from the request to its data; for writeback what the requester waits, normally 0.
    Cycles cycles = 0;
    // The requester may write to the line without asking again: no other core has it.
    bool exclusive = true;
};

class LowerMemory {
  public:
    virtual ~LowerMemory() = default;
    // All but the mmio requests are for one whole line. `at`: the core's cycle (Core::now()) at which the
    // request leaves the first level. Requests need not come in the order of their times.
    virtual LineReply access(uint64_t paddr, unsigned bytes, LineRequest request, Cycles at) = 0;
};

}  // namespace stile::model
