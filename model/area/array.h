// SPDX-License-Identifier: Apache-2.0
//
// Area, access time and energy of a memory array: SRAM, alone or as data and tags of a cache, and fully
// associative memory. The method is CACTI's: every way to cut the array into subarrays is evaluated from
// transistors and wires up, and the one with the least energy x delay^2 is taken.
#pragma once

#include <cstdint>
#include <optional>

namespace stile::model::area {

struct Ports {
    unsigned read_write = 1, read = 0, write = 0, search = 0;
    bool operator==(const Ports&) const = default;
};

enum class ArrayKind { ram, cache, associative };

struct ArraySpec {
    ArrayKind kind = ArrayKind::ram;
    uint64_t bits = 0;                 // of data
    unsigned block_bits = 0;           // of data in an entry or line
    unsigned ways = 1;                 // of caches: a power of two
    std::optional<unsigned> tag_bits;  // of caches and associative arrays; none: of 42-bit addresses
    unsigned port_bits = 0;            // of data that a port delivers; 0: a block
    Ports ports;
    unsigned nm = 32;
    bool ecc = true;           // eight bits get a ninth one
    unsigned least_rows = 16;  // of a subarray, unless associative: CACTI's
    bool operator==(const ArraySpec&) const = default;
};

struct ArrayFigures {
    double access_ns = 0, read_nj = 0, leakage_mw = 0, area_mm2 = 0;
    double search_nj = 0;  // of associative arrays
    double cycle_ns = 0;   // from one access to the next
};

// Empty where an array is too small or too oddly shaped to be cut into subarrays of so many rows.
std::optional<ArrayFigures> estimate(const ArraySpec& spec);

}  // namespace stile::model::area
