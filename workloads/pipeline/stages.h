/* SPDX-License-Identifier: Apache-2.0
 *
 * The stages of mechanisms whose client and servers are one process.
 */
#ifndef STILE_WORKLOADS_PIPELINE_STAGES_H
#define STILE_WORKLOADS_PIPELINE_STAGES_H

#include "workloads/pipeline/arguments.h"

/* Stages 1 to depth behind A's channel, which is open. 0, or -errno with the reason in `why` or NULL there.
 */
int make_stages(struct stile_channel* first, const struct arguments* a, const char** why);

/* Of mechanism `codoms`; in programs with a second domain. 0 or -errno. */
int make_domain_stages(struct stile_channel* first, const struct arguments* a) __attribute__((weak));

/* Of mechanism `mpk`, likewise. */
int make_key_stages(struct stile_channel* first, const struct arguments* a, const char** why)
    __attribute__((weak));

#endif
