// SPDX-License-Identifier: Apache-2.0
//
// Data movement and the stack. Every sequence reads and checks memory before it changes a register.
#include "isa/builders.h"

namespace stile::isa::build {
namespace {

uint64_t low_bytes(uint64_t v, unsigned bytes) {
    return bytes == 8 ? v : v & ((uint64_t{1} << 8 * bytes) - 1);
}

void move_immediate(Emitter& e) {
    const unsigned size = e.size(0);
    const uint64_t imm = e.insn().imm;
    if (e.in_memory(0)) {
        e.emit_mem(sized(Op::sti1, size)).imm = imm;
    } else if (e.high_byte(0)) {
        e.emit_imm(Op::movi8, T0, ZERO, low_bytes(imm, 1));
        e.write(0, T0);
    } else if (size >= 4) {
        e.emit_imm(Op::movi8, e.reg_number(0), ZERO, low_bytes(imm, size));
    } else {
        e.emit_imm(size == 1 ? Op::movi1 : Op::movi2, e.reg_number(0), ZERO, low_bytes(imm, size));
    }
}

// RSP := RSP + bytes, without flags.
void move_rsp(Emitter& e, int32_t bytes) { e.emit(Op::lea8, RSP, RSP).disp = bytes; }

void push_register(Emitter& e, uint8_t reg, unsigned size) {
    if (size == 8) {
        e.emit(Op::push8, ZERO, ZERO, ZERO, reg);
        return;
    }
    e.emit(Op::st2, ZERO, RSP, ZERO, reg).disp = -2;
    move_rsp(e, -2);
}

unsigned stack_size(const Emitter& e) { return width_bytes(e.insn(), Width::s); }

}  // namespace

void mov(Emitter& e) {
    if (e.is_immediate(1)) {
        move_immediate(e);
    } else if (e.in_memory(1) && e.size(0) >= 4) {
        e.emit_mem(sized(Op::ld1, e.size(0)), e.reg_number(0));
    } else if (e.in_memory(0) || e.high_byte(0) || e.in_memory(1) || e.high_byte(1)) {
        e.write(0, e.value(1, T0));
    } else {
        e.emit(sized(Op::mov1, e.size(0)), e.reg_number(0), e.reg_number(1));
    }
}

void lea(Emitter& e) {
    const unsigned size = e.size(0);
    Uop& u = e.emit_mem(size == 4 ? Op::lea4 : Op::lea8, size == 2 ? uint8_t{T0} : e.reg_number(0));
    u.seg = SEG_NONE;
    if (size == 2) e.emit(Op::mov2, e.reg_number(0), T0);
}

void extend(Emitter& e) {
    const bool sign = e.op() == Op::sx1_8;
    const unsigned to = e.size(0), from = e.size(1);
    const uint8_t dst = to == 2 ? uint8_t{T0} : e.reg_number(0);
    if (!sign || from >= to) {
        // movsxd without REX.W copies; loads and 32-bit moves extend by zeros as they are. With 66 it reads
        // four bytes all the same on AMD's processors, which shows at the edge of a page; Intel's manual says
        // two.
        if (e.in_memory(1)) {
            e.emit_mem(sized(Op::ld1, from), dst);
        } else if (e.high_byte(1)) {
            e.emit(Op::ext_h, dst, e.reg_number(1) - 4);
        } else {
            e.emit(from == 1 ? Op::zx1 : from == 2 ? Op::zx2 : Op::mov4, dst, e.reg_number(1));
        }
    } else {
        const bool wide = to == 8;
        const Op reg_op = from == 1   ? (wide ? Op::sx1_8 : Op::sx1_4)
                          : from == 2 ? (wide ? Op::sx2_8 : Op::sx2_4)
                                      : Op::sx4_8;
        const Op load_op = from == 1   ? (wide ? Op::lds1_8 : Op::lds1_4)
                           : from == 2 ? (wide ? Op::lds2_8 : Op::lds2_4)
                                       : Op::lds4_8;
        if (e.in_memory(1))
            e.emit_mem(load_op, dst);
        else
            e.emit(reg_op, dst, e.value(1, T1));
    }
    if (to == 2) e.emit(Op::mov2, e.reg_number(0), T0);
}

void widen(Emitter& e) {
    switch (e.size(0)) {
        case 8:
            e.emit(Op::sx4_8, RAX, RAX);
            break;
        case 4:
            e.emit(Op::sx2_4, RAX, RAX);
            break;
        default:
            e.emit(Op::sx1_4, T0, RAX);
            e.emit(Op::mov2, RAX, T0);
    }
}

void sign(Emitter& e) { e.emit(sized(Op::sign2, e.size(0), 2), RDX, RAX); }

// The 16-bit form is undefined; processors we know of clear the register's low half, which is what this does.
void bswap(Emitter& e) {
    const uint8_t reg = e.reg_number(0);
    if (e.size(0) == 2)
        e.emit_imm(Op::movi2, reg, ZERO, 0);
    else
        e.emit(e.size(0) == 8 ? Op::bswap8 : Op::bswap4, reg, reg);
}

void xchg(Emitter& e) {
    const bool accumulator = e.form().operand[1].place == Place::acc;
    if (accumulator && e.reg_number(0) == RAX) {  // opcode 90
        e.emit(e.op() == Op::pause ? Op::pause : Op::nop);
        return;
    }
    if (e.in_memory(0)) {
        const uint8_t old = e.open(0, T0, true);
        e.close(0, e.value(1, T1));
        e.write(1, old);
        return;
    }
    uint8_t first = e.value(0, T0);
    if (first != T0) e.emit(Op::mov8, T0, first);
    const uint8_t second = e.value(1, T1);
    if (e.size(0) == 4 && second == first) {
        e.emit(Op::mov4, first, first);
        return;
    }
    e.write(0, second);
    e.write(1, T0);
}

void push(Emitter& e) {
    const unsigned size = stack_size(e);
    push_register(e, e.value(0, T0), size);
}

void pop(Emitter& e) {
    const unsigned size = stack_size(e);
    if (!e.in_memory(0) && size == 8) {
        e.emit(Op::pop8, e.reg_number(0));
        return;
    }
    e.emit(sized(Op::ld1, size), T0, RSP);
    if (e.in_memory(0)) {
        // An address that is based on RSP uses its value after the pop.
        e.emit_mem(sized(Op::st1, size), ZERO, T0, e.insn().base == RSP ? static_cast<int32_t>(size) : 0);
        move_rsp(e, static_cast<int32_t>(size));
    } else {
        move_rsp(e, static_cast<int32_t>(size));
        e.write(0, T0);
    }
}

void push_seg(Emitter& e) {
    e.emit_imm(Op::rdseg, T0, ZERO, e.insn().opcode == 0xa0 ? 4 : 5);
    push_register(e, T0, stack_size(e));
}

void pop_seg(Emitter& e) {
    const unsigned size = stack_size(e);
    e.emit(sized(Op::ld1, size), T0, RSP);
    e.emit_imm(Op::wrseg, ZERO, T0, e.insn().opcode == 0xa1 ? 4 : 5);
    move_rsp(e, static_cast<int32_t>(size));
}

void pushf(Emitter& e) {
    e.emit(Op::rdflags, T0);
    push_register(e, T0, stack_size(e));
}

void popf(Emitter& e) {
    const unsigned size = stack_size(e);
    e.emit(sized(Op::ld1, size), T0, RSP);
    move_rsp(e, static_cast<int32_t>(size));
    e.emit(Op::wrflags, ZERO, T0).size = static_cast<uint8_t>(size);
}

// The new frame is built below the stack pointer, which moves last: a fault on the way leaves nothing done.
void enter(Emitter& e) {
    const auto frame = static_cast<int32_t>(e.insn().imm);
    const auto level = static_cast<int32_t>(e.insn().imm2 & 31);
    const int32_t size = static_cast<int32_t>(stack_size(e));
    const Op load = sized(Op::ld1, static_cast<unsigned>(size)),
             probe = sized(Op::ldw1, static_cast<unsigned>(size)),
             store = sized(Op::st1, static_cast<unsigned>(size));
    const int32_t bottom = -size * (level + 1);
    e.emit(probe, T1, RSP).disp = bottom - frame;
    e.emit(store, ZERO, RSP, ZERO, RBP).disp = -size;
    for (int32_t i = 1; i < level; ++i) {
        e.emit(load, T1, RBP).disp = -size * i;
        e.emit(store, ZERO, RSP, ZERO, T1).disp = -size * (i + 1);
    }
    e.emit(Op::lea8, T0, RSP).disp = -size;
    if (level > 0) e.emit(store, ZERO, RSP, ZERO, T0).disp = bottom;
    move_rsp(e, bottom - frame);
    e.emit(sized(Op::mov1, static_cast<unsigned>(size)), RBP, T0);
}

void leave(Emitter& e) {
    const unsigned size = stack_size(e);
    e.emit(sized(Op::ld1, size), T0, RBP);
    e.emit(Op::lea8, RSP, RBP).disp = static_cast<int32_t>(size);
    e.emit(sized(Op::mov1, size), RBP, T0);
}

void xlat(Emitter& e) {
    e.emit(Op::zx1, T0, RAX);
    if (e.insn().addr32) {
        e.emit(Op::lea4, T0, RBX, T0);
        e.emit(Op::ld1, T1, T0).seg = e.insn().seg;
    } else {
        e.emit(Op::ld1, T1, RBX, T0).seg = e.insn().seg;
    }
    e.emit(Op::mov1, RAX, T1);
}

}  // namespace stile::isa::build
