// SPDX-License-Identifier: Apache-2.0
//
// A mat: up to four subarrays around their predecoders, with decoders, sense amplifiers, comparators and
// output drivers. CACTI 5.1 technical report, sections 4 to 6; content-addressable memory: CACTI 6.5.
#pragma once

#include "model/area/decoder.h"
#include "model/area/partition.h"

namespace stile::model::area {

// Rows and columns of cells.
struct Subarray {
    Subarray(const Technology& t, const Partition& p);
    double width, height, cells;  // cells: their area
    double word_line_cap, word_line_resistance, bit_line_cap;
    double data_word_line_cap = 0, data_word_line_resistance = 0;  // associative: what a match drives
};

// The lines on which an associative subarray compares.
struct Search {
    Search(const Technology& t, const Partition& p, const Subarray& s);
    double delay = 0, ramp = 0;
    double energy = 0, hit_energy = 0;  // of a subarray; of the data word line that a match drives
    double leakage = 0;                 // of a subarray
};

// The way to a word line: the same whatever columns are chosen behind it.
struct RowPath {
    RowPath(const Technology& t, const Partition& p);
    bool cam;
    unsigned per_mat, per_row;  // subarrays
    Subarray sub;
    double cell_height;
    Decoder row;
    double past;  // length of the predecoder's wires, along all rows
    Predecoder predecoder;
    double ramp;  // of the word line
};

class Mat {
  public:
    Mat(const Technology& t, const Partition& p, const RowPath& path);

    double width = 0, height = 0, cells = 0;  // cells: area of all cells of a subarray
    // From the address to the word lines, to the column multiplexers and to both levels of those behind the
    // sense amplifiers.
    double word_line = 0, column_select = 0, sa_mux1 = 0, sa_mux2 = 0;
    // A match, if associative; a bit line's swing, a sense amplifier, the way out of the mat.
    double match = 0, bit_line = 0, sense = 0, output = 0;
    double cycle = 0;
    double read_energy = 0, search_energy = 0, hit_energy = 0, leakage = 0;

  private:
    const Technology& t_;
    const Partition& p_;
    const bool cam_;
    const unsigned per_mat_, per_row_;  // subarrays
    const Subarray& sub_;
    double ramp_ = 0, row_decode_ = 0;

    struct Costs {
        double energy, leakage;
    };
    double below_cell(unsigned columns) const;
    void lay_out(const Decoder& row, const Predecoder& row_predecoder, double output_wire_area,
                 double centre_area);
    Costs read_bit_line();
    Costs amplify();
    Costs drive_output(double wire_delay);
    Costs compare() const;
};

}  // namespace stile::model::area
