// SPDX-License-Identifier: Apache-2.0
//
// Do the stubs keep the register properties of a policy against the other side's worst? They are ordinary
// code, so the host's processor runs them; caller and callee here are assembly that looks at, and spoils,
// every register. The host knows no cd.capclr: it traps, and is taken as done; that it empties what it should
// is tested where it executes (tests/kernel/dipc).
#include <gtest/gtest.h>
#include <signal.h>
#include <ucontext.h>

#include <array>
#include <cstring>

extern "C" {
#include "os/lib/dipc.h"

// What the hostile callee saw: rax rbx rcx rdx rsi rdi rbp r8..r15, then XMM0..15, then FXSAVE's x87 area.
struct Seen {
    uint64_t gpr[15];
    alignas(16) uint64_t xmm[32];
    alignas(16) unsigned char fx[512];
};
alignas(16) Seen seen;
long hostile_callee(long a, long b);
// Fills every register that may hold a secret, calls dipc_isolated_call2(callee, 11, 22), and returns 1 if
// RBX, RBP and R12..R15, MXCSR, the x87 control word and DF are afterwards what they were.
int careful_caller(long (*callee)(long, long), int isolated, long* result);
// Calls an entry point and looks at the registers when it returns.
long call_and_look(const char* entry, long a, long b);
extern const char guarded_entry[];
long secretive_callee(long a, long b);
}

DIPC_ISOLATED_ENTRY(guarded_entry, secretive_callee);

__asm__(R"(
    .macro look
    mov %rax, seen+0(%rip)
    mov %rbx, seen+8(%rip)
    mov %rcx, seen+16(%rip)
    mov %rdx, seen+24(%rip)
    mov %rsi, seen+32(%rip)
    mov %rdi, seen+40(%rip)
    mov %rbp, seen+48(%rip)
    mov %r8, seen+56(%rip)
    mov %r9, seen+64(%rip)
    mov %r10, seen+72(%rip)
    mov %r11, seen+80(%rip)
    mov %r12, seen+88(%rip)
    mov %r13, seen+96(%rip)
    mov %r14, seen+104(%rip)
    mov %r15, seen+112(%rip)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\n, seen+128+16*\n(%rip)
    .endr
    fxsave seen+128+256(%rip)
    .endm

    .macro fill_scratch
    .irp r, rcx, rdx, r8, r9, r10, r11
    movabs $0x5ec4e7, %\r
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movq %rcx, %xmm\n
    .endr
    fld1
    fstp %st(0)
    .endm

    .text
hostile_callee:
    look
    .irp r, rbx, rbp, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    movabs $0xbad, %\r
    .endr
    pushq $0x7f80
    ldmxcsr (%rsp)
    fldpi
    movw $0x27f, (%rsp)
    fldcw (%rsp)
    add $8, %rsp
    std
    lea 33(%rax), %rax
    mov $33, %eax
    ret

careful_caller:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx
    sub $16, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    mov %rdi, %rax
    mov %esi, %r9d
    .irp r, rbx, rbp, r12, r13, r14, r15
    movabs $0x5afe, %\r
    .endr
    mov %r9d, %edi
    fill_scratch
    test %edi, %edi
    jz 1f
    mov %rax, %rdi
    mov $11, %esi
    mov $22, %edx
    call dipc_isolated_call2
    jmp 2f
1:  mov $11, %edi
    mov $22, %esi
    call *%rax
2:  pushf
    pop %rcx
    cld
    mov 16(%rsp), %rdx
    mov %rax, (%rdx)
    mov $1, %eax
    xor %edx, %edx
    .irp r, rbx, rbp, r12, r13, r14, r15
    cmp $0x5afe, %\r
    cmovne %edx, %eax
    .endr
    test $0x400, %ecx
    cmovnz %edx, %eax
    sub $16, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    mov (%rsp), %ecx
    cmp 16(%rsp), %ecx
    cmovne %edx, %eax
    mov 4(%rsp), %cx
    cmp 20(%rsp), %cx
    cmovne %edx, %eax
    add $16, %rsp
    fninit
    fldcw 4(%rsp)
    ldmxcsr (%rsp)
    add $24, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

secretive_callee:
    lea (%rdi,%rsi), %rax
    mov %rax, %rdi
    fill_scratch
    mov %rcx, %rsi
    mov %rcx, %rdi
    ret

call_and_look:
    push %rbx
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    call *%rax
    look
    pop %rbx
    ret
)");

namespace {

enum Register { rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15 };

uint64_t vector_bits() {
    uint64_t all = 0;
    for (const uint64_t x : seen.xmm) all |= x;
    return all;
}

// FXSAVE: the x87 numbers are 10 bytes each at 32, 48, ...
int x87_bits() {
    int all = 0;
    for (int r = 0; r < 8; ++r)
        for (int i = 0; i < 10; ++i) all |= seen.fx[32 + 16 * r + i];
    return all;
}

int capability_clears = 0;

// cd.capclr 0x7f: registers 0 to 6.
void step_over(int, siginfo_t*, void* context) {
    auto& rip = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
    if (std::memcmp(reinterpret_cast<const void*>(rip), "\x0f\x36\x7f", 3) != 0) abort();
    rip += 3;
    ++capability_clears;
}

struct DipcStubs : testing::Test {
    DipcStubs() {
        struct sigaction act = {};
        act.sa_sigaction = step_over;
        act.sa_flags = SA_SIGINFO;
        sigaction(SIGILL, &act, nullptr);
        capability_clears = 0;
    }
    ~DipcStubs() override { signal(SIGILL, SIG_DFL); }
};

TEST_F(DipcStubs, the_callee_sees_its_arguments_and_nothing_else) {
    long result = 0;
    careful_caller(hostile_callee, 1, &result);
    EXPECT_EQ(result, 33);
    EXPECT_EQ(capability_clears, 1);
    EXPECT_EQ(seen.gpr[rdi], 11u);
    EXPECT_EQ(seen.gpr[rsi], 22u);
    for (const Register r : {rbx, rcx, rdx, rbp, r8, r9, r10, r11, r12, r13, r14, r15})
        EXPECT_EQ(seen.gpr[r], 0u) << "register " << r;
    EXPECT_EQ(vector_bits(), 0u);
    EXPECT_EQ(x87_bits(), 0);
}

TEST_F(DipcStubs, without_the_stub_the_callee_sees_the_callers_registers) {
    long result = 0;
    careful_caller(hostile_callee, 0, &result);
    EXPECT_EQ(seen.gpr[rcx], 0x5ec4e7u);
    EXPECT_EQ(seen.gpr[rbx], 0x5afeu);
    EXPECT_NE(vector_bits(), 0u);
    EXPECT_NE(x87_bits(), 0);
}

TEST_F(DipcStubs, the_caller_s_state_survives_a_hostile_callee) {
    long result = 0;
    EXPECT_EQ(careful_caller(hostile_callee, 1, &result), 1);
}

TEST_F(DipcStubs, without_the_stub_a_hostile_callee_spoils_it) {
    long result = 0;
    EXPECT_EQ(careful_caller(hostile_callee, 0, &result), 0);
}

TEST_F(DipcStubs, the_caller_gets_the_result_and_nothing_else) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(guarded_entry) % STILE_ENTRY_ALIGN, 0u);
    EXPECT_EQ(call_and_look(guarded_entry, 40, 2), 42);
    EXPECT_EQ(capability_clears, 1);
    for (const Register r : {rcx, rdx, rsi, rdi, r8, r9, r10, r11})
        EXPECT_EQ(seen.gpr[r], 0u) << "register " << r;
    EXPECT_EQ(vector_bits(), 0u);
    EXPECT_EQ(x87_bits(), 0);
}

TEST_F(DipcStubs, without_the_stub_the_callee_s_secrets_reach_the_caller) {
    EXPECT_EQ(call_and_look(reinterpret_cast<const char*>(secretive_callee), 40, 2), 42);
    EXPECT_EQ(seen.gpr[rcx], 0x5ec4e7u);
    EXPECT_NE(vector_bits(), 0u);
    EXPECT_NE(x87_bits(), 0);
}

}  // namespace
