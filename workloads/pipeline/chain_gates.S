/* SPDX-License-Identifier: Apache-2.0
 *
 * The gates of chain_gate.h, one per stage and policy. Stage by stage the page that a gate goes by is the next one, and
 * the caller's stack pointer is kept on the page before it, which the one thread uses that has the calling stage's
 * stack; of A, where there may be several, in the thread.
 */
#include "os/lib/keys/gate.inc"
#include "workloads/pipeline/chain_gate.h"

    /* Of struct chain_gate. */
    .set LEFT, 56
    .hidden chain_gates

    .section .text.stub, "ax", @progbits
    /* Stage by stage: open, besides A's keys, those of the stages so far; closed, but for the stage's and the
     * payload's. */
    .set low_outside, CHAIN_PKRU_A
    .set high_outside, CHAIN_PKRU_A
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .set low_inside_\stage, CHAIN_PKRU_A & ~((1 << (2 * \stage + 4)) - 1)
    .set high_inside_\stage, 0x55555555 & ~(3 << 2 * CHAIN_KEY_PAYLOAD) & ~(3 << (2 * \stage + 2))
    .endr
    .set low_inside_0, CHAIN_PKRU_A
    .set high_inside_0, CHAIN_PKRU_A
    .altmacro
.macro both_gates stage, before
    low_gate chain_low_\stage, (chain_gates + CHAIN_GATE_BYTES * \stage), low_inside_\stage, low_inside_\before
    .if \before
    high_gate chain_high_\stage, (chain_gates + CHAIN_GATE_BYTES * \stage), \
              (chain_gates + CHAIN_GATE_BYTES * \before + LEFT), stage, high_inside_\stage, high_inside_\before
    .else
    high_gate chain_high_\stage, (chain_gates + CHAIN_GATE_BYTES * \stage), stack_of_a, thread, high_inside_\stage, \
              high_inside_\before
    .endif
.endm
    .set number, 0
.macro all_gates
    .rept CHAIN_STAGES
    .set number, number + 1
    both_gates %number, %(number - 1)
    .endr
.endm
    all_gates
    .noaltmacro

wrong_rights:
    ud2

    .section .tbss, "awT", @nobits
    .balign 8
stack_of_a:
    .zero 8

    .section .data.rel.ro, "aw", @progbits
    .globl chain_low, chain_high
    .balign 8
chain_low:
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .quad chain_low_\stage
    .endr
chain_high:
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .quad chain_high_\stage
    .endr

    .section .note.GNU-stack, "", @progbits
