/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gate (entry_domain.S) finds in the domain behind it.
 */
#include "os/lib/domain/serve.h"

const uint32_t domain_mxcsr = 0x1f80; /* as at the start of a program */
char domain_stack[DOMAIN_STACK_BYTES] __attribute__((aligned(16)));
void* domain_free_stack = domain_stack + sizeof domain_stack;
