// SPDX-License-Identifier: Apache-2.0
//
// What must be equal, and what need not be because the manuals do not say or vendors differ.
#pragma once

#include <string>

#include "tests/isa/sequence.h"

namespace stile::fuzz {

enum class Verdict : uint8_t {
    equal,
    different,
    unjudged  // nothing to learn: endless on both, a system call, bytes outside the table, a dead child
};

// `differences` says what differs, one item per line: want (the host's) and got.
Verdict compare(const Assembled& assembled, const Outcome& want, const Outcome& got,
                std::string& differences);

}  // namespace stile::fuzz
