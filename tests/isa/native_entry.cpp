// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/native_entry.h"

#include <cstddef>

using stile::fuzz::NativeFrame;
using stile::fuzz::State;

extern "C" {
[[gnu::visibility("hidden")]] NativeFrame stile_native_frame;
}

// What the assembly below knows of the layout.
static_assert(offsetof(State, r) == 512 && offsetof(State, flags) == 640 && offsetof(State, fs_base) == 648);
static_assert(offsetof(NativeFrame, entry) == 704 && offsetof(NativeFrame, host_rsp) == 712);
static_assert(offsetof(NativeFrame, host_fs) == 720 && offsetof(NativeFrame, inside) == 728);
static_assert(offsetof(NativeFrame, host_mxcsr) == 732);
static_assert(offsetof(NativeFrame, stack) + sizeof(NativeFrame::stack) == 1088);

// arch_prctl and not wrfsbase, which not every kernel allows. From then on nothing may use thread-local
// storage until the host's base is back.
__asm__(R"(
.pushsection .text
.intel_syntax noprefix
.macro stile_fs which
    mov eax, 158
    mov edi, \which
    syscall
.endm
.globl stile_native_enter
stile_native_enter:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    lea rbx, [rip + stile_native_frame]
    mov [rbx + 712], rsp
    mov rsi, [rbx + 648]
    stile_fs 0x1002
    fxrstor64 [rbx]
    lea rsp, [rbx + 1088]
    push qword ptr [rbx + 640]
    popfq
    mov rax, [rbx + 512]
    mov rcx, [rbx + 520]
    mov rdx, [rbx + 528]
    mov rsp, [rbx + 544]
    mov rbp, [rbx + 552]
    mov rsi, [rbx + 560]
    mov rdi, [rbx + 568]
    mov r8, [rbx + 576]
    mov r9, [rbx + 584]
    mov r10, [rbx + 592]
    mov r11, [rbx + 600]
    mov r12, [rbx + 608]
    mov r13, [rbx + 616]
    mov r14, [rbx + 624]
    mov r15, [rbx + 632]
    mov dword ptr [rbx + 728], 1
    mov rbx, [rbx + 536]
    jmp qword ptr [rip + stile_native_frame + 704]

.globl stile_native_exit
stile_native_exit:
    mov [rip + stile_native_frame + 512], rax
    mov [rip + stile_native_frame + 520], rcx
    mov [rip + stile_native_frame + 528], rdx
    mov [rip + stile_native_frame + 536], rbx
    mov [rip + stile_native_frame + 544], rsp
    mov [rip + stile_native_frame + 552], rbp
    mov [rip + stile_native_frame + 560], rsi
    mov [rip + stile_native_frame + 568], rdi
    mov [rip + stile_native_frame + 576], r8
    mov [rip + stile_native_frame + 584], r9
    mov [rip + stile_native_frame + 592], r10
    mov [rip + stile_native_frame + 600], r11
    mov [rip + stile_native_frame + 608], r12
    mov [rip + stile_native_frame + 616], r13
    mov [rip + stile_native_frame + 624], r14
    mov [rip + stile_native_frame + 632], r15
    lea rsp, [rip + stile_native_frame + 1088]
    pushfq
    pop qword ptr [rip + stile_native_frame + 640]
    mov dword ptr [rip + stile_native_frame + 728], 0
    push 0x202
    popfq
    fxsave64 [rip + stile_native_frame]
    lea rsi, [rip + stile_native_frame + 648]
    stile_fs 0x1003
.globl stile_native_resume
stile_native_resume:
    mov rsi, [rip + stile_native_frame + 720]
    stile_fs 0x1002
    fninit
    ldmxcsr [rip + stile_native_frame + 732]
    mov rsp, [rip + stile_native_frame + 712]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
.att_syntax prefix
.popsection
)");
