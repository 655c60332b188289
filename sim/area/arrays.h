// SPDX-License-Identifier: Apache-2.0
//
// A machine's arrays with their figures: by our model, or by the user's CACTI.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/area/inventory.h"

namespace stile::sim {

struct SizedArray {
    model::area::Structure structure;
    model::area::Sized size;
    std::string style;
};

// In front of the names of a little core's arrays.
inline const std::string little_prefix = "little.";

// Machines of a sweep have most of their arrays in common: each is sized once.
class ArraySizer {
  public:
    // Those of a core and those that cores share, in the order of the inventory; then those of a little core,
    // if there are any. Throws BadInput where the user's CACTI fails.
    std::vector<SizedArray> arrays_of(const model::MachineConfig& machine);

  private:
    SizedArray size(const model::area::Structure& structure, const model::MachineConfig& machine) const;

    std::map<std::string, SizedArray> known_;
};

}  // namespace stile::sim
