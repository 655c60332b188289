// SPDX-License-Identifier: Apache-2.0
//
// The H-shaped tree of wires between an array's edge and its mats. CACTI 6.0 technical report (HPL-2009-85).
#pragma once

#include "model/area/circuit.h"

namespace stile::model::area {

// How mats are laid out, and how many wires come by.
struct Floor {
    double mat_width, mat_height;
    unsigned across, down;         // mats
    double address, data, search;  // wires; data both ways, search likewise
};

enum class TreeKind { in, out, search_in, search_out };

struct HTree {
    // `wires`: those of this tree.
    HTree(const Technology& t, const Floor& floor, TreeKind kind, double wires);
    double width = 0, height = 0;               // of mats and wires
    double delay = 0, energy = 0, leakage = 0;  // energy of all wires of an access
};

}  // namespace stile::model::area
