// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/area/array.h"

namespace stile::sim {

// Runs CACTI 7 (with its tech_params/ beside it) on an array. Throws BadInput where it fails.
model::area::ArrayFigures cacti_figures(const std::string& program, const model::area::ArraySpec& spec);

}  // namespace stile::sim
