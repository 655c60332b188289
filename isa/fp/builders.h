// SPDX-License-Identifier: Apache-2.0
//
// Functions that turn MMX, SSE and x87 forms into micro-ops; isa/forms/{mmx,sse,x87}.def name them. Each
// begins with the check that the unit may be used, once per block.
#pragma once

#include "isa/emit.h"

namespace stile::isa::build {

inline uint8_t xmm(unsigned number) { return static_cast<uint8_t>(XMM0 + number); }

// SSE (build_sse.cpp). Operand i is the i-th of the row; 0 is the destination.
void vload(Emitter& e);        // 0 := memory 1, op tells how
void vload_half(Emitter& e);   // the other half of 0 stays
void vstore(Emitter& e);       // memory 0 := 1
void vmove(Emitter& e);        // 0 := op 1, both registers, vector or general
void vmerge(Emitter& e);       // 0 := 0 with parts of 1, both vector registers
void vmove_store(Emitter& e);  // 0 := op 1, registers, destination in ModRM.rm
void vmerge_store(Emitter& e);
void movd_in(Emitter& e);    // 0 := general register or memory 1
void movd_out(Emitter& e);   // general register or memory 0 := 1
void vbinary(Emitter& e);    // 0 := 0 op 1, immediate if any
void vbinary_u(Emitter& e);  // the same; a memory operand need not be aligned
void vunary(Emitter& e);     // 0 := op 1, immediate if any
void vtruncate(Emitter& e);  // the same with aux 1
void vcompare(Emitter& e);   // flags of 0 op 1
void vshift(Emitter& e);     // 0 := 0 op immediate 1
void vinsert(Emitter& e);
void vextract(Emitter& e);  // general 0 := part of 1
void from_general(Emitter& e);
void to_general(Emitter& e);
void to_general_t(Emitter& e);  // truncating
void vmaskmov(Emitter& e);
void vstate(Emitter& e);  // op with a memory operand: ldmxcsr, stmxcsr
void fxstate(Emitter& e);

// MMX (build_mmx.cpp). Each checks for itself: an x87 instruction before it may have left an exception
// pending.
void mmx_load(Emitter& e);   // 0 := memory 1
void mmx_store(Emitter& e);  // memory 0 := 1
void mmx_move(Emitter& e);   // 0 := 1, both registers
void mmx_move_store(Emitter& e);
void movd_to_mmx(Emitter& e);    // 0 := general register or memory 1
void movd_from_mmx(Emitter& e);  // general register or memory 0 := 1
void mmx_maskmov(Emitter& e);
void mmx_to_xmm(Emitter& e);
void xmm_to_mmx(Emitter& e);
void mmx_extract(Emitter& e);  // general 0 := part of 1
void mmx_insert(Emitter& e);
void mmx_binary(Emitter& e);  // 0 := 0 op 1
void mmx_unary(Emitter& e);   // 0 := op 1, immediate
void mmx_shift(Emitter& e);   // 0 := 0 op immediate 1
void from_mmx(Emitter& e);    // XMM 0 := op of MMX register or memory 1
void to_mmx(Emitter& e);      // MMX 0 := op of XMM register or memory 1
void to_mmx_t(Emitter& e);    // truncating
void mmx_end(Emitter& e);

// x87 (build_x87.cpp).
void fmemory(Emitter& e);  // load or store; kind by opcode
void farith_memory(Emitter& e);
void farith_register(Emitter& e);
void findexed(Emitter& e);  // op with st(i)
void ffree_pop(Emitter& e);
void fstore_register(Emitter& e);
void fcompare(Emitter& e);
void fcmove(Emitter& e);
void fplain(Emitter& e);  // op without operands; aux from the ModRM byte
void fstate(Emitter& e);  // control word, status word, environment, everything
void fstatus_ax(Emitter& e);
void fwaiting(Emitter& e);
void fignored(Emitter& e);  // nothing, if the unit may be used

}  // namespace stile::isa::build
