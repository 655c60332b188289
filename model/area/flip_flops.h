// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/area/inventory.h"

namespace stile::model::area {

// A register file of flip-flops with a tree of multiplexers per read port and comparators per search port,
// for what is too small for SRAM. CACTI has no counterpart.
ArrayFigures flip_flops(const Structure& structure, unsigned nm);

}  // namespace stile::model::area
