// SPDX-License-Identifier: Apache-2.0
#include "model/area/flip_flops.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "model/area/circuit.h"

namespace stile::model::area {
namespace {

// Areas of the cells DFF_X1, MUX2_X1 and XNOR2_X1 of the Nangate 45 nm open cell library, in squares of the
// node's feature; rows of cells are filled to 70 % (our choice).
constexpr double square = .045 * .045, filled = .7;
constexpr double flip_flop = 4.522 / square / filled, mux = 1.862 / square / filled,
                 compare = 1.596 / square / filled;
// In widths of a minimum inverter: gate input, and all transistors, of those cells.
constexpr double flip_flop_size = 10, mux_size = 5, compare_size = 4;

}  // namespace

ArrayFigures flip_flops(const Structure& s, unsigned nm) {
    const Technology& t = technology(nm);
    const double entries = static_cast<double>(s.entries), width = s.data_bits + s.tag_bits,
                 all = entries * width;
    const double searches = s.ports.search, reads = std::max(s.ports.read_write + s.ports.read, 1u),
                 writes = s.ports.read_write + s.ports.write;
    const double inverter = t.min_n * (1 + t.p_to_n);  // of a minimum inverter
    const double muxes = all * writes + (entries - 1) * width * reads;
    const double comparators = entries * s.tag_bits * searches;
    const double levels = static_cast<double>(std::bit_width(std::max<uint64_t>(s.entries, 2) - 1));
    // A stage drives four of its size: the delay that designers count in.
    const double own = drain_cap(t, t.min_n, Channel::n, 1, t.cell_height) +
                       drain_cap(t, t.p_to_n * t.min_n, Channel::p, 1, t.cell_height);
    const double fan_out_of_4 = horowitz(
        0, on_resistance(t, t.min_n, Channel::n, 1) * (own + 4 * gate_cap(t, inverter)), .5, .5, true);
    const double match_levels = s.tag_bits ? 1 + std::log2(s.tag_bits) / 2 : 0;
    // Clock to output three, a multiplexer one and a half.
    const double access = fan_out_of_4 * (3 + 1.5 * levels + (searches > 0 ? match_levels : 0));
    // The selected path of every bit and the select lines that the address changes; a search toggles half the
    // comparators.
    const double node = gate_cap(t, inverter) * 2 + own, v_squared = t.vdd * t.vdd;
    const double read = (width * levels + width * entries / 2) * node * .5 * v_squared;
    const double search = comparators / std::max(searches, 1.) * node * .5 * v_squared;
    ArrayFigures f;
    f.access_ns = access * 1e9;
    f.cycle_ns = f.access_ns;
    f.read_nj = read * 1e9;
    f.search_nj = searches > 0 ? (read + search) * 1e9 : 0;
    f.leakage_mw = inverter_leakage(t, t.min_n, t.p_to_n * t.min_n) * t.vdd * 1e3 *
                   (all * flip_flop_size + muxes * mux_size + comparators * compare_size);
    f.area_mm2 = (all * flip_flop + muxes * mux + comparators * compare) * t.feature * t.feature * 1e-6;
    return f;
}

}  // namespace stile::model::area
