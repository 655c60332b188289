// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "tests/isa/sequence.h"

namespace stile::fuzz {

// The smallest sequence and plainest state that are found by taking things away one at a time while `fails`
// still holds; it holds for what is passed in.
void minimise(Sequence& sequence, Data& data, const std::function<bool(const Sequence&, const Data&)>& fails);

// What a state is when nothing about it matters.
State plain_state();

}  // namespace stile::fuzz
