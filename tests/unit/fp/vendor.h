// SPDX-License-Identifier: Apache-2.0
//
// What the manuals leave open, and processors may do differently. Our choices agree with AMD's Zen
// processors, where everything is compared; on others these things are left out, and own_values_test.cpp
// alone says what ours are.
#pragma once

#include "isa/forms.h"
#include "tests/unit/fp/native.h"

namespace stile::model::test {

// False on other processors, and if STILE_OTHER_VENDOR is set in the environment, to try the tests in this
// way.
bool host_is_amd();
bool is_x87(const isa::Form& f);

// Before a form is run: a state from which vendors agree.
void avoid_open(const isa::Form& f, bool unmasked, FpState& start);
// Afterwards: makes equal what may differ.
void forget_open(const isa::Form& f, const FpState& start, FpState& want, FpState& got);

}  // namespace stile::model::test
