// SPDX-License-Identifier: Apache-2.0
//
// A run directory appears at once: it is written beside its place under another name and renamed. Where the
// folder itself must stay (a mount point, the current directory) its entries are exchanged one by one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/results/kept_files.h"
#include "sim/results/row_result.h"

namespace stile::sim {

// The files that are the same whenever the same run is done again. File name to contents.
std::map<std::string, std::string> result_files(const std::vector<RowResult>& rows,
                                                const std::string& config_yaml,
                                                const std::vector<std::string>& reports = {});

// The place for the next run called `name` below `folder`: name, name-2, name-3, ...
std::filesystem::path next_directory(const std::filesystem::path& folder, const std::string& name);

// True if there is nothing at `path` that writing would destroy: no such thing, an empty folder, or an older
// run directory.
bool may_replace(const std::filesystem::path& path);

// What guests have left behind, each under a folder of the run directory.
using KeptFolders = std::map<std::string, std::vector<KeptFile>>;

// What the directory is called until it is whole.
std::filesystem::path unfinished_directory(const std::filesystem::path& path);

// Where the disk becomes full the figures come first, then whatever there is room for. Returns what could not
// be written and why. Throws HostTrouble if none of it is at `path`; the message names the place where it is.
std::vector<std::string> write_directory(const std::filesystem::path& path,
                                         const std::map<std::string, std::string>& files,
                                         const KeptFolders& kept = {});

// The text of a file; throws std::runtime_error.
std::string read_file(const std::filesystem::path& path);

// Makes report.html from the other files in `path`.
std::string report_of(const std::map<std::string, std::string>& files, const std::string& title);

}  // namespace stile::sim
