// SPDX-License-Identifier: Apache-2.0
//
// Something that serves one request per interval: a cache's port, a data bus. Time is cut into slots of one
// interval; a request takes the first free slot from its own on. Requests come roughly, not strictly, in the
// order of their times (cores run ahead, pipelines reorder), so slots are remembered one by one: an early
// request finds the gap that a later one has left.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stile::model {

using Ticks = uint64_t;  // SystemC's picoseconds, as plain numbers

class Slots {
  public:
    // An interval of 0 serves everything at once.
    explicit Slots(Ticks interval) : interval_(interval), taken_(interval ? window : 0) {}

    // When a request that comes at `at` is served.
    Ticks take(Ticks at) {
        if (interval_ == 0) return at;
        uint64_t slot = at / interval_;
        while (!claim(slot)) ++slot;
        return std::max(at, slot * interval_);
    }

  private:
    static constexpr size_t window = 1024;  // slots remembered: far more than requests can be in flight

    bool claim(uint64_t slot) {
        uint64_t& taken = taken_[slot % window];
        if (taken == slot + 1) return false;
        taken = std::max(taken, slot + 1);  // what is older than the window meets nobody
        return true;
    }

    Ticks interval_;
    std::vector<uint64_t> taken_;
};

}  // namespace stile::model
