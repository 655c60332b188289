// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "isa/decode.h"

namespace stile::isa {

// Text of an instruction that Capstone is not asked about, in the syntax that it would use.
std::string format_own(const Insn& insn);

}  // namespace stile::isa
