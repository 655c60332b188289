// SPDX-License-Identifier: Apache-2.0
//
// Which ports of the out-of-order core execute which class of micro-op, in the notation of instruction
// tables: p015 is port 0, 1 or 5; digits are hexadecimal, so there are at most 16 ports.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "isa/uop.h"

namespace stile::model {

// Bit n: port n. 0 if the text is none of them.
uint16_t parse_ports(std::string_view text);

struct PortRow {
    isa::OpClass cls;
    const char* ports;
    unsigned uops;  // beside those that access memory
    const char* source;
};
// Of the classes that microcode does not make: the defaults of `machine.core.ooo.ports`.
std::span<const PortRow> port_table();

}  // namespace stile::model
