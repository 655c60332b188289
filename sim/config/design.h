// SPDX-License-Identifier: Apache-2.0
//
// What of a configuration is a design, and what is put upon it.
#pragma once

#include <string>

namespace stile::sim {

// Whether the key says something that one builds. Configurations that differ in other keys alone are one
// design.
bool is_built(const std::string& key);

}  // namespace stile::sim
