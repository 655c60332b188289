/* SPDX-License-Identifier: Apache-2.0
 *
 * A stage in a protection domain of its own, of mechanisms `codoms` and `mpk`: its code and data are one
 * image, which the program copies for every stage but the first (images.c). So nothing in it may point to
 * itself: all pointers are written by the program.
 */
#ifndef STILE_WORKLOADS_PIPELINE_STAGE_DOMAIN_H
#define STILE_WORKLOADS_PIPELINE_STAGE_DOMAIN_H

#include "os/lib/domain/serve.h"
#include "workloads/pipeline/stage.h"

enum { NEXT_ENTRY }; /* own[] of `onward`: the gate in front of the next stage */

struct domain_stage {
    struct stage stage;
    struct stile_channel own, onward;
    struct stile_mechanism own_mechanism, onward_mechanism;
};

extern struct domain_stage domain_stage IN_DOMAIN;

/* An entry point. */
size_t domain_stage_handle(void* context, uint32_t code, void* in, size_t length, void* out,
                           size_t capacity) IN_DOMAIN;

/* Calls of the next stage, by policy. */
long domain_call_low(struct stile_channel* ch, uint32_t code, size_t length, void** in) IN_DOMAIN;
long domain_call_high(struct stile_channel* ch, uint32_t code, size_t length, void** in) IN_DOMAIN;
/* Likewise through a gate of chain_gate.h. */
long domain_call_gate(struct stile_channel* ch, uint32_t code, size_t length, void** in) IN_DOMAIN;

/* nested_domain.S: as codoms_isolated_call2, by a caller that runs on `domain_stack`. */
long domain_nested_call2(uint64_t entry, long a, long b) IN_DOMAIN;

#endif
