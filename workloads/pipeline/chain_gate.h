/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates of mechanism `mpk` for a chain of stages, as os/lib/keys/gate.h has them for one server: every
 * stage's memory has a key of its own, and each gate's immediate operands say which keys the stage behind it
 * may use.
 *
 *   low   a stage may touch what its callers may, and its own: keys are opened on the way in, closed on the
 * way back. It runs on the caller's stack. high  a stage may touch its own memory and the payload, nothing
 * else: stack and registers are its own.
 */
#ifndef STILE_WORKLOADS_PIPELINE_CHAIN_GATE_H
#define STILE_WORKLOADS_PIPELINE_CHAIN_GATE_H

#define CHAIN_STAGES 14 /* keys: 0 is the program's, 1 the payload's, 2 to 15 those of stages 1 to 14 */
#define CHAIN_KEY_PAYLOAD 1
#define CHAIN_KEY(stage) ((stage) + 1)
#define CHAIN_GATE_BYTES 4096

/* Two bits by key: 1 no access, 2 no stores. */
#define CHAIN_PKRU_A 0x55555550

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* What the gate of stage i goes by, on a page that has that stage's key; page 0 is A's. The order is the
 * gates'. */
struct chain_gate {
    void* context;
    size_t (*handler)(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);
    void* stack;                     /* of policy `high`: its end, 0 while a call is there */
    uint64_t payload, answer, bytes; /* the two buffers */
    uint32_t mxcsr;
    void* left; /* the stack of this stage, while the next one runs */
    char rest[CHAIN_GATE_BYTES - 8 * 8];
};
extern struct chain_gate chain_gates[CHAIN_STAGES + 1] __attribute__((visibility("hidden")));

/* By stage, from 1. (code, in, length, out, capacity) -> length of the answer, or -EINVAL under `high` when
 * the payload does not lie in the two buffers. */
extern long (*const chain_low[CHAIN_STAGES])(uint32_t, void*, size_t, void*, size_t);
extern long (*const chain_high[CHAIN_STAGES])(uint32_t, void*, size_t, void*, size_t);
#endif

#endif
