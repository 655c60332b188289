/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages in parts of their own, in one program. The first is the program's second part as it was linked
 * (os/lib/domain.h); each further one is a copy of that image on other pages, at the same distances, so that
 * its code, which addresses everything relative to itself, finds its own data.
 */
#ifndef STILE_WORKLOADS_PIPELINE_IMAGES_H
#define STILE_WORKLOADS_PIPELINE_IMAGES_H

#include "workloads/pipeline/stage_domain.h"
#include "workloads/pipeline/stages.h"

extern long image_distance[MAX_DEPTH]; /* from the first stage's */

/* The symbol in the image of stage i + 1. */
#define OF(i, symbol) ((__typeof__(&(symbol)))((char*)&(symbol) + image_distance[i]))

/* All pages are still the program's. 0 or -errno. */
int copy_images(unsigned depth);

/* A's buffers are there. `onward`, of the first image, is how a stage calls the next one, and next[i] what it
 * is given for that in the image of stage i + 1. */
typedef long (*domain_call)(struct stile_channel*, uint32_t, size_t, void**);
void connect_images(const struct stile_channel* first, const struct arguments* a, domain_call onward,
                    const long next[MAX_DEPTH]);

#endif
