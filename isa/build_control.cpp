// SPDX-License-Identifier: Apache-2.0
//
// What decides where execution goes on, and what does nothing.
#include "abi/marker.h"
#include "isa/builders.h"

namespace stile::isa::build {

void jmp(Emitter& e) {
    if (e.op() == Op::jmp) {
        e.emit_imm(Op::jmp, ZERO, ZERO, e.target());
        return;
    }
    const uint8_t target = e.value(0, T0);
    e.emit(Op::jmp_r, ZERO, target);
}

void jcc(Emitter& e) { e.emit_imm(Op::jcc, ZERO, ZERO, e.target()).aux = e.insn().opcode & 15; }

void call(Emitter& e) {
    if (e.op() == Op::call) {
        e.emit_imm(Op::call, ZERO, ZERO, e.target());
        return;
    }
    const uint8_t target = e.value(0, T0);
    e.emit(Op::call_r, ZERO, target);
}

void ret(Emitter& e) { e.emit_imm(Op::ret, ZERO, ZERO, e.insn().imm); }

void far_return(Emitter& e) {
    e.emit_imm(Op::retf, ZERO, ZERO, e.insn().imm).size = static_cast<uint8_t>(e.insn().operand_size());
}

void far_branch(Emitter& e) {
    const unsigned size = e.insn().operand_size();
    e.emit_mem(sized(Op::ld1, size), T0);
    e.emit_mem(Op::ld2, T1, ZERO, static_cast<int32_t>(size));
    e.emit(e.op(), ZERO, T0, T1).size = static_cast<uint8_t>(size);
}

void loop(Emitter& e) {
    Uop& u = e.emit_imm(Op::loop, ZERO, ZERO, e.target());
    u.aux = e.insn().opcode - 0xe0;
    u.size = e.insn().addr32 ? 4 : 8;
}

void jcxz(Emitter& e) { e.emit_imm(Op::jcxz, ZERO, ZERO, e.target()).size = e.insn().addr32 ? 4 : 8; }

// F2 repeats movs, stos and lods like F3.
void string(Emitter& e) {
    const bool compares = e.op() == Op::cmps || e.op() == Op::scas;
    const bool reads_si = e.op() == Op::movs || e.op() == Op::lods || e.op() == Op::cmps;
    Uop& u = e.emit(e.op());
    u.size = static_cast<uint8_t>(e.insn().opcode & 1 ? e.insn().operand_size() : 1);
    u.aux = e.insn().rep == 0 ? 0 : e.insn().rep == 0xf2 && compares ? 2 : 1;
    if (e.insn().addr32) u.aux |= 4;
    if (reads_si) u.seg = e.insn().seg;
}

void interrupt(Emitter& e) { e.emit_imm(e.op(), ZERO, ZERO, e.insn().imm); }

// A marker is exactly 0F 1F 80 disp32: no prefix, base RAX.
void nop(Emitter& e) {
    const Insn& i = e.insn();
    const bool plain = i.opcode == 0x1f && i.length == 7 && i.mod == 2 && i.reg_low == 0 && i.rm_low == 0;
    const auto disp = static_cast<uint32_t>(i.disp);
    if (plain && (disp & 0xffff0000u) == STILE_MARK_MAGIC)
        e.emit_imm(Op::mark, ZERO, ZERO, disp & 0xffff);
    else
        e.emit(Op::nop);
}

}  // namespace stile::isa::build
