// SPDX-License-Identifier: Apache-2.0
//
// Transistors and chains of gates: capacitance, resistance, delay, leakage, area. Wilton and Jouppi, "CACTI:
// an enhanced cache access and cycle time model" (JSSC 1996); CACTI 5.1 technical report (HPL-2008-20).
#pragma once

#include <array>

#include "model/area/technology.h"

namespace stile::model::area {

enum class Channel { n, p };

inline double gate_cap(const Technology& t, double width) { return t.gate_cap * width; }
// Of the drain of `stack` transistors in series, folded to fit between the rails of cells that high.
double drain_cap(const Technology& t, double width, Channel channel, unsigned stack, double cell_height);
// Of one that is folded so as to be no wider than that.
double drain_cap_in_pitch(const Technology& t, double width, double pitch);

inline double on_resistance(const Technology& t, double width, Channel channel, unsigned stack) {
    return stack * (channel == Channel::n ? t.n_resistance : t.p_resistance) / width;
}

// Horowitz's delay of a gate with time constant tf that is driven by a ramp, from threshold v1 of the input
// to threshold v2 of the output.
double horowitz(double ramp, double tf, double v1, double v2, bool rising);

// Mean subthreshold currents over all states of the inputs.
inline double inverter_leakage(const Technology& t, double n, double p) {
    return (n + p) * t.off_current / 2;
}
double nand_leakage(const Technology& t, double n, double p, unsigned inputs);
double nor_leakage(const Technology& t, double n, double p, unsigned inputs);
double nmos_leakage(const Technology& t, double n, unsigned stack);

// Inverter, or NAND of several inputs.
double gate_area(const Technology& t, unsigned inputs, double p, double n, double height);
// Height of a transistor below a column of cells, folded into the pitch.
double folded(const Technology& t, double width, double pitch);

// A gate that drives a load through inverters, sized by logical effort.
class GateChain {
  public:
    GateChain() = default;  // nothing
    // `inputs` 1: an inverter comes first, otherwise a NAND. `wire`: what the wire adds to the time constant
    // of the last stage.
    GateChain(const Technology& t, unsigned inputs, double load, double wire, double height);

    bool exists() const { return gates_ != 0; }
    double input_cap() const { return input_cap_; }
    double area(unsigned from = 0) const { return area_ - (from ? first_area_ : 0); }
    // Amperes; `stacked`: the inverters leak like the first gate (as in CACTI's predecoders).
    double leakage(unsigned from = 0, bool stacked = false) const;
    double last_n() const { return n_[gates_ - 1]; }
    double last_p() const { return p_[gates_ - 1]; }
    // Adds the stages' delays to `delay` and returns the time the output takes to rise.
    double drive(double ramp, double& delay, unsigned from = 0) const;
    double energy() const { return energy_; }

  private:
    static constexpr unsigned most = 20;
    const Technology* t_ = nullptr;
    unsigned gates_ = 0, inputs_ = 1;
    std::array<double, most> n_{}, p_{}, tf_{};
    double area_ = 0, first_area_ = 0, energy_ = 0, input_cap_ = 0;

    void size(double effort_of_gate, double effort, double load);
};

}  // namespace stile::model::area
