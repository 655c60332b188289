/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's second protection domain: what its sources named *_domain.c and *_domain.S define, on pages of
 * their own (cmake/guest_domain.ld, a link option of the program). Until stile_domain_split() these pages are
 * ordinary ones, so that they can be set up; after it they belong to a domain that has no right over the
 * program.
 *
 * Every multiple of 64 in pages that one may call is an entry point, and compiled code does not guard them.
 * So there are two ways in. Open: the program gets the call right over all of the domain's code. Gated: over
 * the code in section .text.gate only, a domain of its own that may touch the other one and
 * must be written so that it cannot be entered wrongly. It leaves through section .text.gate_exit, a domain
 * without rights that only gates may call (os/lib/domain/entry_domain.S says why).
 */
#ifndef STILE_OS_LIB_DOMAIN_H
#define STILE_OS_LIB_DOMAIN_H

#include "os/lib/channel.h"

/* What serves calls in the second domain; a program that offers mechanism `codoms` defines it. */
struct stile_domain_server {
    /* Before the split: makes the context for this client. 0 or -errno. */
    int (*set_up)(struct stile_channel* client);
    stile_handler handler; /* an entry point: under `low` it is called as it is */
    void* context;
    /* Under `high` instead, in the gate: (code, length) -> length of the answer; the request and room for the
     * answer come in capability registers 0 and 1. */
    long (*isolated)(long code, long length);
};
extern const struct stile_domain_server stile_domain_server __attribute__((weak));

/* Where its pages begin and end, named by cmake/guest_domain.ld: without one these are absent, which only
 * weak names may be. */
#define STILE_DOMAIN_BOUNDS(attribute)                                                                   \
    extern char stile_domain_code[] attribute, stile_domain_code_end[] attribute,                        \
        stile_domain_gate[] attribute, stile_domain_gate_end[] attribute, stile_domain_exit[] attribute, \
        stile_domain_exit_end[] attribute, stile_domain_data[] attribute, stile_domain_data_end[] attribute

/* 0 or -errno: -ENOSYS where there are no domains. */
long stile_domain_split(const char* name, int gated);
/* Of the domain that it has made: for rights over more than the domain's own pages. And of the gate's exit,
 * which gates to further domains can share. */
extern long stile_domain_handle, stile_domain_exit_handle;

/* os/lib/codoms_stubs.S */
long codoms_isolated_call2(uint64_t entry, long a, long b);

#endif
