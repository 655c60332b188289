// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/builders.h"

namespace stile::isa::build {
namespace {

uint8_t reg(Emitter& e) { return xmm(e.insn().reg); }
uint8_t rm(Emitter& e) { return xmm(e.insn().rm); }

void check(Emitter& e) { e.emit_once(Op::vcheck); }

// Vector register that holds the ModRM.rm operand i, loaded first where it lies in memory.
uint8_t source(Emitter& e, unsigned i, bool aligned = true) {
    if (!e.in_memory(i)) return rm(e);
    const unsigned bytes = e.size(i);
    const Op load = bytes == 4 ? Op::vld4 : bytes == 8 ? Op::vld8 : aligned ? Op::vld16a : Op::vld16;
    e.emit_mem(load, XMM_TEMP);
    return XMM_TEMP;
}

void binary(Emitter& e, bool aligned) {
    check(e);
    const uint8_t b = source(e, 1, aligned);
    e.emit(e.op(), reg(e), reg(e), b).imm = e.insn().imm & 0xff;
}

Uop& sse_unary(Emitter& e) {
    check(e);
    const uint8_t a = source(e, 1);
    Uop& u = e.emit(e.op(), reg(e), a);
    u.imm = e.insn().imm & 0xff;
    return u;
}

}  // namespace

void vload(Emitter& e) {
    check(e);
    e.emit_mem(e.op(), reg(e));
}

void vload_half(Emitter& e) {
    check(e);
    e.emit_mem(e.op(), reg(e), reg(e));
}

void vstore(Emitter& e) {
    check(e);
    e.emit_mem(e.op(), ZERO, reg(e));
}

void vmove(Emitter& e) {
    check(e);
    e.emit(e.op(), reg(e), rm(e));
}

void vmerge(Emitter& e) {
    check(e);
    e.emit(e.op(), reg(e), reg(e), rm(e));
}

void vmove_store(Emitter& e) {
    check(e);
    e.emit(e.op(), rm(e), reg(e));
}

void vmerge_store(Emitter& e) {
    check(e);
    e.emit(e.op(), rm(e), rm(e), reg(e));
}

void movd_in(Emitter& e) {
    check(e);
    const bool wide = e.size(1) == 8;
    if (e.in_memory(1)) {
        e.emit_mem(wide ? Op::vld8 : Op::vld4, reg(e));
    } else {
        e.emit(wide ? Op::vfromg8 : Op::vfromg4, reg(e), e.insn().rm);
    }
}

void movd_out(Emitter& e) {
    check(e);
    const bool wide = e.size(0) == 8;
    if (e.in_memory(0)) {
        e.emit_mem(wide ? Op::vst8 : Op::vst4, ZERO, reg(e));
    } else {
        e.emit(wide ? Op::vtog8 : Op::vtog4, e.insn().rm, reg(e));
    }
}

void vbinary(Emitter& e) { binary(e, true); }
void vbinary_u(Emitter& e) { binary(e, false); }
void vunary(Emitter& e) { sse_unary(e); }
void vtruncate(Emitter& e) { sse_unary(e).aux = 1; }

void vcompare(Emitter& e) {
    check(e);
    const uint8_t b = source(e, 1);
    e.emit(e.op(), ZERO, reg(e), b);
}

void vshift(Emitter& e) {
    check(e);
    e.emit(e.op(), rm(e), rm(e)).imm = e.insn().imm & 0xff;
}

void vinsert(Emitter& e) {
    check(e);
    const uint8_t b = e.value(1, T0);
    e.emit(e.op(), reg(e), reg(e), b).imm = e.insn().imm & 7;
}

void vextract(Emitter& e) {
    check(e);
    e.emit(e.op(), e.insn().reg, rm(e)).imm = e.insn().imm & 7;
}

void from_general(Emitter& e) {
    check(e);
    const uint8_t b = e.value(1, T0);
    e.emit(e.op(), reg(e), reg(e), b).size = static_cast<uint8_t>(e.size(1));
}

void to_general(Emitter& e) {
    check(e);
    const uint8_t a = source(e, 1);
    e.emit(e.op(), e.insn().reg, a).size = static_cast<uint8_t>(e.size(0));
}

void to_general_t(Emitter& e) {
    check(e);
    const uint8_t a = source(e, 1);
    Uop& u = e.emit(e.op(), e.insn().reg, a);
    u.size = static_cast<uint8_t>(e.size(0));
    u.aux = 1;
}

void vmaskmov(Emitter& e) {
    check(e);
    Uop& u = e.emit(e.op(), ZERO, ZERO, reg(e), rm(e));
    u.seg = e.insn().seg;
    u.aux = e.insn().addr32;
}

void vstate(Emitter& e) {
    check(e);
    e.emit_mem(e.op());
}

void fxstate(Emitter& e) {
    e.emit_once(Op::fcheck);
    e.emit_mem(e.op(), X87, X87);
}

}  // namespace stile::isa::build
