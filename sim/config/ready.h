// SPDX-License-Identifier: Apache-2.0
//
// Ready configurations, named from anywhere: `stile:machines/default.yaml` is that file in the first of these
// folders that has it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/config/fault.h"

namespace stile::sim {

inline constexpr const char* ready_prefix = "stile:";

// In order: the folders in $STILE_CONFIG_PATH (separated by colons), `configs` beside the running program,
// which is where a build has it, and ../share/stile/configs, where an installation has it.
std::vector<std::filesystem::path> ready_folders();

// Every YAML file in them, as names without the prefix ("machines/default.yaml"), sorted. `kind`: only those
// of this folder.
std::vector<std::string> ready_names(const std::string& kind = "");

// The path of the file that such a name means; any other text is given back as it is. Throws BadInput, which
// says where it was looked for.
std::string ready_path(const std::string& name, const Place& place);

}  // namespace stile::sim
