/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads and stores by every route that x86-64 offers. One rule must stop them all.
 */
#include <string.h>
#include <sys/mman.h>

#include "tests/security/attacks/attacker.h"

int attack_load(void) { return have_secret(*WORDS(address_of(AT_SECRET))); }

int attack_store(void) {
    *WORDS(address_of(AT_SECRET)) = 0;
    return got_in("overwrote the secret");
}

int attack_locked_add(void) {
    uint64_t value = 1;
    __asm__ volatile("lock xadd %0, %1" : "+r"(value), "+m"(*WORDS(address_of(AT_SECRET))));
    return have_secret(value);
}

/* A comparison that fails tells what is there, and writes it back. */
int attack_compare_exchange(void) {
    uint64_t guess = 0;
    __asm__ volatile("lock cmpxchg %2, %1"
                     : "+a"(guess), "+m"(*WORDS(address_of(AT_SECRET)))
                     : "r"((uint64_t)0)
                     : "cc");
    return have_secret(guess);
}

int attack_string_load(void) {
    uint64_t copy = 0, count = 8;
    const void* from = (const void*)address_of(AT_SECRET);
    void* to = &copy;
    __asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    return have_secret(copy);
}

/* Backwards, from behind the secret. */
int attack_string_load_backwards(void) {
    uint64_t copy = 0, count = 8;
    const void* from = (const void*)(address_of(AT_SECRET) + 7);
    void* to = (char*)&copy + 7;
    __asm__ volatile("std\n rep movsb\n cld" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    return have_secret(copy);
}

int attack_string_store(void) {
    uint64_t count = 64;
    void* to = (void*)address_of(AT_RESULTS);
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0) : "memory");
    return got_in("overwrote the results");
}

int attack_sse_load(void) {
    uint64_t copy[2];
    __asm__ volatile("movups (%1), %%xmm1\n movups %%xmm1, %0"
                     : "=m"(copy)
                     : "r"(address_of(AT_SECRET))
                     : "xmm1");
    return have_secret(copy[0]);
}

int attack_sse_store(void) {
    __asm__ volatile("pxor %%xmm1, %%xmm1\n movntdq %%xmm1, (%0)"
                     :
                     : "r"(address_of(AT_RESULTS))
                     : "xmm1", "memory");
    return got_in("overwrote the results");
}

/* 512 bytes by one instruction. */
int attack_fxsave(void) {
    __asm__ volatile("fxsave64 (%0)" : : "r"(address_of(AT_RESULTS)) : "memory");
    return got_in("overwrote the results");
}

/* The base of a segment is an address like any other. */
int attack_fs_base(void) {
    const uint64_t at = address_of(AT_SECRET);
    uint64_t ours, value;
    __asm__ volatile("rdfsbase %0\n wrfsbase %2\n mov %%fs:0, %1\n wrfsbase %0"
                     : "=&r"(ours), "=&r"(value)
                     : "r"(at));
    return have_secret(value);
}
int attack_gs_base(void) {
    uint64_t value;
    __asm__ volatile("wrgsbase %1\n mov %%gs:0, %0" : "=r"(value) : "r"(address_of(AT_SECRET)));
    return have_secret(value);
}

/* The stack is where RSP says. */
int attack_push(void) {
    uint64_t ours;
    __asm__ volatile("mov %%rsp, %0\n mov %1, %%rsp\n push $0\n mov %0, %%rsp"
                     : "=&r"(ours)
                     : "r"(address_of(AT_SECRET) + 8)
                     : "memory");
    return got_in("pushed over the secret");
}
int attack_pop(void) {
    uint64_t ours, value;
    __asm__ volatile("mov %%rsp, %0\n mov %2, %%rsp\n pop %1\n mov %0, %%rsp"
                     : "=&r"(ours), "=&r"(value)
                     : "r"(address_of(AT_SECRET))
                     : "memory");
    return have_secret(value);
}

/* A table of addresses to jump to, in the victim: the load of the address is a load. */
int attack_indirect_jump(void) {
    void* landed = 0;
    __asm__ volatile("lea 1f(%%rip), %%rax\n cmp %1, (%2)\n cmove %%rax, %0\n 1:"
                     : "+r"(landed)
                     : "r"(SECRET), "r"(address_of(AT_SECRET))
                     : "rax", "cc");
    return landed ? got_in("a comparison with the secret told its value")
                  : inconclusive("it compared unequal");
}

/* Reading constants of another program needs a right, too, even where nobody may write. */
int attack_read_only_page(void) { return have_secret(*WORDS(address_of(AT_POLICY))); }

/* The victim's stack, where its frames are. */
int attack_victims_stack(void) {
    volatile int* argc = (volatile int*)address_of(AT_STACK);
    if (*argc != 2) return inconclusive("the frame of main() holds %d", *argc);
    return got_in("read argc in the victim's frame of main(): %d", *argc);
}

/* A domain that may call may not read: the code of a proxy. */
int attack_proxy_code(void) {
    const volatile unsigned char* code = (const volatile unsigned char*)proxies[WORK].proxy;
    return got_in("the proxy begins with %02x %02x", code[0], code[1]);
}

/* The kernel control stack says for whom a thread acts: whoever may write there becomes anybody. */
int attack_kernel_control_stack(void) {
    enum { CURRENT = 2 };
    volatile uint64_t *theirs = WORDS(first_kcs()), *ours = WORDS(own_kcs());
    const long before = stile_syscall3(SYS_getpid, 0, 0, 0);
    const uint64_t was = ours[CURRENT];
    ours[CURRENT] = theirs[CURRENT];
    const long after = stile_syscall3(SYS_getpid, 0, 0, 0);
    ours[CURRENT] = was;
    return after != before ? got_in("the kernel takes process %ld for process %ld", before, after)
                           : inconclusive("still process %ld", after);
}
