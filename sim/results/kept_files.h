// SPDX-License-Identifier: Apache-2.0
//
// Files that a guest leaves behind: its archive (abi/platform.h), taken apart and written to a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stile::sim {

struct KeptFile {
    std::string path;  // relative, no "." or ".." in it
    unsigned mode = 0;
    std::string contents;  // of a link: its target
};

// Throws std::runtime_error when the archive is none, is cut off, or names a place outside its folder.
std::vector<KeptFile> kept_files(const std::string& archive);

// Those of `wanted` (absolute guest paths) that the archive does not have.
std::vector<std::string> not_kept(const std::vector<KeptFile>& files, const std::vector<std::string>& wanted);

// Links last: nothing is written through one. Throws std::filesystem::filesystem_error, std::runtime_error.
void write_kept_files(const std::filesystem::path& folder, const std::vector<KeptFile>& files);

}  // namespace stile::sim
