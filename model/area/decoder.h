// SPDX-License-Identifier: Apache-2.0
//
// From address bits to one of many lines: drivers, two predecoders that share the bits, and a gate per line.
// CACTI 5.1 technical report, section 5.
#pragma once

#include "model/area/circuit.h"

namespace stile::model::area {

inline unsigned log2_floor(unsigned long n) {
    unsigned bits = 0;
    while (n >>= 1) ++bits;
    return bits;
}

// The last stage, one line of it. Below 16 lines there is none, unless a way-select signal joins it: the
// predecoder drives the lines. `always`: not so, for the rows of subarrays that are smaller than CACTI's.
class Decoder {
  public:
    Decoder(const Technology& t, unsigned lines, bool way_select, double load, double wire_resistance,
            double cell_height, bool always = false);
    unsigned inputs = 0;
    GateChain chain;
    const bool few;  // fewer lines than 16, and yet there is one
    double load, wire_resistance;
    double delay = 0;
    // Of one line.
    double area() const { return chain.area(); }
    double energy() const { return chain.energy(); }
    double leakage() const { return chain.exists() ? chain.leakage() * vdd_ : 0; }
    double drive(double ramp) { return chain.exists() ? chain.drive(ramp, delay) : 0; }

  private:
    double vdd_;
};

// What drives a decoder's gates.
class Predecoder {
  public:
    Predecoder(const Technology& t, unsigned lines, const Decoder& decoder, double wire_cap,
               double wire_resistance, unsigned decoders);
    unsigned bits[2] = {0, 0};  // decoded by each half
    double delay = 0, ramp = 0, energy = 0, leakage = 0, area = 0;
};

// Drivers of the way-select signals: area.
double way_select_area(const Technology& t, unsigned ways, const Decoder& decoder);

}  // namespace stile::model::area
