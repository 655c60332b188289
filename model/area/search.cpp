// SPDX-License-Identifier: Apache-2.0
//
// Search lines carry the tag down the columns, match lines its comparison along the rows; a NAND, an inverter
// and a NOR make of a match line the word line of the data.
#include <algorithm>
#include <cmath>

#include "model/area/mat.h"

namespace stile::model::area {
namespace {

// Switching thresholds of the stages, in parts of the supply. Wilton and Jouppi.
constexpr double v2 = .304, v3 = .420, v4 = .413, v5 = .405;

}  // namespace

Search::Search(const Technology& t, const Partition& p, const Subarray& s) {
    const double F = t.feature, h = t.cell_height, v_squared = t.vdd * t.vdd;
    const double pull_down = t.cell_nmos, nand = 62.5 * F, inv_n = 75 * F, inv_p = 100 * F, nor_n = 6.25 * F,
                 nor_p = 12.5 * F, miss_p = t.min_n * t.p_to_n;
    const double rows = p.rows + 1.;
    const double row_c = p.cam_width * t.local.capacitance, row_r = p.cam_width * t.local.resistance;
    const double column_c = p.cam_height * t.local.capacitance, column_r = p.cam_height * t.local.resistance;
    const auto driver = [&](double gates, double wire_c, double wire_r) {
        return GateChain(t, 1, gates + wire_c, wire_r * (wire_c / 2 + gates), h);
    };
    const auto dn = [&](double w, unsigned stack = 1) { return drain_cap(t, w, Channel::n, stack, h); };
    const auto dp = [&](double w) { return drain_cap(t, w, Channel::p, 1, h); };
    const auto rn = [&](double w, unsigned stack = 1) { return on_resistance(t, w, Channel::n, stack); };

    const GateChain precharge = driver(p.cam_columns * gate_cap(t, 2 * t.precharge + t.equalize),
                                       p.cam_columns * p.cam_width * t.global.capacitance,
                                       p.cam_columns * p.cam_width * t.global.resistance);
    const GateChain search_line = driver(rows * gate_cap(t, pull_down), rows * column_c, rows * column_r);
    const GateChain match_precharge =
        driver(rows * gate_cap(t, t.precharge), rows * column_c, rows * column_r);
    ramp = search_line.drive(0, delay);
    double switched = 0;  // capacitance
    const auto stage = [&](double tf, double from, double to, bool rising) {
        const double d = horowitz(ramp, tf, from, to, rising);
        delay += d;
        ramp = d / (rising ? 1 - to : to);
    };

    const double tags = std::ceil(p.cam_columns / 2.);
    double own = 2 * tags * dn(pull_down, 2) + dp(t.precharge);
    double wire = row_c * tags, resistance = row_r * tags, next = gate_cap(t, 2 * nand);
    stage(rn(pull_down, 2) * (own + wire / 2 + next) + resistance * (wire / 2 + next), v2, v3, false);
    switched += 2 * (own + wire + next) * rows;

    own = dn(nand, 2) + 2 * dp(nand);
    next = gate_cap(t, inv_n + inv_p);
    stage(rn(nand, 2) * (own + next), v3, v4, true);
    switched += own * rows + 2 * next;

    own = dn(inv_n) + dn(inv_p);
    wire = row_c * tags + column_c * rows / 2, resistance = row_r * tags + column_r * rows / 2;
    next = gate_cap(t, nor_n + nor_p);
    stage(rn(inv_n) * (own + wire + next) + resistance * (wire / 2 + next), v4, v5, false);
    switched += own + wire + p.rows * next;

    const double miss_gate = gate_cap(t, pull_down);
    const GateChain word_line = driver(miss_gate, s.data_word_line_cap, s.data_word_line_resistance);
    own = 2 * dn(nor_n) + dn(nor_p);
    stage(rn(nor_n) * (own + word_line.input_cap()), .5, .5, true);
    switched += own;
    double driven = 0;
    const double driven_ramp = word_line.drive(ramp, driven);

    // Beside it all match lines join in the signal that nothing matched.
    wire = column_c * p.rows, resistance = column_r * p.rows, next = dn(pull_down) * p.rows;
    switched += 2 * dn(miss_p, 2) + wire + next;
    own = 2 * dn(pull_down, 2);
    switched += own + wire + next;
    const double missed = horowitz(
        0,
        on_resistance(t, pull_down, Channel::p, 1) * (own + wire / 2 + next) + resistance * (wire / 2 + next),
        .5, .5, false);
    delay += std::max(driven, missed);
    ramp = driven_ramp;

    energy = switched * v_squared + precharge.energy() + search_line.energy() * p.cam_columns +
             match_precharge.energy();
    hit_energy = word_line.energy();
    const Ports& ports = p.ports;
    const double cell = 2 * inverter_leakage(t, t.cell_nmos, t.cell_pmos) +
                        2 * inverter_leakage(t, pull_down, pull_down) +
                        nmos_leakage(t, t.cell_access, 1) * (ports.read_write + ports.write) +
                        nmos_leakage(t, t.cell_access, 2) * ports.read;
    const double row =
        t.precharge * t.off_current / 2 + nand_leakage(t, nand, nand, 2) + nor_leakage(t, nor_n, nor_p, 2);
    leakage = t.vdd * (rows * p.cam_columns * cell + rows * row + precharge.leakage() +
                       search_line.leakage() * p.cam_columns);
}

}  // namespace stile::model::area
