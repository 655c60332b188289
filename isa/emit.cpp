// SPDX-License-Identifier: Apache-2.0
#include "isa/emit.h"

#include <limits>

namespace stile::isa {

bool Emitter::in_memory(unsigned i) const {
    const Place place = form().operand[i].place;
    if (place == Place::moffs || place == Place::mem) return true;
    return insn_.memory && (place == Place::rm || place == Place::xmm_rm || place == Place::mmx_rm);
}

bool Emitter::is_immediate(unsigned i) const {
    const Place place = form().operand[i].place;
    return place == Place::imm_sx || place == Place::imm_zx;
}

uint8_t Emitter::reg_number(unsigned i) const {
    switch (form().operand[i].place) {
        case Place::reg:
        case Place::xmm:
            return insn_.reg;
        case Place::rm:
        case Place::rm_reg:
        case Place::xmm_rm:
            return insn_.rm;
        case Place::mmx:
            return insn_.reg_low;
        case Place::mmx_rm:
            return insn_.rm_low;
        case Place::opcode_reg:
            return (insn_.opcode & 7) | (insn_.rex & 1 ? 8 : 0);
        case Place::acc:
            return RAX;
        case Place::fixed:
            return RCX;
        default:
            return ZERO;
    }
}

bool Emitter::high_byte(unsigned i) const {
    const Operand& o = form().operand[i];
    if (o.width != Width::b || insn_.rex != 0 || in_memory(i)) return false;
    if (o.place != Place::rm && o.place != Place::reg && o.place != Place::opcode_reg) return false;
    const uint8_t reg = reg_number(i);
    return reg >= 4 && reg < 8;
}

Uop& Emitter::emit(Op op, uint8_t dst, uint8_t a, uint8_t b, uint8_t c) {
    Uop u;
    u.op = op;
    u.dst = dst;
    u.a = a;
    u.b = b;
    u.c = c;
    u.insn = static_cast<uint8_t>(index_);
    if (op_info(op).ends_block) u.disp = next();
    return uops_.emplace_back(u);
}

Uop& Emitter::emit_imm(Op op, uint8_t dst, uint8_t a, uint64_t imm) {
    Uop& u = emit(op, dst, a);
    u.imm = imm;
    return u;
}

// RIP-relative addresses are relative to the following instruction, which is at a fixed distance from PCBASE.
// What does not fit base + index + disp32 (67-prefixed, absolute, far RIP-relative) goes to T3 first.
void Emitter::prepare_address() {
    if (prepared_) return;
    prepared_ = true;
    if (!insn_.memory) {  // absolute address
        emit_imm(Op::movi8, T3, ZERO, insn_.imm);
        base_ = T3;
        return;
    }
    base_ = insn_.rip_relative ? uint8_t{PCBASE} : insn_.base;
    address_index_ = insn_.index;
    scale_ = insn_.scale;
    int64_t disp = int64_t{insn_.disp} + (insn_.rip_relative ? next() : 0);
    if (disp > std::numeric_limits<int32_t>::max()) {
        emit(Op::lea8, T3, PCBASE).disp = next();
        base_ = T3;
        disp = insn_.disp;
    }
    disp_ = static_cast<int32_t>(disp);
    if (insn_.addr32) {
        fold_address(Op::lea4);
    }
}

void Emitter::fold_address(Op lea) {
    Uop& u = emit(lea, T3, base_, address_index_);
    u.scale = scale_;
    u.disp = disp_;
    base_ = T3;
    address_index_ = ZERO;
    scale_ = 0;
    disp_ = 0;
}

Uop& Emitter::emit_mem(Op op, uint8_t dst, uint8_t c, int32_t more) {
    prepare_address();
    if (more != 0 && int64_t{disp_} + more > std::numeric_limits<int32_t>::max()) {
        fold_address(Op::lea8);
    }
    Uop& u = emit(op, dst, base_, address_index_, c);
    u.scale = scale_;
    // An op that ends the block keeps the offset of the next instruction in disp, so its address is made
    // first.
    if (op_info(op).ends_block) {
        if (disp_ + more != 0 || address_index_ != ZERO) {
            u.op = Op::lea8;
            u.dst = T3;
            u.c = ZERO;
            u.disp = disp_ + more;
            Uop& ender = emit(op, dst, T3, ZERO, c);
            ender.seg = insn_.seg;
            return ender;
        }
    } else {
        u.disp = disp_ + more;
    }
    u.seg = insn_.seg;
    return u;
}

uint8_t Emitter::value(unsigned i, uint8_t tmp) {
    if (in_memory(i)) {
        emit_mem(sized(Op::ld1, size(i)), tmp);
        return tmp;
    }
    if (is_immediate(i)) {
        emit_imm(Op::movi8, tmp, ZERO, insn_.imm);
        return tmp;
    }
    const uint8_t reg = reg_number(i);
    if (!high_byte(i)) return reg;
    emit(Op::ext_h, tmp, reg - 4);
    return tmp;
}

uint8_t Emitter::open(unsigned i, uint8_t tmp, bool always_locked) {
    if (!in_memory(i)) return value(i, tmp);
    locked_ = true;
    emit_mem(sized(insn_.lock || always_locked ? Op::ldl1 : Op::ldw1, size(i)), tmp);
    return tmp;
}

void Emitter::close(unsigned i, uint8_t reg) { write(i, reg); }

void Emitter::write(unsigned i, uint8_t reg) {
    if (in_memory(i)) {
        emit_mem(sized(Op::st1, size(i)), ZERO, reg);
    } else if (high_byte(i)) {
        emit(Op::ins_h, reg_number(i) - 4, reg);
    } else if (reg != reg_number(i)) {
        emit(sized(Op::mov1, size(i)), reg_number(i), reg);
    }
}

}  // namespace stile::isa
