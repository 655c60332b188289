// SPDX-License-Identifier: Apache-2.0
//
// Functions that turn one form into micro-ops; the table of forms names them. Operand i is the i-th of the
// row.
#pragma once

#include "isa/emit.h"

namespace stile::isa::build {

// Moves and stack (build_move.cpp).
void mov(Emitter& e);  // 0 := 1
void lea(Emitter& e);
void extend(Emitter& e);  // movzx, movsx, movsxd: op tells which (zx1: zero, sx1_8: signed)
void widen(Emitter& e);   // cbw, cwde, cdqe
void sign(Emitter& e);    // cwd, cdq, cqo
void bswap(Emitter& e);
void xchg(Emitter& e);
void push(Emitter& e);
void pop(Emitter& e);
void push_seg(Emitter& e);  // segment number in the row's opcode: fs a0, gs a8
void pop_seg(Emitter& e);
void pushf(Emitter& e);
void popf(Emitter& e);
void enter(Emitter& e);
void leave(Emitter& e);
void xlat(Emitter& e);

// Arithmetic (build_alu.cpp).
void alu(Emitter& e);      // 0 := 0 op 1
void compare(Emitter& e);  // flags of 0 op 1
void unary(Emitter& e);    // 0 := op 0
void shift(Emitter& e);    // 0 := 0 op count 1
void double_shift(Emitter& e);
void imul2(Emitter& e);    // 0 := 0 * 1
void imul3(Emitter& e);    // 0 := 1 * 2
void mul_div(Emitter& e);  // RDX:RAX with operand 0
void bit_test(Emitter& e);
void bit_scan(Emitter& e);
void setcc(Emitter& e);
void cmov(Emitter& e);
void cmpxchg(Emitter& e);
void cmpxchg_wide(Emitter& e);
void xadd(Emitter& e);

// Control (build_control.cpp).
void jmp(Emitter& e);
void jcc(Emitter& e);
void call(Emitter& e);
void ret(Emitter& e);
void far_return(Emitter& e);
void far_branch(Emitter& e);  // call and jmp to selector:offset in memory
void loop(Emitter& e);
void jcxz(Emitter& e);
void string(Emitter& e);
void interrupt(Emitter& e);
void nop(Emitter& e);  // markers too

// System (build_system.cpp).
void plain(Emitter& e);        // op without operands
void sized_plain(Emitter& e);  // op whose `size` is the operand size
void address(Emitter& e);      // op that only takes the memory operand
void fence(Emitter& e);        // kind by opcode extension
void cache_op(Emitter& e);
void keys(Emitter& e);  // rdpkru, wrpkru
void mov_cr(Emitter& e);
void mov_dr(Emitter& e);
void mov_sreg(Emitter& e);
void read_word(Emitter& e);         // smsw, sldt, str: operand 0 := op
void load_word(Emitter& e);         // lmsw, lldt, ltr: op with operand 0
void load_far(Emitter& e);          // lss, lfs, lgs: operand 0 and the segment := selector:offset in memory
void descriptor_query(Emitter& e);  // lar, lsl: operand 0 := op(selector 1); verr, verw: op(selector 0)
void segbase(Emitter& e);

// CODOMs (build_codoms.cpp).
void cd_memory(Emitter& e);
void cd_value(Emitter& e);       // r := op(r)
void cd_result(Emitter& e);      // r := op
void cd_argument(Emitter& e);    // op(r)
void cd_capability(Emitter& e);  // by ModRM.reg, and memory
void cd_range(Emitter& e);       // by ModRM.reg; base in ModRM.rm, length in RCX, right
void cd_two(Emitter& e);         // by ModRM.reg and ModRM.rm
void cd_one(Emitter& e);         // by ModRM.rm
void cd_mask(Emitter& e);
void cd_field(Emitter& e);  // r := op(by ModRM.reg)
void cd_dcs(Emitter& e);

}  // namespace stile::isa::build
