// SPDX-License-Identifier: Apache-2.0
//
// What people get from a sweep, made from its results.sqlite alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stile::sim {

// Writes results.csv, report.html and charts/*.svg below `directory`, each whole or not at all. Returns what
// the user should know, a sentence each: gnuplot is missing, a point has no result. Throws std::runtime_error
// when results.sqlite is none of ours or a file cannot be written.
std::vector<std::string> write_sweep_outputs(const std::filesystem::path& directory);

// What the sweep says, for stdout: the sentence with the answer and the table of the front.
std::string sweep_answer(const std::filesystem::path& database);

}  // namespace stile::sim
