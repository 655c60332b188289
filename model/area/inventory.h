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
    bool shared = false;       // by all cores
    Cycles latency = 0;        // configured; 0: none, or hidden
    bool ordered = false;      // tags have the way's place in the order of use
    bool partial = false;      // tags are as wide however large the index
    bool all_at_once = false;  // every access needs all entries: no array with word lines
    uint64_t bits() const { return entries * (data_bits + tag_bits); }
};

// Every array that the configured core and machine have.
std::vector<Structure> inventory(const MachineConfig& machine);

// How a structure is built; larger: with entries, ways or bits that stay unused.
enum class Style { sram, shallow, larger, associative, flip_flops };
inline const char* name_of(Style s) {
    constexpr const char* names[]{"sram", "shallow", "larger", "associative", "flip-flops"};
    return names[static_cast<unsigned>(s)];
}

struct Sized {
    ArrayFigures figures;
    Style style = Style::sram;
    double access_pj = 0;  // of a look-up: the search, if associative
    ArraySpec built;       // what has these figures, if not flip-flops: CACTI is asked for it, too
};

// Of an associative array in which every read is a search.
Ports searching(const Ports& ports);
ArraySpec spec_of(const Structure& structure, unsigned nm);
// The smallest way to build it.
Sized size_of(const Structure& structure, unsigned nm);

}  // namespace stile::model::area
