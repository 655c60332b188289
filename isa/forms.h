// SPDX-License-Identifier: Apache-2.0
//
// The table of instruction forms: one row per encoding that Stile executes (isa/forms/*.def). A row says how
// the form is encoded and what its operands are, in the notation below, which function builds its micro-ops,
// what happens to the flags, and how exactly a differential test may compare it with a real processor.
//
// Encoding: [NP|66|F3|F2] [W0|W1] [0F [38|3A]] op[+n] [/r|/0../7 [m|r] [=k]] [*]
//   NP, 66, F3, F2  mandatory prefix (NP: none of the three); without it these prefixes do not choose the
//   form W0, W1          REX.W op+n            opcodes op .. op+n-1 /r m r =k       a ModRM byte follows;
//   /0../7 fixes its reg field, m or r its mod, =k its rm field
//   *               ours to judge: Capstone is not asked (CODOMs, hint NOPs that Capstone does not know)
// Operands: comma-separated; a letter for the place, then a letter for the size.
//   E  register or memory by ModRM.rm     G  register by ModRM.reg    M  memory by ModRM.rm
//   R  register by ModRM.rm               Z  register by opcode       A  accumulator (RAX)
//   I  immediate, sign-extended           U  immediate, zero-extended O  absolute address
//   J  relative target                    S  segment register         C  control register
//   D  debug register                     V  XMM by ModRM.reg         W  XMM or memory by ModRM.rm
//   N  MMX register by ModRM.reg          Q  MMX register or memory by ModRM.rm
//   P  capability register by ModRM.reg   B  capability register by ModRM.rm
//   sizes: b 1, w 2, d 4, q 8, o 16, t 10, v 2/4/8 by 66 and REX.W, y 4/8 by REX.W, s 8 (2 with 66: stack
//   operations), z 2/4 by 66 (immediates), n none CL, 1, DX and st0, sti are fixed and only named.
// Flags: six characters for O S Z A P C: - kept, w written, r read, b both, u undefined, 0, 1, c written
// unless a count is 0 (then kept).
// Oracle: a name from isa/oracle.def, which has the class and the reason.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "isa/uop.h"

namespace stile::isa {

class Emitter;
using Build = void (*)(Emitter&);

enum class Map : uint8_t { one, of, of38, of3a };
enum class Mandatory : uint8_t { any, none, p66, pf3, pf2 };
enum class Mod : uint8_t { any, memory, reg };
enum class Oracle : uint8_t { exact, masked, tolerance, none };
enum class Why : uint8_t {
#define STILE_WHY(name, cls, reason) name,
#include "isa/oracle.def"
#undef STILE_WHY
    count
};

struct Encoding {
    Map map = Map::one;
    Mandatory prefix = Mandatory::any;
    Mod mod = Mod::any;
    uint8_t opcode = 0, count = 1;
    int8_t w = -1, reg = -1, rm = -1;  // -1: any
    bool modrm = false, ours = false;
};

enum class Place : uint8_t {
    none,
    rm,
    reg,
    mem,
    rm_reg,
    opcode_reg,
    acc,
    imm_sx,
    imm_zx,
    moffs,
    rel,
    sreg,
    creg,
    dreg,
    xmm,
    xmm_rm,
    mmx,
    mmx_rm,
    cap,
    cap_rm,
    fixed
};
enum class Width : uint8_t { none, b, w, d, q, o, t, v, y, s, z };

struct Operand {
    Place place = Place::none;
    Width width = Width::none;
};

struct Form {
    Encoding enc;
    std::array<Operand, 4> operand;
    const char* encoding;  // the two columns as written, for people
    const char* operands;
    const char* mnemonic;
    Build build;
    Op op;  // what `build` starts from; of a sized family the first member
    const char* flags;
    Why reason;
    Oracle oracle;    // the class of `reason`
    const char* why;  // its sentence; empty for exact
};

std::span<const Form> forms();

// What a form is chosen by, once prefixes and ModRM are known.
struct FormKey {
    Map map;
    uint8_t opcode;
    bool p66, w;
    uint8_t rep;  // 0, 0xf2 or 0xf3: the last one seen
    uint8_t modrm;
    bool has_modrm_byte;  // false: the bytes end after the opcode
};

// The row that fits, or null. *wants_modrm is set if the opcode needs a ModRM byte that is not there.
const Form* find_form(const FormKey& key, bool* wants_modrm);
bool matches(const Encoding& enc, const FormKey& key);

}  // namespace stile::isa
