// SPDX-License-Identifier: Apache-2.0
//
// `stile run`: rows in parallel, then files, then the table.
#pragma once

#include <filesystem>
#include <string>

#include "sim/checkpoint/options.h"
#include "sim/config/load.h"

namespace stile::sim {

struct RunOptions {
    std::string out;    // empty: a fresh directory below output.folder
    unsigned jobs = 0;  // 0: as many as processors
    bool console = false;
    CheckpointOptions checkpoints = {};
};

enum Exit { exit_done = 0, exit_failed = 1, exit_bad_input = 2, exit_bug = 3, exit_interrupted = 130 };

// The folder that `--out NAME` means, links followed. Throws BadInput for a link that leads nowhere.
std::filesystem::path named_directory(const std::string& name);

// Returns the exit code. Throws BadInput, and std::runtime_error if the files cannot be written.
int run(const LoadedConfig& loaded, const RunOptions& options);

}  // namespace stile::sim
