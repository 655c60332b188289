/* SPDX-License-Identifier: Apache-2.0
 *
 * The gallery's world: a victim process that keeps secrets and exports a few harmless functions, and an
 * attacker process that the victim starts. Both lie in the shared page table. Everything that an attacker
 * needs to know is told to it: an address is no right.
 */
#ifndef STILE_TESTS_SECURITY_ATTACKS_WORLD_H
#define STILE_TESTS_SECURITY_ATTACKS_WORLD_H

#include "os/lib/codoms.h"
#include "os/lib/dipc.h"

#define SECRET 0x5ec4e70f57113aull

/* What the victim exports. */
enum {
    TELL,      /* (enum place) -> address */
    WORK,      /* (a, b) -> a + b; counts its calls */
    LEND,      /* () lends the attacker's function a capability of `page`, for the time of a call */
    GIVE,      /* () -> leaves in register 2 an asynchronous capability to read `page` */
    TAKE_BACK, /* () revokes that */
    FORGET,    /* () -> leaves in register 3 a synchronous capability that it made for itself */
    CALL_BACK, /* () calls the attacker's function, from a stack that is to stay the victim's */
    RUN,       /* () -> runs the victim's own code at AT_CODE */
    ENTRIES
};
enum place {
    AT_SECRET,
    AT_RESULTS, /* 64 words that must add up */
    AT_WORD,    /* a futex word of the victim's own, worth 1 */
    AT_PRIVATE, /* a function that nobody was given */
    AT_GADGET,  /* another, which ends the process that it acts for with status GOT_IN */
    AT_WORK,    /* where WORK really is, behind its proxy */
    AT_LAZY,    /* code that no page has been put in for so far; ends like AT_GADGET */
    AT_PAGE,    /* a page with a secret in its first word, lent and given in parts */
    AT_STORAGE, /* capability storage of the victim's */
    AT_STACK,   /* the victim's main thread's stack */
    AT_FRAME,   /* a signal frame that the victim left lying about, RAX holding the secret */
    AT_POLICY,  /* the victim's page of constants: read only */
    AT_CALLS,   /* no address: how often WORK was called */
    AT_LOCAL,   /* a variable in the frame of CALL_BACK */
    AT_CODE,    /* code that the victim writes itself, on a writable page; gives 1 */
};

/* Exit status. */
enum { TOLD_NO = 0, SET_UP_FAILED = 2, INCONCLUSIVE = 3, GOT_IN = 7 };

static inline void describe(struct stile_entry e[ENTRIES], unsigned policy) {
    static const unsigned char arguments[ENTRIES] = {[TELL] = 1, [WORK] = 2};
    for (int i = 0; i < ENTRIES; ++i)
        e[i] = (struct stile_entry){.int_args = arguments[i], .results = 1, .policy = policy};
}

/* What the attacker exports to be called back: one function without arguments. */
static inline struct stile_entry call_back_entry(unsigned policy) {
    return (struct stile_entry){.results = 1, .policy = policy};
}

static inline long wait_for_name(const char* name) {
    long h;
    while ((h = dipc_name_lookup(name)) == -2 /* ENOENT */) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return h;
}

#endif
