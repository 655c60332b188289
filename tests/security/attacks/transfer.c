/* SPDX-License-Identifier: Apache-2.0
 *
 * Into another domain's code: by every instruction that moves RIP, and beside the doors that there are.
 */
#include <string.h>
#include <sys/mman.h>

#include "tests/security/attacks/attacker.h"

typedef uint64_t (*Function)(void);

int attack_call(void) { return have_secret(((Function)address_of(AT_PRIVATE))()); }

int attack_jump(void) {
    __asm__ volatile("jmp *%0" : : "r"(address_of(AT_GADGET)));
    __builtin_unreachable();
}

int attack_jump_through_memory(void) {
    const uint64_t at = address_of(AT_GADGET);
    __asm__ volatile("jmp *%0" : : "m"(at));
    __builtin_unreachable();
}

/* Code of our own making: the branch is taken. */
int attack_conditional_jump(void) {
    unsigned char* code = page(PROT_READ | PROT_WRITE | PROT_EXEC);
    const int64_t distance = (int64_t)address_of(AT_GADGET) - (int64_t)(code + 8);
    const int32_t offset = (int32_t)distance;
    if (offset != distance) return inconclusive("out of reach of a branch");
    code[0] = 0x31, code[1] = 0xc0; /* xor eax, eax */
    code[2] = 0x0f, code[3] = 0x84; /* je */
    memcpy(code + 4, &offset, 4);
    ((Function)code)();
    return inconclusive("it came back");
}

/* A far return is a jump: it takes no return capability, and needs a right. */
int attack_far_return(void) {
    __asm__ volatile("mov %%cs, %%eax\n push %%rax\n push %0\n lretq"
                     :
                     : "r"(address_of(AT_GADGET))
                     : "rax");
    __builtin_unreachable();
}

/* An iretq of a program's own: to ring 3, the same selectors. */
int attack_iretq(void) {
    __asm__ volatile("mov %%rsp, %%rcx\n mov %%ss, %%eax\n push %%rax\n push %%rcx\n pushfq\n mov %%cs, %%eax\n"
                     "push %%rax\n push %0\n iretq"
                     :
                     : "r"(address_of(AT_GADGET))
                     : "rax", "rcx");
    __builtin_unreachable();
}

/* The function is exported, but through its proxy: without a right over the victim its address is no use. */
int attack_past_the_proxy(void) {
    const long sum = ((long (*)(long, long))address_of(AT_WORK))(20, 22);
    return sum == 42 ? got_in("called the exported function without its proxy") : inconclusive("%ld", sum);
}

/* Behind the proxy's look at RSP: what follows stores at R10 with the proxy's right over the victim. The place
 * is known from os/kernel/dipc/proxy.cpp: nothing in it is secret. */
enum { BEHIND_THE_CHECKS = 35 };
static void into_the_proxy(uint64_t entry, uint64_t r10) {
    __asm__ volatile("mov %1, %%r10\n xor %%r11d, %%r11d\n call *%0"
                     :
                     : "r"(entry), "r"(r10)
                     : "r10", "r11", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "memory", "cc");
}
int attack_beside_the_entry(void) {
    into_the_proxy(proxies[WORK].proxy + BEHIND_THE_CHECKS, address_of(AT_RESULTS));
    return inconclusive("it came back");
}

/* Every multiple of 64 is an entry point to the hardware. The proxy's other ones hold `ud2`. */
int attack_next_entry(void) {
    into_the_proxy(proxies[WORK].proxy + 64, address_of(AT_RESULTS));
    return inconclusive("it came back");
}

/* Code that no page has been put in for: the page fault comes between the jump and its check. */
int attack_page_fault_in_between(void) {
    __asm__ volatile("jmp *%0" : : "r"(address_of(AT_LAZY)));
    __builtin_unreachable();
}
