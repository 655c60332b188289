/* SPDX-License-Identifier: Apache-2.0
 *
 * What the test server exports.
 */
#ifndef STILE_TESTS_KERNEL_DIPC_ENTRIES_H
#define STILE_TESTS_KERNEL_DIPC_ENTRIES_H

#include "os/lib/dipc.h"

enum { ADD, SECRET, CRASH, WHO, MANY, CALL_BACK, LEAVE, STACK, CODE, EXIT, BLOCK, SPIN, DEEP, UNTOUCHED, HOSTS, TLS, MOVE, CAPS, ENTRIES };
enum { SECRET_VALUE = 42, CHANNEL_BYTES = 100 };

static inline void describe(struct stile_entry e[ENTRIES], unsigned policy) {
    static const unsigned char arguments[ENTRIES][2] = {
        [ADD] = {2, 0}, [MANY] = {6, 3}, [CALL_BACK] = {1, 0}, [STACK] = {1, 0}, [EXIT] = {1, 0}, [SPIN] = {1, 0}, [DEEP] = {1, 0}, [HOSTS] = {1, 0}, [MOVE] = {1, 0}};
    for (int i = 0; i < ENTRIES; ++i)
        e[i] = (struct stile_entry){
            .int_args = arguments[i][0], .stack_args = arguments[i][1], .results = 1, .policy = policy};
}

/* The calling thread runs on that CPU only, and is there when this returns. */
static inline long run_on(long cpu) {
    unsigned long mask = 1ul << cpu;
    unsigned here = ~0u;
    const long r = stile_syscall3(SYS_sched_setaffinity, 0, sizeof mask, (long)&mask);
    if (r < 0) return r;
    stile_syscall3(SYS_getcpu, (long)&here, 0, 0);
    return here;
}

static inline long wait_for_name(const char* name) {
    long h;
    while ((h = dipc_name_lookup(name)) == -2 /* ENOENT */) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return h;
}

#endif
