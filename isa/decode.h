// SPDX-License-Identifier: Apache-2.0
//
// Our own splitting of an instruction's bytes into prefixes, opcode, ModRM, displacement and immediate.
// Capstone judges validity and length; its operand detail is not used, because it is wrong in places that
// matter (immediates of inconsistent extension, access flags, implicit operands).
#pragma once

#include <cstdint>
#include <span>

#include "isa/forms.h"

namespace stile::isa {

struct Insn {
    const Form* form = nullptr;
    bool p66 = false, addr32 = false, lock = false;
    uint8_t rep = 0;  // last of F2, F3
    uint8_t seg = SEG_NONE;
    uint8_t rex = 0;  // 0x40..0x4f, 0 without one
    Map map = Map::one;
    uint8_t opcode = 0;
    uint8_t mod = 3, reg = 0, rm = 0;  // with REX.R and REX.B
    uint8_t rm_low = 0, reg_low = 0;   // the three bits of ModRM
    bool memory = false, rip_relative = false;
    uint8_t base = ZERO, index = ZERO, scale = 0;
    int32_t disp = 0;
    uint64_t imm = 0, imm2 = 0;  // as the operand letters say; imm2: enter's second
    uint8_t length = 0;

    bool w() const { return rex & 8; }
    unsigned operand_size() const { return w() ? 8 : p66 ? 2 : 4; }
};

enum class Decoded : uint8_t {
    ok,         // length and everything else are set
    no_form,    // no row: `length` covers what was read
    truncated,  // the bytes end inside the instruction
    too_long    // more than 15 bytes: #GP on a processor
};

Decoded decode(std::span<const uint8_t> code, Insn& out);

// Size in bytes of an operand; 0 where it has none.
unsigned width_bytes(const Insn& insn, Width width);

}  // namespace stile::isa
