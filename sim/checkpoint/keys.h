// SPDX-License-Identifier: Apache-2.0
//
// Which keys of a configuration a checkpoint does not depend on. All others count, those that are yet to be
// made among them.
#pragma once

#include <string>

namespace stile::sim {

// Keys of which the functional core notices nothing. tests/checkpoint/harmless_test.cpp changes every one.
bool is_harmless(const std::string& key);
// Keys of the APL cache's shape: they count where software has seen it.
bool is_apl_shape(const std::string& key);

}  // namespace stile::sim
