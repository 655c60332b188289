/* SPDX-License-Identifier: Apache-2.0
 *
 * Two threads on two cores that call a server at the same time, again and again. Exit status 0: one was
 * served at a time; 77: both were inside, or a call came back on the other one's stack; 3: they never met.
 */
#ifndef STILE_TESTS_KERNEL_GATES_MEETING_H
#define STILE_TESTS_KERNEL_GATES_MEETING_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "os/lib/stile.h"

enum { INCONCLUSIVE = 3, BROKEN_IN = 77, MEETINGS = 3000 };

static inline void handle_faults(void (*handler)(int), unsigned thread) {
    static char stack[2][16384] __attribute__((aligned(16)));
    const stack_t alternate = {.ss_sp = stack[thread], .ss_size = sizeof stack[0]};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigaltstack(&alternate, 0);
    sigaction(SIGSEGV, &a, 0);
    sigaction(SIGILL, &a, 0);
}

static inline void end_with(const char* what) {
    printf("%s\n", what);
    fflush(stdout);
    _exit(BROKEN_IN);
}
static inline void crashed(int sig) { end_with("a call came back on the other one's stack"); }

/* 0: served alone; 1: not alone; -EAGAIN: refused. */
static long (*meeting_call)(void);
static volatile long here, served, busy;

static __thread void* volatile mine;

static inline void* meet(void* core) {
    mine = core;
    handle_faults(crashed, (unsigned)(long)core);
    if (stile_run_on((unsigned)(long)core) < 0) _exit(INCONCLUSIVE);
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
    while (here < 2) continue;
    for (int i = 0; i < MEETINGS; ++i) {
        for (volatile int wait = core ? i % 61 : 0; wait > 0;) --wait; /* so that they meet everywhere */
        const long r = meeting_call();
        if (mine != core) crashed(0); /* that of the thread, and that of the stack */
        if (r == 1) end_with("two calls were inside at a time");
        __atomic_fetch_add(r == 0 ? &served : &busy, 1, __ATOMIC_SEQ_CST);
        if (r != 0 && r != -EAGAIN) _exit(INCONCLUSIVE);
    }
    return 0;
}

static inline int let_them_meet(long (*call)(void)) {
    pthread_t t[2];
    meeting_call = call;
    for (long i = 0; i < 2; ++i)
        if (pthread_create(&t[i], 0, meet, (void*)i) != 0) return INCONCLUSIVE;
    for (int i = 0; i < 2; ++i) pthread_join(t[i], 0);
    printf("served %ld, busy %ld\n", served, busy);
    return served && busy ? 0 : INCONCLUSIVE;
}

#endif
