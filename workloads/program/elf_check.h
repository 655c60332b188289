// SPDX-License-Identifier: Apache-2.0
//
// Whether a file can be run as a static x86-64 Linux program, for plugins that take programs from the user:
// said before anything is simulated, where it is cheapest to say. Stricter than Linux, which finds much of
// this only when the old program is gone, and then kills without a word.
#pragma once

#include <string>
#include <string_view>

namespace stile::workload {

// "" if it can. Else what is wrong and where in the file, and what would be right: "it ...; ... is right".
std::string why_no_program(std::string_view file);

}  // namespace stile::workload
