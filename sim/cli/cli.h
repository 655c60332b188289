// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stile::sim {

// The whole program but main(). Returns the exit code.
int command_line(int argc, char** argv);

}  // namespace stile::sim
