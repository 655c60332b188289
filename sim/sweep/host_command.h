// SPDX-License-Identifier: Apache-2.0
//
// A program of the host's, run to its end.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace stile::sim {

struct HostCommand {
    bool found = true;  // false: there is no such program
    int status = -1;    // of exit(), or 128 + the signal
    std::string out, err;

    bool good() const { return found && status == 0; }
    // The last line that it said of what went wrong.
    std::string complaint() const;
};

// Looks `arguments[0]` up in $PATH. Killed when it takes longer. Control-C is not passed on to it.
HostCommand run_host_command(const std::vector<std::string>& arguments,
                             std::chrono::seconds at_most = std::chrono::seconds(120));

// True if $PATH has it.
bool is_host_command(const std::string& name);

}  // namespace stile::sim
