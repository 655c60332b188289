// SPDX-License-Identifier: Apache-2.0
//
// What the file of a plugin says, read without running any of it: opening a library runs its constructors,
// and one that is cut off or was built for something else may take the program with it.
#pragma once

#include <filesystem>
#include <string>

#include "workloads/workload.h"

namespace stile::workload {

struct PluginFile {
    std::string error;     // empty: it can be opened
    std::string compiler;  // that made it; may be empty
};

PluginFile inspect_plugin(const std::filesystem::path& file);

// What is wrong with a library that says this of itself; empty: nothing.
std::string why_not_ours(const BuildTag& tag, const BuildTag& own = this_build());

}  // namespace stile::workload
