// SPDX-License-Identifier: Apache-2.0
//
// What a row of the table of forms does, for people: found by translating samples of it and looking at the
// micro-operations, so that it cannot say anything else than what is executed.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "isa/forms.h"

namespace stile::isa {

struct Description {
    // Of each operand as written in the row: r, w, rw; "a": only its address is used; empty: none.
    std::array<std::string, 4> access;
    std::string flags_read;     // of OSZAPC
    std::string flags_written;  // likewise; small letters: left undefined
    // Latency classes of the micro-operations, all operand sizes together, in the order of their execution.
    std::vector<OpClass> with_registers, with_memory;  // empty where there is no such form
};

Description describe(const Form& form);

}  // namespace stile::isa
