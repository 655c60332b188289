// SPDX-License-Identifier: Apache-2.0
//
// What runs of memory cost beyond the fixed part of the instruction that makes them (repeated strings,
// microcode that saves state, exception delivery): loads and stores go on side by side, a port's width each
// per cycle, and `string_fills` misses overlap.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/config.h"
#include "model/timing/data_path.h"

namespace stile::model {

class MemoryRuns {
  public:
    // They begin at `start`.
    MemoryRuns(Cycles start, unsigned string_fills) : start_(start), overlap_(std::max(1u, string_fills)) {}

    void add(DataPath& path, uint64_t paddr, uint64_t bytes, bool write) {
        misses_ += path.stream(paddr, bytes, write, start_ + misses_ / overlap_, overlap_);
        (write ? stored_ : loaded_) += bytes;
    }
    // `element`: bytes loaded for one element where the instruction goes element by element, else 0.
    Cycles cycles(const DataPath& path, unsigned element) const {
        const Cycles moved = element ? (loaded_ / element + 1) * cycles_per_element
                                     : (std::max(loaded_, stored_) + bytes_per_cycle - 1) / bytes_per_cycle;
        return moved + (misses_ + overlap_ - 1) / overlap_ + (loaded_ ? path.hit_latency() : 0);
    }

  private:
    static constexpr uint64_t bytes_per_cycle = 16;  // the L1's ports (Ivy Bridge: 16-byte loads and stores)
    static constexpr uint64_t cycles_per_element =
        2;  // repe cmps, repne scas, rep lods: InstLatx64, i7-3770K
    const Cycles start_, overlap_;
    Cycles misses_ = 0;
    uint64_t loaded_ = 0, stored_ = 0;
};

}  // namespace stile::model
