// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/config.h"

namespace stile::sim {

// `stile area CONFIG`: every array of the machine, largest first. Throws BadInput.
std::string area_table(const model::MachineConfig& machine, bool csv);

// `stile area --points FILE`: the same rows with the model's own figures; or, with `errors`, how far they are
// from those in the file, by kind and node, as a table in Markdown. Throws BadInput.
std::string area_points(const std::string& path, bool errors);

}  // namespace stile::sim
