// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic, logic, shifts, bits and conditions. Read-modify-write of memory opens (checks for writing)
// before the flags change.
#include "isa/builders.h"

namespace stile::isa::build {
namespace {

enum : uint8_t { cc_equal = 4, cc_not_equal = 5 };  // low nibbles of je, jne

}  // namespace

void alu(Emitter& e) {
    const unsigned size = e.size(0);
    if (e.is_immediate(1)) {
        const uint8_t r = e.open(0, T0);
        e.emit_imm(sized_pair(e.op(), size, true), r, r, e.insn().imm);
        e.close(0, r);
        return;
    }
    const uint8_t source = e.value(1, T1);
    const uint8_t r = e.open(0, T0);
    e.emit(sized_pair(e.op(), size, false), r, r, source);
    e.close(0, r);
}

void compare(Emitter& e) {
    const unsigned size = e.size(0);
    const uint8_t first = e.value(0, T0);
    if (e.is_immediate(1))
        e.emit_imm(sized_pair(e.op(), size, true), ZERO, first, e.insn().imm);
    else
        e.emit(sized_pair(e.op(), size, false), ZERO, first, e.value(1, T1));
}

void unary(Emitter& e) {
    const uint8_t r = e.open(0, T0);
    e.emit(sized(e.op(), e.size(0)), r, r);
    e.close(0, r);
}

void shift(Emitter& e) {
    if (e.insn().lock) e.invalid();  // nor does xacquire help, which Capstone believes
    const unsigned size = e.size(0);
    const bool by_cl = e.form().operand[1].place == Place::fixed && e.insn().opcode >= 0xd2;
    const uint8_t r = e.open(0, T0);
    if (by_cl) {
        e.emit(sized_pair(e.op(), size, false), r, r, RCX);
    } else {
        const uint64_t count = e.is_immediate(1) ? e.insn().imm & (size == 8 ? 63 : 31) : 1;
        if (count != 0)
            e.emit_imm(sized_pair(e.op(), size, true), r, r, count);
        else if (size == 4)
            e.emit(Op::mov4, r, r);
        else
            e.emit(Op::nop);
    }
    e.close(0, r);
}

void double_shift(Emitter& e) {
    if (e.insn().lock) e.invalid();
    const unsigned size = e.size(0);
    const uint8_t source = e.value(1, T1);
    const uint8_t r = e.open(0, T0);
    if (e.is_immediate(2)) {
        const uint64_t count = e.insn().imm & (size == 8 ? 63 : 31);
        if (count != 0)
            e.emit(sized_pair(e.op(), size, true, 2), r, r, source).imm = count;
        else if (size == 4)
            e.emit(Op::mov4, r, r);
        else
            e.emit(Op::nop);
    } else {
        e.emit(sized_pair(e.op(), size, false, 2), r, r, source, RCX);
    }
    e.close(0, r);
}

void imul2(Emitter& e) {
    const uint8_t dst = e.reg_number(0), source = e.value(1, T0);
    e.emit(sized_pair(e.op(), e.size(0), false, 2), dst, dst, source);
}

void imul3(Emitter& e) {
    const uint8_t source = e.value(1, T0);
    e.emit_imm(sized_pair(e.op(), e.size(0), true, 2), e.reg_number(0), source, e.insn().imm);
}

void mul_div(Emitter& e) {
    const uint8_t source = e.value(0, T0);
    e.emit(sized(e.op(), e.size(0)), RAX, source);
}

// A register index reaches beyond the operand in memory: the address moves by whole operands first.
void bit_test(Emitter& e) {
    const unsigned size = e.size(0);
    const bool modifies = op_info(e.op()).writes_dst;
    const bool immediate = e.is_immediate(1);
    const Op op = sized_pair(e.op(), size, immediate, 2);
    if (!e.in_memory(0) || immediate) {
        const uint8_t r = modifies ? e.open(0, T0) : e.value(0, T0);
        Uop& u = e.emit(op, modifies ? r : uint8_t{ZERO}, r);
        if (immediate)
            u.imm = e.insn().imm & (8 * size - 1);
        else
            u.b = e.reg_number(1);
        if (modifies) e.close(0, r);
        return;
    }
    const uint8_t index = e.reg_number(1), seg = e.insn().seg;
    e.emit_mem(Op::lea8, T1).seg = SEG_NONE;
    e.emit(sized(Op::bitoff2, size, 2), T1, T1, index);
    if (e.insn().addr32) e.emit(Op::mov4, T1, T1);
    const Op load = !modifies ? Op::ld1 : e.insn().lock ? Op::ldl1 : Op::ldw1;
    Uop& read = e.emit(sized(load, size), T0, T1);
    read.seg = seg;
    read.stack = e.insn().base == RSP || e.insn().base == RBP;
    e.emit(op, modifies ? uint8_t{T0} : uint8_t{ZERO}, T0, index);
    if (!modifies) return;
    e.locked();
    e.emit(sized(Op::st1, size), ZERO, T1, ZERO, T0).seg = seg;
}

void bit_scan(Emitter& e) {
    const uint8_t source = e.value(1, T0);
    e.emit(sized(e.op(), e.size(0), 2), e.reg_number(0), source);
}

void setcc(Emitter& e) {
    const bool direct = !e.in_memory(0) && !e.high_byte(0);
    const uint8_t r = direct ? e.reg_number(0) : uint8_t{T0};
    e.emit(Op::setcc, r).aux = e.insn().opcode & 15;
    e.write(0, r);
}

void cmov(Emitter& e) {
    const uint8_t dst = e.reg_number(0), source = e.value(1, T0);
    e.emit(sized(e.op(), e.size(0), 2), dst, dst, source).aux = e.insn().opcode & 15;
}

// Memory is written in either case, with what it held if the comparison fails, as processors do.
void cmpxchg(Emitter& e) {
    const unsigned size = e.size(0);
    const Op compare_op = sized_pair(Op::cmp1_rr, size, false), move = sized(Op::movif1, size);
    const uint8_t source = e.value(1, T2);
    if (!e.in_memory(0) && !e.high_byte(0)) {
        const uint8_t dst = e.reg_number(0);
        e.emit(Op::mov8, T0, dst);
        e.emit(compare_op, ZERO, RAX, T0);
        e.emit(move, dst, source).aux = cc_equal;
    } else {
        e.open(0, T0);
        e.emit(compare_op, ZERO, RAX, T0);
        e.emit(Op::mov8, T1, T0);
        e.emit(move, T1, source).aux = cc_equal;
        e.close(0, T1);
    }
    e.emit(move, RAX, T0).aux = cc_not_equal;
}

void cmpxchg_wide(Emitter& e) {
    e.locked();
    e.emit_mem(e.op());
}

void xadd(Emitter& e) {
    const Op add = sized_pair(Op::add1_rr, e.size(0), false);
    const uint8_t addend = e.value(1, T1), old = e.open(0, T0);
    e.emit(add, T2, old, addend);
    if (e.in_memory(0)) {
        e.close(0, T2);
        e.write(1, old);
    } else {
        e.write(1, old);
        e.write(0, T2);
    }
}

}  // namespace stile::isa::build
