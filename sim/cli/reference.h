// SPDX-License-Identifier: Apache-2.0
//
// The pages of docs/reference/ that `stile reference` writes.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace stile::sim {

inline const std::vector<std::string> reference_pages{"commands", "parameters", "results", "statistics"};

// `app` is the whole command line. Throws if something to be described has no description.
std::string reference(const std::string& page, const CLI::App& app);

std::string command_reference(const CLI::App& app);
std::string result_reference();
std::string statistic_reference();

}  // namespace stile::sim
