// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/codoms/plan.h"
#include "tests/codoms/random.h"

namespace stile::codoms_fuzz {

// Fills the plan's code pages and says where threads may start. Streams of code run over the ends of pages;
// what is not code there is int3.
void make_code(Plan& plan, Random& random);

}  // namespace stile::codoms_fuzz
