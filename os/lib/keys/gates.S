/* SPDX-License-Identifier: Apache-2.0
 *
 * long stile_key_call_low(code, in, length, out, capacity) and ..._high: gate.h says what they are.
 */
#include "os/lib/keys/gate.h"
#include "os/lib/keys/gate.inc"

    .hidden stile_key_gate
    .globl stile_key_call_low, stile_key_call_high

    .section .text.stub, "ax", @progbits
    low_gate stile_key_call_low, stile_key_gate, STILE_PKRU_SERVER_LOW, STILE_PKRU_CLIENT
    high_gate stile_key_call_high, stile_key_gate, client_stack, thread, STILE_PKRU_SERVER_HIGH, \
              STILE_PKRU_CLIENT

wrong_rights:
    ud2

    .section .tbss, "awT", @nobits
    .balign 8
client_stack:
    .zero 8

    .section .note.GNU-stack, "", @progbits
