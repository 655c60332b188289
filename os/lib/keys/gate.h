/* SPDX-License-Identifier: Apache-2.0
 *
 * Call gates over memory protection keys, as ERIM (Vahldiek-Oberwagner et al., USENIX Security'19) and Hodor
 * (Hedayati et al., ATC'19) make them. The keys are immediate operands of the gates, so that what is written
 * to PKRU can be compared with what should have been: whoever jumps to the `wrpkru` with other rights in EAX
 * is stopped behind it. That no other `wrpkru` is in the program is for an inspection of its binary to see
 * (ERIM, section 3.4), which is not done here; nor a `wrfsbase` in the server, or a system call that does the
 * same (arch_prctl), by which it could move the caller's thread to another stack.
 */
#ifndef STILE_OS_LIB_KEYS_GATE_H
#define STILE_OS_LIB_KEYS_GATE_H

#define STILE_KEY_SERVER 1  /* the server's memory */
#define STILE_KEY_PAYLOAD 2 /* what both touch */

/* Two bits by key: 1 no access, 2 no stores. Keys that nobody has stay closed, as at the start of a program.
 */
#define STILE_PKRU_CLIENT 0x55555544      /* all but the server */
#define STILE_PKRU_SERVER_LOW 0x55555540  /* the client, too */
#define STILE_PKRU_SERVER_HIGH 0x55555541 /* server and payload only */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* What a gate goes by, on a page of the server's, where the client cannot change it. The order is the gates'.
 */
struct stile_key_gate {
    void* context;
    size_t (*handler)(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);
    void* stack;                     /* of policy `high`: its end, 0 while a call is there */
    uint64_t payload, answer, bytes; /* the two buffers */
    uint32_t mxcsr;
    char rest[4096 - 6 * 8 - 4];
};
extern struct stile_key_gate stile_key_gate;

/* The length of the answer. High: -EINVAL unless the payload lies in the two buffers,
 * -EAGAIN while another thread's call is there. */
long stile_key_call_low(uint32_t code, void* in, size_t length, void* out, size_t capacity);
long stile_key_call_high(uint32_t code, void* in, size_t length, void* out, size_t capacity);
#endif

#endif
