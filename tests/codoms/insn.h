// SPDX-License-Identifier: Apache-2.0
//
// The instructions that the fuzzer writes: few enough to be executed by a reference that anyone can read, and
// at least one for every way in which code reaches memory or other code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isa/spec/spec.h"

namespace stile::codoms_fuzz {

// Register numbers as in ModRM. Memory operands are [rbx + disp32], or [rbx + r14 + disp32] where `indexed`.
enum : uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

enum class Kind : uint8_t {
    nop,       // of `len` bytes
    mov_imm,   // reg32 := imm; the immediate is read from memory, so that it may be changed there
    mov_simm,  // reg64 := sign-extended imm32
    add_imm,   // reg64 += imm32
    and_imm,   // reg32 &= imm32
    add_reg,   // reg64 += reg2
    dec,       // reg64; says what jnz does
    jnz,       // to imm
    jmp,       // to imm
    jmp_reg,
    jmp_mem,
    call,
    call_reg,
    call_mem,
    ret,
    ret_imm,    // ret imm16
    load,       // reg := zero-extended memory of 1, 2, 4, 8 bytes
    load_sign,  // of 1, 2, 4 bytes, to 64
    store,
    store_imm,
    add_mem,  // memory += reg
    xadd,     // locked
    xchg,
    cmpxchg,   // locked; rax
    alu_load,  // reg64 += memory
    push,
    pop,
    push_mem,
    pop_mem,
    sse_load,  // xmm of 4, 8, 16 bytes, unaligned
    sse_store,
    sse_aligned_load,
    sse_aligned_store,
    cmpxchg16b,
    movs,  // `rep` or one; 1 or 8 bytes
    stos,
    lods,
    syscall,
    software_interrupt,  // int imm8
    undefined,           // ud2
    cd,                  // op says which of CODOMs'
    count
};

struct Insn {
    Kind kind = Kind::nop;
    isa::spec::Op op{};         // of cd
    uint8_t size = 0;           // operand bytes
    uint8_t reg = 0, reg2 = 0;  // of cd: general register
    uint8_t n = 0, m = 0;       // of cd: capabilities
    bool indexed = false, rep = false;
    bool patchable = false;  // the immediate may be stored to
    int32_t disp = 0;
    uint64_t imm = 0;
    uint8_t len = 0;  // set by encode()
    uint64_t at = 0;  // where it lies
};

// Appends the bytes of `insn`, which lies at insn.at; sets insn.len.
void encode(Insn& insn, std::vector<uint8_t>& out);
const char* name_of(Kind kind);
std::string text_of(const Insn& insn);

}  // namespace stile::codoms_fuzz
