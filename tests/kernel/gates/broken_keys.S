/* SPDX-License-Identifier: Apache-2.0
 *
 * os/lib/keys/gates.S as one might write it, with one thing missing:
 *   NO_LOCK    whether the stack is free is asked, and then it is taken
 *   ONE_PLACE  the caller's stack pointer is kept where all threads keep theirs
 */
#include "os/lib/keys/gate.h"
#include "os/lib/keys/gate.inc"

#ifdef NO_LOCK
    .purgem take_lock
.macro take_lock page
    mov \page + STACK(%rip), %r9
    test %r9, %r9
    je 2f
    movq $0, \page + STACK(%rip)
.endm
#define WHOSE thread
#else
#define WHOSE all
#endif

    .hidden stile_key_gate
    .globl stile_key_call_high

    .section .text.stub, "ax", @progbits
    high_gate stile_key_call_high, stile_key_gate, client_stack, WHOSE, STILE_PKRU_SERVER_HIGH, STILE_PKRU_CLIENT

wrong_rights:
    ud2

#ifdef NO_LOCK
    .section .tbss, "awT", @nobits
#else
    .bss
#endif
    .balign 8
client_stack:
    .zero 8

    .section .note.GNU-stack, "", @progbits
