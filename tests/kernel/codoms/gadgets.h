/* SPDX-License-Identifier: Apache-2.0
 *
 * A second domain in the process, with the code of gadgets.S: the default domain may call it and nothing
 * else, and it has no rights at all but what is granted or lent.
 */
#pragma once

#include <string.h>
#include <sys/mman.h>

#include "os/lib/codoms.h"

extern const char gadgets[], gadgets_end[];
extern const char gadget_load[], gadget_store[], gadget_syscall[], gadget_capld[], gadget_make_async[],
    gadget_wait_for[], gadget_clone[], gadget_clone_jump[], gadget_sigreturn[], gadget_call[],
    gadget_clone_wait[], gadget_gate[], gadget_private[], gadget_lend[];

struct room {
    long domain;   /* owner handle */
    char* code;    /* where gadgets lie */
    long may_call; /* the grant */
};

/* 0, or which step failed. */
static inline int room_open(struct room* r, long own) {
    r->domain = dipc_dom_create("room");
    if (r->domain < 0) return 110;
    const long at = dipc_dom_mmap(r->domain, 0, 4096, PROT_READ | PROT_WRITE);
    if (at < 0) return 111;
    r->code = (char*)at;
    /* The default domain may not write there: the pages are its own while it does. */
    if (dipc_dom_remap(own, r->domain, r->code, 4096) < 0) return 112;
    memcpy(r->code, gadgets, (size_t)(gadgets_end - gadgets));
    if (mprotect(r->code, 4096, PROT_READ | PROT_EXEC) != 0) return 113;
    if (dipc_dom_remap(r->domain, own, r->code, 4096) < 0) return 114;
    const long callable = dipc_dom_copy(r->domain, STILE_RIGHT_CALL);
    r->may_call = dipc_grant_create(own, callable);
    return callable < 0 || r->may_call < 0 ? 115 : 0;
}

typedef long (*gadget_function)(long, long, long, long, long, long);
/* A call of its own, never a jump: docs/codoms.md, section 4. */
static inline long gadget(const struct room* r, const char* which, long a, long b, long c, long d, long e,
                          long f) {
    long result = ((gadget_function)(r->code + (which - gadgets)))(a, b, c, d, e, f);
    __asm__ volatile("" : "+r"(result));
    return result;
}
#define GADGET_SYSCALL(r, n, a, b, c, d) \
    gadget(r, gadget_syscall, n, (long)(a), (long)(b), (long)(c), (long)(d), 0)
