// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "model/area/mat.h"

namespace stile::model::area {
namespace {

constexpr unsigned stitched = 16;         // columns between contacts of a word line
constexpr double match_wires = 16 + 128;  // pitches between tags and data of an associative row

}  // namespace

Subarray::Subarray(const Technology& t, const Partition& p) {
    const double c = t.local.capacitance, r = t.local.resistance, gates = 2 * gate_cap(t, t.cell_access);
    const double drain = drain_cap_in_pitch(t, t.cell_access, p.cell_width) / 2;
    const double stitches = p.columns / stitched * t.stitching;
    if (p.part != Part::associative) {
        height = p.cell_height * p.rows;
        width = p.cell_width * p.columns + stitches;
        cells = p.cell_width * p.cell_height * p.rows * p.columns;
        word_line_cap = (gates + p.cell_width * c) * p.columns;
        word_line_resistance = p.columns * p.cell_width * r;
        bit_line_cap = p.rows * (drain + p.cell_height * c);
        return;
    }
    // One row more than there are entries times the match line itself.
    const double rows = p.rows + 1., middle = match_wires * t.local.pitch;
    const double both = p.cam_width * p.cam_columns + p.cell_width * p.ram_columns;
    height = p.cam_height * rows;
    width = both + stitches + middle;
    cells = height * both;
    data_word_line_cap = (gates + p.cell_width * c) * p.ram_columns;
    data_word_line_resistance = p.cell_width * r * p.ram_columns;
    word_line_cap = (gates + p.cam_width * c) * p.cam_columns + data_word_line_cap + middle * c;
    word_line_resistance = both * r;
    bit_line_cap = rows * (drain + p.cam_height * c);
}

}  // namespace stile::model::area
