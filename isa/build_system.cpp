// SPDX-License-Identifier: Apache-2.0
//
// System instructions. Privilege is checked by whoever executes the micro-op; here only encodings are judged.
#include "isa/builders.h"

namespace stile::isa::build {

void plain(Emitter& e) {
    const OpInfo& info = op_info(e.op());
    e.emit(e.op(), info.writes_dst ? RAX : ZERO, info.reads_a ? RAX : ZERO);
}

void sized_plain(Emitter& e) {
    const unsigned size = e.op() == Op::sysret ? (e.insn().w() ? 8 : 4) : e.insn().operand_size();
    e.emit(e.op()).size = static_cast<uint8_t>(size);
}

void address(Emitter& e) { e.emit_mem(e.op()); }

void fence(Emitter& e) { e.emit(Op::fence).aux = e.insn().reg_low - 5; }

void cache_op(Emitter& e) {
    if (e.op() == Op::wbinvd) {
        e.emit(Op::wbinvd).aux = e.insn().opcode == 0x08;
    } else if (!e.insn().memory || (e.insn().opcode == 0x18 && e.insn().reg_low > 3)) {
        e.emit(Op::nop);  // reserved hints
    } else {
        e.emit_mem(e.op());
    }
}

void keys(Emitter& e) {
    if (e.insn().lock) e.invalid();
    e.emit(e.op());
}

void mov_cr(Emitter& e) {
    const uint8_t cr = e.insn().reg, r = e.insn().rm;
    if (cr != 0 && cr != 2 && cr != 3 && cr != 4 && cr != 8) {
        e.invalid();
    } else if (e.op() == Op::rdcr) {
        e.emit_imm(Op::rdcr, r, ZERO, cr);
    } else {
        e.emit_imm(cr == 3 ? Op::wrcr3 : Op::wrcr, ZERO, r, cr);
    }
}

// Whether DR4 and DR5 are other names of DR6 and DR7 is up to CR4.DE.
void mov_dr(Emitter& e) {
    const uint8_t r = e.insn().rm;
    if (e.insn().reg > 7) e.invalid();
    const uint64_t dr = e.insn().reg;
    if (e.op() == Op::rddr)
        e.emit_imm(Op::rddr, r, ZERO, dr);
    else
        e.emit_imm(Op::wrdr, ZERO, r, dr);
}

void mov_sreg(Emitter& e) {
    const uint8_t seg = e.insn().reg_low;
    if (seg > 5 || (e.op() == Op::wrseg && seg == 1)) {
        e.invalid();
    } else if (e.op() == Op::wrseg) {
        const uint8_t selector = e.value(1, T0);
        e.emit_imm(Op::wrseg, ZERO, selector, seg);
    } else if (e.in_memory(0)) {
        e.emit_imm(Op::rdseg, T0, ZERO, seg);
        e.emit_mem(Op::st2, ZERO, T0);
    } else {
        e.emit_imm(Op::rdseg, T0, ZERO, seg);
        e.emit(e.size(0) == 2 ? Op::mov2 : Op::mov4, e.reg_number(0), T0);
    }
}

void read_word(Emitter& e) {
    e.emit(e.op(), T0);
    if (e.in_memory(0))
        e.emit_mem(Op::st2, ZERO, T0);
    else
        e.write(0, T0);
}

// The privilege counts before the operand is read.
void load_word(Emitter& e) {
    e.emit(Op::ring0);
    const uint8_t word = e.value(0, T0);
    e.emit(e.op(), ZERO, word);
}

void load_far(Emitter& e) {
    const unsigned size = e.size(0);
    const uint8_t opcode = e.insn().opcode;
    e.emit_mem(sized(Op::ld1, size), T0);
    e.emit_mem(Op::ld2, T1, ZERO, static_cast<int32_t>(size));
    e.emit_imm(Op::wrseg, ZERO, T1, opcode == 0xb2 ? 2 : opcode == 0xb4 ? 4 : 5);
    e.write(0, T0);
}

void descriptor_query(Emitter& e) {
    const bool answers = e.op() == Op::lar || e.op() == Op::lsl;
    const uint8_t selector = e.value(answers ? 1 : 0, T0);
    Uop& u = e.emit(e.op(), answers ? e.reg_number(0) : uint8_t{ZERO}, selector);
    if (answers) u.size = static_cast<uint8_t>(e.size(0));
}

void segbase(Emitter& e) {
    const uint64_t seg = e.insn().reg_low & 1 ? 5 : 4;
    const uint8_t r = e.reg_number(0);
    const bool wide = e.size(0) == 8;
    if (e.op() == Op::rdsegbase) {
        e.emit_imm(Op::rdsegbase, wide ? r : uint8_t{T0}, ZERO, seg);
        if (!wide) e.emit(Op::mov4, r, T0);
    } else {
        if (!wide) e.emit(Op::mov4, T0, r);
        e.emit_imm(Op::wrsegbase, ZERO, wide ? r : uint8_t{T0}, seg);
    }
}

}  // namespace stile::isa::build
