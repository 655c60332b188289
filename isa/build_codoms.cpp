// SPDX-License-Identifier: Apache-2.0
//
// CODOMs' instructions (abi/codoms.h). LOCK, 66, F2 and F3 make them invalid (our choice): the rows ask for
// none of them, and nothing here can be locked.
#include "isa/builders.h"

namespace stile::isa::build {

void cd_memory(Emitter& e) { e.emit_mem(e.op()); }

void cd_value(Emitter& e) { e.emit(e.op(), e.insn().rm, e.insn().rm); }

void cd_result(Emitter& e) { e.emit(e.op(), e.insn().rm); }

void cd_argument(Emitter& e) { e.emit(e.op(), ZERO, e.insn().rm); }

void cd_capability(Emitter& e) {
    if (e.insn().reg > 7) e.invalid();
    e.emit_mem(e.op()).imm = e.insn().reg_low;
}

void cd_range(Emitter& e) {
    if (e.insn().reg > 7) e.invalid();
    Uop& u = e.emit(e.op(), ZERO, e.insn().rm, RCX);
    u.imm = e.insn().reg_low;
    u.aux = static_cast<uint8_t>(e.insn().imm);
}

void cd_two(Emitter& e) {
    if (e.insn().reg > 7 || e.insn().rm > 7) e.invalid();
    e.emit_imm(e.op(), ZERO, ZERO, e.insn().reg_low | e.insn().rm_low << 8);
}

void cd_one(Emitter& e) {
    if (e.insn().rm > 7) e.invalid();
    e.emit_imm(e.op(), ZERO, ZERO, uint64_t{e.insn().rm_low} << 8);
}

void cd_mask(Emitter& e) { e.emit_imm(e.op(), ZERO, ZERO, e.insn().imm & 0xff); }

void cd_field(Emitter& e) {
    if (e.insn().reg > 7) e.invalid();
    e.emit_imm(e.op(), e.insn().rm, ZERO, e.insn().reg_low);
}

void cd_dcs(Emitter& e) {
    if (e.op() == Op::cd_rddcs)
        e.emit_imm(e.op(), e.insn().rm, ZERO, e.insn().reg_low);
    else
        e.emit_imm(e.op(), ZERO, e.insn().rm, e.insn().reg_low);
}

}  // namespace stile::isa::build
