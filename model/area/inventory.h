// SPDX-License-Identifier: Apache-2.0
//
// The arrays of a machine, from its configuration: what `stile area` prints.
#pragma once

#include <string>
#include <vector>

#include "model/area/array.h"
#include "model/config.h"

namespace stile::model::area {

struct Structure {
    std::string name;
    ArrayKind kind = ArrayKind::ram;
    uint64_t entries = 0;
    unsigned data_bits = 0, tag_bits = 0;  // of an entry
    unsigned ways = 1;
    Ports ports;
    unsigned port_bits = 0;  // 0: an entry
    bool ecc = false;
    bool shared = false;  // by all cores
    Cycles latency = 0;   // configured; 0: none, or hidden
    uint64_t bits() const { return entries * (data_bits + tag_bits); }
};

// Every array that the configured core and machine have.
std::vector<Structure> inventory(const MachineConfig& machine);

// How the figures of a structure were found.
enum class Style { sram, banked, flip_flops };
inline const char* name_of(Style s) {
    return s == Style::sram ? "sram" : s == Style::banked ? "banked" : "flip-flops";
}

struct Sized {
    ArrayFigures figures;
    Style style = Style::sram;
    double access_pj = 0;  // of a look-up: the search, if associative
};

// What CACTI is asked for, too. Empty ways: of a power of two.
ArraySpec spec_of(const Structure& structure, unsigned nm);
Sized size_of(const Structure& structure, unsigned nm);

}  // namespace stile::model::area
