// SPDX-License-Identifier: Apache-2.0
//
// Limits on what a case may take of the computer, and the last words of one that takes more.
#pragma once

#include <cstddef>
#include <string>

namespace stile::test {

// From now on: 3 GiB of memory, and for each case 30 s of processor time. `case_text` is printed when a
// signal ends the process.
void begin_guard();
void begin_case(const std::string& case_text);
// More than it was when the guard began.
size_t peak_megabytes();

}  // namespace stile::test
