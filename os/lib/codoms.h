/* SPDX-License-Identifier: Apache-2.0
 *
 * CODOMs for guest programs: one function per unprivileged instruction (docs/codoms.md, section 7), and what
 * a program needs to make domains within its own process. For programs in the shared page table (KIND
 * musl-pie) on a machine with `protection: codoms`, or `none`, which executes all of this and refuses
 * nothing.
 *
 * Capability registers are numbered 0 to 7. The number must be a constant and the program compiled with -O1
 * or more, as it is part of the instruction. The compiler knows nothing of these registers: they keep what
 * was put there until somebody else changes them. By convention (docs/dipc.md) a callee may change 0 to 6,
 * and 7 holds the capability of the thread's stack: who changes it cannot be called on that stack from
 * another domain.
 *
 * An instruction that may not be executed raises #CD, which is a SIGSEGV with si_code SEGV_ACCERR and the
 * address that the manual states as si_addr.
 *
 * Typical use, with a function of a domain that the program may call:
 *     stile_cap_make(0, &table, sizeof table, STILE_RIGHT_READ);
 *     ((long (*)(void))callee)();   // can read the table by ordinary loads, until it returns
 */
#ifndef STILE_OS_LIB_CODOMS_H
#define STILE_OS_LIB_CODOMS_H

#include "abi/codoms.h"
#include "os/lib/dipc.h"

#define STILE_CAP_OP static inline __attribute__((always_inline))
/* ModRM of a register form with RAX, and of a memory form with [RDI]. */
#define STILE_CAP_RAX(reg) (0xc0 | (reg) << 3)
#define STILE_CAP_RDI(reg) (0x07 | (reg) << 3)

/* c := the caller's own rights, at most `right`, on [base, base + length). Needs no right: rights are looked
 * up when the capability is used. */
STILE_CAP_OP void stile_cap_make(int c, const volatile void* base, size_t length, enum stile_right right) {
    __asm__ volatile(".byte 0x0f, %c2, %c3, %c4"
                     :
                     : "a"(base), "c"(length), "i"(STILE_OP_CD_CAPMK), "i"(STILE_CAP_RAX(c)), "i"(right)
                     : "memory");
}
/* c := the part of c. #CD CAP_RANGE if it is none. */
STILE_CAP_OP void stile_cap_restrict(int c, const volatile void* base, size_t length,
                                     enum stile_right right) {
    __asm__ volatile(".byte 0x0f, %c2, %c3, %c4"
                     :
                     : "a"(base), "c"(length), "i"(STILE_OP_CD_CAPRST), "i"(STILE_CAP_RAX(c)), "i"(right)
                     : "memory");
}
STILE_CAP_OP void stile_cap_move(int to, int from) {
    __asm__ volatile(".byte 0x0f, %c0, %c1"
                     :
                     : "i"(STILE_OP_CD_CAPMOV), "i"(0xc0 | to << 3 | from)
                     : "memory");
}
/* Sync -> async, revoked by `counter` (8 bytes in capability storage that the caller may read). Only for what
 * the caller's domain made. */
STILE_CAP_OP void stile_cap_async(int c, const uint64_t* counter) {
    __asm__ volatile(".byte 0x0f, %c1, %c2"
                     :
                     : "D"(counter), "i"(STILE_OP_CD_CAPMOV), "i"(STILE_CAP_RDI(c))
                     : "memory");
}
/* Async -> sync of the running activation; the counter still revokes it. */
STILE_CAP_OP void stile_cap_sync(int c) {
    __asm__ volatile(".byte 0x0f, %c0, %c1" : : "i"(STILE_OP_CD_CAPOP), "i"(0xc0 | 2 << 3 | c) : "memory");
}
/* The domain capability stack. */
STILE_CAP_OP void stile_cap_push(int c) {
    __asm__ volatile(".byte 0x0f, %c0, %c1" : : "i"(STILE_OP_CD_CAPOP), "i"(0xc0 | 0 << 3 | c) : "memory");
}
STILE_CAP_OP void stile_cap_pop(int c) {
    __asm__ volatile(".byte 0x0f, %c0, %c1" : : "i"(STILE_OP_CD_CAPOP), "i"(0xc0 | 1 << 3 | c) : "memory");
}
/* Everything made asynchronous with this counter is dead, on every core, when this is done. */
STILE_CAP_OP void stile_cap_revoke(uint64_t* counter) {
    __asm__ volatile(".byte 0x0f, %c1, %c2"
                     :
                     : "D"(counter), "i"(STILE_OP_CD_CAPOP), "i"(STILE_CAP_RDI(3))
                     : "memory");
}
/* To and from capability storage, 32-byte aligned; async and empty ones only. */
STILE_CAP_OP void stile_cap_load(int c, const struct stile_cap* from) {
    __asm__ volatile(".byte 0x0f, %c1, %c2"
                     :
                     : "D"(from), "i"(STILE_OP_CD_CAPLD), "i"(STILE_CAP_RDI(c))
                     : "memory");
}
STILE_CAP_OP void stile_cap_store(struct stile_cap* to, int c) {
    __asm__ volatile(".byte 0x0f, %c1, %c2"
                     :
                     : "D"(to), "i"(STILE_OP_CD_CAPST), "i"(STILE_CAP_RDI(c))
                     : "memory");
}
/* Empties the registers whose bits are set. */
STILE_CAP_OP void stile_cap_clear(unsigned mask) {
    __asm__ volatile(".byte 0x0f, %c0, %c1" : : "i"(STILE_OP_CD_CAPCLR), "i"(mask & 0xff) : "memory");
}
/* What a register holds; all 0 when empty. The word's fields: STILE_CAP_ORIGIN and its neighbours. */
STILE_CAP_OP uint64_t stile_cap_base(int c) {
    uint64_t r;
    __asm__ volatile(".byte 0x0f, %c1, %c2" : "=a"(r) : "i"(STILE_OP_CD_CAPBASE), "i"(STILE_CAP_RAX(c)));
    return r;
}
STILE_CAP_OP uint64_t stile_cap_length(int c) {
    uint64_t r;
    __asm__ volatile(".byte 0x0f, %c1, %c2" : "=a"(r) : "i"(STILE_OP_CD_CAPLEN), "i"(STILE_CAP_RAX(c)));
    return r;
}
STILE_CAP_OP uint32_t stile_cap_word(int c) {
    uint64_t r;
    __asm__ volatile(".byte 0x0f, %c1, %c2" : "=a"(r) : "i"(STILE_OP_CD_CAPATTR), "i"(STILE_CAP_RAX(c)));
    return (uint32_t)r;
}

/* Pages of capability storage in a domain that the caller owns, zeroed: they hold empty capabilities and
 * revocation counters. Address or -errno. They can be unmapped, moved and remapped like others; ordinary
 * loads and stores are refused to everybody, to the kernel on a program's behalf too, and a child of fork
 * finds no such pages. */
static inline long stile_cap_pages(long domain, size_t length) {
    return dipc_dom_mmap(domain, 0, length, PROT_READ | PROT_WRITE | STILE_PROT_CAPS);
}

/* A function that other domains may call: it begins at an entry point. Put it into a section of its own,
 * aligned to pages, and give those pages to a domain with dipc_dom_remap. */
#define STILE_DOMAIN_ENTRY __attribute__((aligned(STILE_ENTRY_ALIGN), noinline, used))

#endif
