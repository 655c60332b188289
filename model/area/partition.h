// SPDX-License-Identifier: Apache-2.0
//
// One way to cut an array into mats of subarrays. Names of the cuts are CACTI's.
#pragma once

#include <optional>

#include "model/area/array.h"
#include "model/area/circuit.h"

namespace stile::model::area {

enum class Part { data, tags, associative };

struct Cut {
    double nspd = 1;              // sets per row, as a multiple
    unsigned ndwl = 1, ndbl = 1;  // word lines, bit lines
    unsigned ndcm = 1;            // columns per sense amplifier
    unsigned sam1 = 1, sam2 = 1;  // sense amplifiers per output, in two levels
};

// What follows from a cut.
struct Partition {
    Part part;
    Cut cut;
    Ports ports;
    unsigned tag_bits = 0, ways = 1;
    unsigned rows = 0, columns = 0;             // of a subarray; columns with error correction
    unsigned cam_columns = 0, ram_columns = 0;  // of an associative one
    unsigned subarrays = 0, mats = 0, mats_across = 0, mats_down = 0, active_mats = 1;
    unsigned mat_out = 0, mat_in = 0, search_out = 0, search_in = 0;  // bits of a mat
    unsigned mat_address = 0, bank_select = 0, sa_mux = 1, way_signals = 0;
    unsigned bank_in = 0, bank_out = 0, bank_search_in = 0, bank_search_out = 0;  // bits per port
    double cell_width = 0, cell_height = 0, cam_width = 0, cam_height = 0;

    // Ports that carry addresses, that read, and that read or search.
    unsigned all() const { return ports.read_write + ports.read + ports.write; }
    unsigned reading() const { return ports.read_write + ports.read; }
    unsigned sensing() const { return reading() + ports.search; }
};

// Columns of a subarray: ndcm, sam1 and sam2 choose among no more. 0 where rows or columns are not as many as
// they have to be, which rules most cuts out; 1 in an associative array, where nothing is chosen.
unsigned chosen_columns(const ArraySpec& spec, Part part, const Cut& cut);

// Empty where the cut is impossible.
std::optional<Partition> partition(const Technology& t, const ArraySpec& spec, Part part, const Cut& cut);

}  // namespace stile::model::area
