// SPDX-License-Identifier: Apache-2.0
//
// Figures: ITRS 2007 projections for high-performance logic and conservative interconnect as CACTI 6 and 7
// tabulate them (tech_params/ of CACTI 7, commit 1ffd8df; CACTI 5.1 technical report, HPL-2008-20, sections
// 3 and 4). The 22 nm column is CACTI 7's, which its authors vouch for less than for 32 nm and above.
// Repeaters: CACTI 6.0 technical report, HPL-2009-85, section 2.
#include "model/area/technology.h"

#include <array>
#include <cmath>
#include <stdexcept>

#include "model/area/circuit.h"

namespace stile::model::area {
namespace {

struct Figures {
    unsigned nm;
    double gate, fringe, junction, effective_length, resistance_factor, vdd, vth, vdsat, on, off;
    double oxide, p_to_n, mobility;
    double barrier, scatter, horizontal, dielectric;
};

constexpr std::array<Figures, 3> figures{{
    {22, 3.27e-16, 6e-17, 0, .00468, 1.45, .8, .1395, .0233, 2.6264e-3, 4.256e-7, 3.63e-14, 2, 4.2607e10,
     .003, 1.05, 2.104, .15},
    {32, 5.34e-16, 4e-17, 1e-15, .01013, 1.49, .9, .21835, .0509, 2.2117e-3, 5.32e-7, 4.11e-14, 2.41,
     3.6184e10, .003, 1, 2.214, .21},
    {45, 6.78e-16, 5e-17, 1e-15, .01345, 1.51, 1, .18035, .0938, 2.0466e-3, 6.42e-7, 3.77e-14, 2.41,
     2.6668e10, .004, 1, 2.46, .315},
}};
constexpr double copper = .022;             // ohm micrometre
constexpr double permittivity = 8.854e-18;  // F per micrometre
constexpr double vertical_dielectric = 3.9, aspect = 2, miller = 1.5;

WireLayer layer(const Figures& f, double feature, double pitch_in_features, double fringe) {
    WireLayer w{};
    w.pitch = pitch_in_features * feature;
    w.aspect = aspect, w.miller = miller, w.horizontal_dielectric = f.horizontal;
    w.vertical_dielectric = vertical_dielectric, w.dielectric_thickness = f.dielectric;
    const double width = w.pitch / 2, thickness = aspect * width;
    w.resistance = f.scatter * copper / ((thickness - f.barrier) * (width - 2 * f.barrier));
    w.capacitance = 2 * permittivity * vertical_dielectric * width / f.dielectric +
                    2 * permittivity * miller * f.horizontal * thickness / width + fringe;
    return w;
}

// Repeaters of a size at a distance: what a metre of wire costs.
struct Repeated {
    double delay, energy, leakage;
};

struct Repeaters {
    const Technology& t;
    double wire_r, wire_c;  // per metre
    double in = gate_cap(t, t.min_n*(1 + t.p_to_n));
    double out = drain_cap(t, t.p_to_n* t.min_n, Channel::p, 1, t.cell_height) +
                 drain_cap(t, t.min_n, Channel::n, 1, t.cell_height);
    double r =
        (on_resistance(t, t.min_n, Channel::n, 1) + on_resistance(t, t.p_to_n* t.min_n, Channel::p, 1)) / 2;

    Repeated at(double spacing, double size) const {
        constexpr double short_circuit_current = 65e-6;
        const double tc = r * (in + out) + r * wire_c * spacing / size + wire_r * spacing * out * size +
                          .5 * wire_r * wire_c * spacing * spacing;
        const double switching = (size * (in + out) + spacing * wire_c) * t.vdd * t.vdd;
        const double short_circuit = t.vdd * t.min_n * short_circuit_current * std::log(3.) * size * tc;
        return {.693 * tc / spacing, (switching + short_circuit) / spacing,
                t.vdd * inverter_leakage(t, t.min_n * size, t.p_to_n * t.min_n * size) / spacing};
    }
};

// Repeaters are searched from the fastest towards fewer and smaller ones.
void choose_repeaters(Technology& t) {
    const double width = t.global.pitch / 4 * 1e-6;  // metres; wires between mats are drawn at a quarter
    const double wire_r = 1.05 * copper * 1e-6 / (t.global.aspect * width * width);
    const double vacuum = 8.8542e-12;
    const double wire_c = t.global.miller * t.global.horizontal_dielectric * t.global.aspect * vacuum +
                          t.global.miller * t.global.vertical_dielectric * width /
                              (t.global.dielectric_thickness * 1e-6) * vacuum +
                          t.wire_fringe * 1e6;
    t.wire_cap_per_um = wire_c * 1e-6;
    const Repeaters repeaters{t, wire_r, wire_c};
    const double best_size = std::sqrt(repeaters.r * wire_c / (wire_r * repeaters.in));
    const double best_spacing =
        std::sqrt(2 * repeaters.r * (repeaters.out + repeaters.in) / (wire_r * wire_c)) * 1e6;
    const Repeated fastest = repeaters.at(best_spacing * 1e-6, best_size);
    double least = 1e30;
    for (double spacing = best_spacing; spacing < 4 * best_spacing; spacing += 100) {
        for (double size = best_size; size > 1; --size) {
            const Repeated wire = repeaters.at(spacing * 1e-6, size);
            const double cost = wire.energy / fastest.energy + wire.leakage / fastest.leakage;
            if (wire.delay > 1.3 * fastest.delay || cost >= least) continue;
            least = cost;
            t.wire_delay = wire.delay, t.wire_energy = wire.energy, t.wire_leakage = wire.leakage;
            t.repeater_spacing = spacing, t.repeater_size = size;
        }
    }
}

Technology make(const Figures& f) {
    Technology t{};
    t.nm = f.nm;
    const double F = t.feature = f.nm / 1000.;
    t.vdd = f.vdd, t.vth = f.vth;
    t.overlap_cap = .2 * f.gate;
    t.fringe_cap = f.fringe;
    t.gate_cap = f.gate + t.overlap_cap + 3 * f.fringe;
    t.junction_cap = f.junction;
    t.sidewall_cap = 2.5e-16;
    t.n_resistance = f.resistance_factor * f.vdd / f.on;
    t.p_to_n = f.p_to_n;
    t.p_resistance = t.p_to_n * t.n_resistance;
    t.off_current = f.off;
    t.wire_fringe = 1.15e-16;
    t.local = layer(f, F, 2.5, t.wire_fringe);
    t.global = layer(f, F, 4, t.wire_fringe);
    // 146 F2 with an aspect ratio of 1.46; twice the area, twice as high, with the comparison.
    t.sram_width = std::sqrt(146 * F * F / 1.46), t.sram_height = 1.46 * t.sram_width;
    t.cam_width = std::sqrt(292 * F * F / 2.92), t.cam_height = 2.92 * t.cam_width;
    t.cell_access = 1.31 * F, t.cell_pmos = 1.23 * F, t.cell_nmos = 2.08 * F;
    t.rail = 2 * F, t.p_n_gap = 5 * F, t.same_gap = 1.5 * F, t.cell_height = 50 * F, t.contact = F;
    t.poly_to_contact = F, t.poly_to_poly = 1.5 * F, t.stitching = 7.5 * F;
    t.min_n = 1.5 * F, t.max_n = 100 * F, t.iso = 12.5 * F;
    t.sense_n = 3.75 * F, t.sense_p = 7.5 * F, t.sense_enable = 5 * F;
    t.column_mux = 6 * t.min_n;
    t.precharge = 6 * t.p_to_n * t.min_n, t.equalize = t.p_to_n * t.min_n;
    t.sense_gm = f.mobility / 2 * f.oxide * (t.sense_n / f.effective_length) * f.vdsat * (1 + 1.38);
    choose_repeaters(t);
    return t;
}

}  // namespace

std::span<const unsigned> nodes() {
    static constexpr std::array<unsigned, 3> all{22, 32, 45};
    return all;
}

const Technology& technology(unsigned nm) {
    static const std::array<Technology, 3> all{make(figures[0]), make(figures[1]), make(figures[2])};
    for (const Technology& t : all)
        if (t.nm == nm) return t;
    throw std::invalid_argument("no such node");
}

}  // namespace stile::model::area
