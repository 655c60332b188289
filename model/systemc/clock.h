// SPDX-License-Identifier: Apache-2.0
//
// Between core cycles and SystemC time. A cycle is seldom a whole number of picoseconds; the rounding of one
// conversion is far below half a cycle, so that what was cycles comes back as the same number of cycles.
#pragma once

#include <systemc>

#include "model/config.h"
#include "model/timing/slots.h"

namespace stile::model {

class Clock {
  public:
    explicit Clock(uint64_t hertz)
        : ticks_per_cycle_(sc_core::sc_time(1, sc_core::SC_SEC).to_double() / static_cast<double>(hertz)) {}

    Ticks ticks(Cycles cycles) const { return nearest(static_cast<double>(cycles) * ticks_per_cycle_); }
    Cycles cycles(Ticks t) const { return nearest(static_cast<double>(t) / ticks_per_cycle_); }
    sc_core::sc_time time(Cycles cycles) const { return sc_core::sc_time::from_value(ticks(cycles)); }
    Cycles cycles(const sc_core::sc_time& t) const { return this->cycles(Ticks{t.value()}); }

  private:
    // As llround() does it, without the call.
    static uint64_t nearest(double x) {
        const auto below = static_cast<int64_t>(x);
        return static_cast<uint64_t>(below + (x - static_cast<double>(below) >= 0.5));
    }

    double ticks_per_cycle_;
};

}  // namespace stile::model
