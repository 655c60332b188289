// SPDX-License-Identifier: Apache-2.0
//
// Between core cycles and SystemC time. A cycle is seldom a whole number of picoseconds; the rounding of one
// conversion is far below half a cycle, so that what was cycles comes back as the same number of cycles.
#pragma once

#include <cmath>
#include <systemc>

#include "model/config.h"

namespace stile::model {

class Clock {
  public:
    explicit Clock(uint64_t hertz)
        : ticks_per_cycle_(sc_core::sc_time(1, sc_core::SC_SEC).to_double() / static_cast<double>(hertz)) {}

    sc_core::sc_time time(Cycles cycles) const {
        return sc_core::sc_time::from_value(
            static_cast<uint64_t>(std::llround(static_cast<double>(cycles) * ticks_per_cycle_)));
    }
    Cycles cycles(const sc_core::sc_time& t) const {
        return static_cast<Cycles>(std::llround(static_cast<double>(t.value()) / ticks_per_cycle_));
    }

  private:
    double ticks_per_cycle_;
};

}  // namespace stile::model
