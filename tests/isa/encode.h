// SPDX-License-Identifier: Apache-2.0
//
// From a row and a choice for everything that it leaves open to bytes.
#pragma once

#include "tests/isa/sequence.h"

namespace stile::fuzz {

inline constexpr uint8_t no_register = 16;

// A memory operand.
struct Address {
    enum Kind : uint8_t { registers, rip, absolute } kind = registers;
    uint8_t base = no_register, index = no_register, scale = 0;
    int32_t disp = 0;         // of registers
    bool short_disp = false;  // in one byte; the caller sees to it that it fits
    uint64_t target = 0;      // of rip and absolute
};

struct Choice {
    uint8_t opcode = 0;                // of the row's, counted from its first
    uint8_t reg = 0, rm = 0, low = 0;  // register numbers: ModRM.reg, ModRM.rm, in the opcode
    bool memory = false;
    Address address;
    bool p66 = false, w = false, addr32 = false, lock = false;
    bool bare_rex = false;         // a REX prefix even if it says nothing
    bool dead_rex = false;         // and one before the other prefixes, where it does not count
    uint8_t rep = 0, segment = 0;  // prefix bytes, or 0
    unsigned order = 0;            // in which the prefixes come
    uint64_t imm[2] = {0, 0};
    Piece::Fix fix = Piece::Fix::none;  // of a relative target
    uint64_t target = 0;
};

Piece encode(const isa::Form& form, const Choice& choice);

// Size of the row's operands and immediates under the prefixes chosen.
unsigned operand_size(const Choice& choice);
unsigned width_of(const Choice& choice, isa::Width width);
// Bytes that the memory operand has; 0 where the row does not say.
unsigned memory_bytes(const isa::Form& form, const Choice& choice);

// One instruction from bytes, with its row looked up; for preparations.
Piece known(std::initializer_list<uint8_t> bytes);
Piece known(std::vector<uint8_t> bytes);

}  // namespace stile::fuzz
