// SPDX-License-Identifier: Apache-2.0
//
// A case as a list of instructions that can be taken apart again: what the generator makes, the minimiser
// shortens, and assemble() turns into bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isa/forms.h"
#include "tests/isa/state.h"

namespace stile::fuzz {

// One instruction, or what is meant to be none.
struct Piece {
    std::vector<uint8_t> bytes;
    const isa::Form* form = nullptr;  // its row; null if it has none
    // A displacement that is known once addresses are: relative to the end of the piece.
    enum class Fix : uint8_t { none, unit, address } fix = Fix::none;
    uint8_t fix_at = 0, fix_bytes = 4;
    uint64_t target = 0;     // number of a unit (beyond the last: the exit), or an address
    uint8_t fix_offset = 0;  // of the target within the unit
    bool chosen = false;     // what the unit is about, not a preparation or an aftermath
};

// Instructions that stay together: preparation, the instruction in question, and what makes equal again what
// processors leave different.
using Unit = std::vector<Piece>;

struct Sequence {
    State start;
    std::vector<Unit> units;
    unsigned slot = 0;
    unsigned offset = 0;  // of the first byte in the slot
    SecondPage second_page = SecondPage::writable;
    bool at_page_end = false;  // no exit: the bytes end with the slot's last page, `offset` follows from it
};

struct Assembled {
    Program program;
    struct Place {
        uint64_t address;
        const Piece* piece;              // null: a guard, or the jump to the exit
        uint32_t undefined;              // flags that the manuals leave undefined when it begins
        uint32_t undefined_after;        // and when it has been executed
        std::span<const uint8_t> guard;  // its bytes, if it is one
    };
    std::vector<Place> places;
    bool linear = true;  // no branches: what comes before the end was executed
};

// Where an instruction would read flags that an earlier one has left undefined, a comparison (the guard) is
// or fxam is put before it, so that processors may differ in them and the case still has one answer.
Assembled assemble(const Sequence& sequence);

// Flags of a row by what its table entry says.
uint32_t flags_undefined(const isa::Form& form);
uint32_t flags_defined(const isa::Form& form);
uint32_t flags_read(const isa::Form& form);

bool is_near_branch(const isa::Form& form);
bool is_branch(const isa::Form& form);
bool always_faults(const isa::Form& form);  // at ring 3

}  // namespace stile::fuzz
