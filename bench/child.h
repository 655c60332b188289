// SPDX-License-Identifier: Apache-2.0
//
// A program run to its end, with what it wrote and the time it took.
#pragma once

#include <string>
#include <vector>

namespace stile::bench {

struct Child {
    int status = -1;          // exit status, or 128 + signal
    double user_seconds = 0;  // of the process and of those that it waited for
    std::string out;
};

// Runs argv[0], found in PATH. `keep`: a file that gets its standard output; standard error goes to the same,
// with .err added.
Child run_child(const std::vector<std::string>& argv, const std::string& keep);

}  // namespace stile::bench
