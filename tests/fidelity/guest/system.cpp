// SPDX-License-Identifier: Apache-2.0
//
// Serialising, locked and privileged instructions, and the doors between the rings.
#include "tests/fidelity/guest/micro.h"

extern "C" {
void bare_syscall_entry();
void swapgs_syscall_entry();
void user_syscall_loop();
void user_interrupt_loop();
}

namespace micro {
namespace {

MICRO_REPEAT(mfence, "", "mfence", 20, 1, 50);
MICRO_REPEAT(sfence, "", "sfence", 20, 1, 50);
MICRO_REPEAT(lfence, "", "lfence", 20, 1, 50);
MICRO_REPEAT(lock_add, "movq $0x4000000, %%rdi", "lock addq %%rax, (%%rdi)", 20, 1, 50);
MICRO_REPEAT(xchg_memory, "movq $0x4000000, %%rdi", "xchgq %%rax, (%%rdi)", 20, 1, 50);
MICRO_REPEAT(pause, "", "pause", 20, 1, 50);
MICRO_REPEAT(read_tsc, "", "rdtsc", 20, 1, 50);
MICRO_REPEAT(push_pop_flags, "", "pushfq\n popfq", 20, 1, 50);
MICRO_REPEAT(swapgs, "", "swapgs", 20, 1, 50);
MICRO_LOOP(loop_cpuid, "movq %%rcx, %%r8", "xorl %%eax, %%eax\n cpuid\n movq %%r8, %%rcx\n decq %%r8")
MICRO_ROW(cpuid, per_operation(loop_cpuid, 100, 1));
MICRO_REPEAT(cr3_flush, "movq %%cr3, %%rax", "movq %%rax, %%cr3", 1, 1, 100);

void user_syscalls(uint64_t n) { enter_user(user_address(user_syscall_loop), n); }
void user_interrupts(uint64_t n) { enter_user(user_address(user_interrupt_loop), n); }
uint64_t syscalls(void (*entry)()) {
    set_syscall_entry(entry);
    return per_operation(user_syscalls, 200, 1);
}
MICRO_ROW(syscall_bare, syscalls(bare_syscall_entry));
MICRO_ROW(syscall_kernel, syscalls(swapgs_syscall_entry));
MICRO_ROW(interrupt_gate, per_operation(user_interrupts, 200, 1));

// A new table with `pages` pages in use: what reloading their translations costs each.
void touch(uint64_t pages) {
    asm volatile("movq %1, %%rdi\n .balign 64\n 1: movq (%%rdi), %%rax\n addq $4160, %%rdi\n decq %0\n jnz 1b"
                 : "+r"(pages)
                 : "r"(small_data)
                 : "rax", "rdi", "memory", "cc");
}
void flush_and_touch(uint64_t n) {
    uint64_t cr3;
    asm volatile("movq %%cr3, %0" : "=r"(cr3));
    for (; n != 0; --n) {
        asm volatile("movq %0, %%cr3" : : "r"(cr3) : "memory");
        touch(256);
    }
}
void only_touch(uint64_t n) {
    for (; n != 0; --n) touch(256);
}
MICRO_ROW(translation_reload, per_operation(flush_and_touch, 20, 256) - per_operation(only_touch, 20, 256));

}  // namespace
}  // namespace micro
