// SPDX-License-Identifier: Apache-2.0
//
// Where a core's first-level caches end: one call per request that leaves the core.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace stile::model {

enum class LineRequest : uint8_t { fetch, read, read_for_ownership, writeback, mmio_read, mmio_write };

class LowerMemory {
  public:
    virtual ~LowerMemory() = default;
    // Core cycles from the request to its data; for writeback what the requester waits, normally 0. All but
    // the mmio requests are for one whole line.
    virtual Cycles access(uint64_t paddr, unsigned bytes, LineRequest request) = 0;
};

}  // namespace stile::model
