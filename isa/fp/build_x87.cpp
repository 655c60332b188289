// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/builders.h"

namespace stile::isa::build {
namespace {

// Operand kinds of ops_fp.def.
enum Kind : uint8_t { single, double_, extended, int16, int32, int64, decimal };

void x87_check(Emitter& e) { e.emit_once(Op::fcheck); }

Uop& on_stack(Emitter& e, unsigned aux) {
    x87_check(e);
    Uop& u = e.emit(e.op(), X87, ZERO, ZERO, X87);
    u.aux = static_cast<uint8_t>(aux);
    return u;
}

Uop& on_memory(Emitter& e, unsigned aux) {
    x87_check(e);
    Uop& u = e.emit_mem(e.op(), X87, X87);
    u.aux = static_cast<uint8_t>(aux);
    return u;
}

// Of loads and stores, by opcode and the reg field (Intel SDM vol. 2, tables ).
Kind kind_of(const Insn& i) {
    switch (i.opcode) {
        case 0xd9:
            return single;
        case 0xdb:
            return i.reg_low & 4 ? extended : int32;
        case 0xdd:
            return double_;
        default:
            break;  // df
    }
    if (!(i.reg_low & 4)) return int16;
    return i.reg_low & 1 ? int64 : decimal;
}

}  // namespace

void fmemory(Emitter& e) {
    const Insn& i = e.insn();
    const bool store = e.op() == Op::fst_m;
    const bool pop = store && i.reg_low != 2;
    on_memory(e, kind_of(i) | pop << 3);
}

void farith_memory(Emitter& e) {
    const Insn& i = e.insn();
    const Kind kind = i.opcode == 0xd8   ? single
                      : i.opcode == 0xdc ? double_
                      : i.opcode == 0xde ? int16
                                         : int32;
    on_memory(e, kind | i.reg_low << 3);
}

void farith_register(Emitter& e) {
    const Insn& i = e.insn();
    const unsigned to_st_i = i.opcode != 0xd8, pop = i.opcode == 0xde;
    on_stack(e, i.rm_low | i.reg_low << 3 | to_st_i << 6 | pop << 7);
}

void findexed(Emitter& e) { on_stack(e, e.insn().rm_low); }

void ffree_pop(Emitter& e) { on_stack(e, e.insn().rm_low | 1 << 3); }

void fstore_register(Emitter& e) {
    const Insn& i = e.insn();
    const bool pop = i.reg_low == 3 || i.opcode == 0xdf, fstp1 = i.opcode == 0xd9;
    on_stack(e, i.rm_low | pop << 3 | fstp1 << 4);
}

void fcompare(Emitter& e) {
    const Insn& i = e.insn();
    unsigned pops = 0, unordered = 0;
    switch (i.opcode) {
        case 0xd8:
        case 0xdc:
            pops = i.reg_low == 3;
            break;  // fcom, fcomp
        case 0xda:
            pops = 2, unordered = 1;
            break;  // fucompp
        case 0xde:
            pops = i.reg_low == 3 ? 2 : 1;
            break;  // fcompp, fcomp5
        case 0xdd:
            pops = i.reg_low == 5, unordered = 1;
            break;  // fucom, fucomp
        case 0xdb:
            unordered = i.reg_low == 5;
            break;  // fucomi, fcomi
        case 0xdf:
            pops = 1, unordered = i.reg_low == 5;
            break;  // fucomip, fcomip
        default:
            break;
    }
    on_stack(e, i.rm_low | pops << 3 | unordered << 5);
}

void fcmove(Emitter& e) {
    const Insn& i = e.insn();
    // b, e, be, u are conditions 2, 4, 6, 10; DB negates them.
    const unsigned condition = (i.reg_low == 3 ? 10 : 2 + 2 * i.reg_low) | (i.opcode == 0xdb);
    on_stack(e, i.rm_low | condition << 3);
}

void fplain(Emitter& e) {
    const Insn& i = e.insn();
    const unsigned low5 = (i.reg_low << 3 | i.rm_low) & 31;
    switch (e.op()) {
        case Op::fconst:
            on_stack(e, i.rm_low);
            break;
        case Op::frotate:
            on_stack(e, i.rm_low == 7 ? 1 : 7);
            break;
        default:
            on_stack(e, low5);
            break;
    }
}

void fstate(Emitter& e) { on_memory(e, 0).size = e.insn().p66 && !e.insn().w() ? 2 : 4; }

void fstatus_ax(Emitter& e) {
    x87_check(e);
    e.emit(e.op(), RAX, ZERO, ZERO, X87);
}

void fwaiting(Emitter& e) { e.emit(e.op()); }

void fignored(Emitter& e) {
    x87_check(e);
    e.emit(e.op());
}

}  // namespace stile::isa::build
