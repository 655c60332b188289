/* SPDX-License-Identifier: Apache-2.0
 *
 * Several processes or threads that do something in step: shared memory, and gates that open when everybody
 * has come.
 *
 * The leader makes the crew and hands its descriptor to members in other processes, which join. A member
 * calls stile_crew_pass(crew, 1), (crew, 2), ...; the leader, for each, waits for all members and opens:
 * stile_crew_gather(), then stile_crew_open(). Who has passed has seen that all others did, so that all go on
 * at the same moment, as far as there are cores for them.
 */
#ifndef STILE_OS_LIB_POOL_CREW_H
#define STILE_OS_LIB_POOL_CREW_H

#include <stddef.h>
#include <stdint.h>

struct stile_crew {
    uint32_t members;
    size_t bytes; /* with what follows */
    /* Each in a line of its own. */
    _Alignas(64) uint32_t arrived; /* at all gates together */
    _Alignas(64) uint32_t gate;    /* the last one that is open */
    _Alignas(64) uint32_t passed;  /* all gates together */
    _Alignas(64) uint32_t broken;  /* somebody cannot go on */
    _Alignas(64) char rest[];      /* the program's */
};

/* NULL: errno says why. `fd` is inherited by execve. */
struct stile_crew* stile_crew_make(unsigned members, size_t rest, int* fd);
struct stile_crew* stile_crew_join(int fd);

/* Member. 0, or -1 when somebody is broken. */
int stile_crew_pass(struct stile_crew* crew, uint32_t gate);
void stile_crew_break(struct stile_crew* crew);

/* Leader. Calls check() whenever something has happened (a child's end, say) until all are there or it says
 * that it makes no sense to wait. 0, or -1. */
int stile_crew_gather(struct stile_crew* crew, uint32_t gate, int (*check)(void*), void* context);
void stile_crew_open(struct stile_crew* crew, uint32_t gate);

#endif
