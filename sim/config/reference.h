// SPDX-License-Identifier: Apache-2.0
//
// docs/reference/parameters.md: every key, from the declarations that also parse it.
#pragma once

#include <string>
#include <vector>

#include "workloads/plugin.h"

namespace stile::sim {

using MarkdownRow = std::vector<std::string>;
// The first row is the header. Bars in cells are escaped.
std::string markdown_table(const std::vector<MarkdownRow>& rows);

std::string parameter_reference(const workload::PluginList& workloads);

}  // namespace stile::sim
