// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/builders.h"

namespace stile::isa::build {
namespace {

uint8_t mmx(unsigned number) { return static_cast<uint8_t>(MMX0 + number); }
uint8_t mmx_reg(Emitter& e) { return mmx(e.insn().reg_low); }
uint8_t mmx_rm(Emitter& e) { return mmx(e.insn().rm_low); }

void mmx_check(Emitter& e) { e.emit(Op::mcheck); }
// Of forms with an XMM register too, which need CR4.OSFXSR.
void mmx_check_both(Emitter& e) {
    e.emit_once(Op::vcheck);
    mmx_check(e);
}

uint8_t mmx_source(Emitter& e, unsigned i) {
    if (!e.in_memory(i)) return mmx_rm(e);
    e.emit_mem(e.size(i) == 4 ? Op::mld4 : Op::mld8, MMX_TEMP);
    return MMX_TEMP;
}

void to_mmx(Emitter& e, uint8_t truncate) {
    mmx_check_both(e);
    uint8_t a = xmm(e.insn().rm);
    if (e.in_memory(1)) {
        a = XMM_TEMP;
        e.emit_mem(e.size(1) == 8 ? Op::vld8 : Op::vld16a, a);
    }
    e.emit(e.op(), mmx_reg(e), a).aux = truncate;
}

}  // namespace

void mmx_load(Emitter& e) {
    mmx_check(e);
    e.emit_mem(e.op(), mmx_reg(e));
}

void mmx_store(Emitter& e) {
    mmx_check(e);
    e.emit_mem(e.op(), ZERO, mmx_reg(e));
}

void mmx_move(Emitter& e) {
    mmx_check(e);
    e.emit(e.op(), mmx_reg(e), mmx_rm(e));
}

void mmx_move_store(Emitter& e) {
    mmx_check(e);
    e.emit(e.op(), mmx_rm(e), mmx_reg(e));
}

void movd_to_mmx(Emitter& e) {
    mmx_check(e);
    const bool wide = e.size(1) == 8;
    if (e.in_memory(1)) {
        e.emit_mem(wide ? Op::mld8 : Op::mld4, mmx_reg(e));
    } else {
        e.emit(wide ? Op::mfromg8 : Op::mfromg4, mmx_reg(e), e.insn().rm);
    }
}

void movd_from_mmx(Emitter& e) {
    mmx_check(e);
    const bool wide = e.size(0) == 8;
    if (e.in_memory(0)) {
        e.emit_mem(wide ? Op::mst8 : Op::mst4, ZERO, mmx_reg(e));
    } else {
        e.emit(wide ? Op::mtog8 : Op::mtog4, e.insn().rm, mmx_reg(e));
    }
}

void mmx_maskmov(Emitter& e) {
    mmx_check(e);
    Uop& u = e.emit(e.op(), ZERO, ZERO, mmx_reg(e), mmx_rm(e));
    u.seg = e.insn().seg;
    u.aux = e.insn().addr32;
}

void mmx_to_xmm(Emitter& e) {
    mmx_check_both(e);
    e.emit(e.op(), xmm(e.insn().reg), mmx_rm(e));
}

void xmm_to_mmx(Emitter& e) {
    mmx_check_both(e);
    e.emit(e.op(), mmx_reg(e), xmm(e.insn().rm));
}

void mmx_extract(Emitter& e) {
    mmx_check(e);
    e.emit(e.op(), e.insn().reg, mmx_rm(e)).imm = e.insn().imm & 3;
}

void mmx_insert(Emitter& e) {
    mmx_check(e);
    const uint8_t b = e.value(1, T0);
    e.emit(e.op(), mmx_reg(e), mmx_reg(e), b).imm = e.insn().imm & 3;
}

void mmx_binary(Emitter& e) {
    mmx_check(e);
    const uint8_t b = mmx_source(e, 1);
    e.emit(e.op(), mmx_reg(e), mmx_reg(e), b);
}

void mmx_unary(Emitter& e) {
    mmx_check(e);
    const uint8_t a = mmx_source(e, 1);
    e.emit(e.op(), mmx_reg(e), a).imm = e.insn().imm & 0xff;
}

void mmx_shift(Emitter& e) {
    mmx_check(e);
    e.emit(e.op(), mmx_rm(e), mmx_rm(e)).imm = e.insn().imm & 0xff;
}

// Eight bytes of memory are no business of the x87 unit, pending exceptions included: so the Intel SDM for
// cvtpi2pd, and AMD's processors for cvtpi2ps too.
void from_mmx(Emitter& e) {
    if (e.in_memory(1)) {
        e.emit_once(Op::vcheck);
        e.emit_mem(Op::vld8, XMM_TEMP);
    } else {
        mmx_check_both(e);
        e.emit(Op::mtox, XMM_TEMP, mmx_rm(e));
    }
    const uint8_t dst = xmm(e.insn().reg);
    if (e.op() == Op::cvtpi2ps) {
        e.emit(e.op(), dst, dst, XMM_TEMP);
    } else {
        e.emit(e.op(), dst, XMM_TEMP);
    }
}

void to_mmx(Emitter& e) { to_mmx(e, 0); }
void to_mmx_t(Emitter& e) { to_mmx(e, 1); }

void mmx_end(Emitter& e) {
    mmx_check(e);
    e.emit(e.op(), X87, ZERO, ZERO, X87);
}

}  // namespace stile::isa::build
