// SPDX-License-Identifier: Apache-2.0
//
// What the directory asks of a core's private caches. It happens at the host's moment of the request that
// causes it: cores are never further apart than lines take to travel between them.
#pragma once

#include <cstdint>

namespace stile::model {

enum class Snoop : uint8_t {
    invalidate,  // another core writes, or the shared level gives the line up
    share        // another core reads: keep a copy that may not be written, hand over what was modified
};

struct SnoopReply {
    bool present = false;
    bool dirty = false;
    SnoopReply& operator|=(const SnoopReply& o) {
        present |= o.present;
        dirty |= o.dirty;
        return *this;
    }
};

class SnoopTarget {
  public:
    virtual ~SnoopTarget() = default;
    virtual SnoopReply snoop(uint64_t paddr, Snoop what) = 0;
};

}  // namespace stile::model
