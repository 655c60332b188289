// SPDX-License-Identifier: Apache-2.0
//
// What a node's transistors and wires are like, and the sizes of those of an array's periphery. Unless a
// name says otherwise: micrometres, seconds, farads, ohms, amperes, volts.
#pragma once

#include <span>

namespace stile::model::area {

// A layer of wires, minimum width, half pitch apart.
struct WireLayer {
    double pitch, resistance, capacitance;  // the last two per micrometre
    double aspect, miller, horizontal_dielectric, vertical_dielectric, dielectric_thickness;
};

struct Technology {
    unsigned nm;
    double feature;
    // ITRS high performance, the same in cells and periphery, at 360 K. Per micrometre of width.
    double vdd, vth, gate_cap, fringe_cap, overlap_cap, junction_cap, sidewall_cap;
    double n_resistance, p_resistance, off_current;
    double p_to_n;  // width of a p transistor that is as strong as an n transistor of width 1
    double wire_fringe;
    WireLayer local, global;  // within a subarray; within and between mats ("semi-global")
    // Cells: six transistors, and for content-addressable memory those of the comparison beside them.
    double sram_width, sram_height, cam_width, cam_height;
    double cell_access, cell_pmos, cell_nmos;
    // Layout rules.
    double rail, p_n_gap, same_gap, cell_height, contact, poly_to_contact, poly_to_poly, stitching;
    // Widths.
    double min_n, max_n, iso, sense_n, sense_p, sense_enable, column_mux, precharge, equalize;
    double sense_gm;           // transconductance of the sense amplifier's latch
    double sense_swing = .08;  // volts on a bit line that it needs

    // The wire between mats with repeaters, 30 % slower than the fastest one, which saves most of its energy:
    // all per metre, but for the repeaters' spacing (micrometres) and their size (in minimum ones).
    double wire_delay, wire_energy, wire_leakage, repeater_spacing, repeater_size;
    double wire_cap_per_um;
};

// 22, 32 and 45.
std::span<const unsigned> nodes();
// Of one of nodes().
const Technology& technology(unsigned nm);

}  // namespace stile::model::area
