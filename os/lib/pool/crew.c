/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "os/lib/pool/crew.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/lib/stile.h"

enum { WAIT = 0, WAKE = 1 }; /* FUTEX_*; shared */

static void sleep_while(uint32_t* word, uint32_t value) {
    stile_syscall6(SYS_futex, (long)word, WAIT, value, 0, 0, 0);
}
static void wake(uint32_t* word, long count) { stile_syscall6(SYS_futex, (long)word, WAKE, count, 0, 0, 0); }

struct stile_crew* stile_crew_make(unsigned members, size_t rest, int* fd) {
    const size_t bytes = (sizeof(struct stile_crew) + rest + 4095) & ~(size_t)4095;
    *fd = memfd_create("crew", 0);
    if (*fd < 0 || ftruncate(*fd, (off_t)bytes) != 0) return NULL;
    struct stile_crew* crew = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (crew == MAP_FAILED) return NULL;
    crew->members = members;
    crew->bytes = bytes;
    return crew;
}

struct stile_crew* stile_crew_join(int fd) {
    struct stile_crew* crew = mmap(NULL, sizeof *crew, PROT_READ, MAP_SHARED, fd, 0);
    if (crew == MAP_FAILED) return NULL;
    const size_t bytes = crew->bytes;
    munmap(crew, sizeof *crew);
    crew = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (crew == MAP_FAILED) return NULL;
    /* A first touch in the middle of the work would cost a page fault. */
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char*)crew)[i];
    return crew;
}

void stile_crew_break(struct stile_crew* crew) {
    __atomic_store_n(&crew->broken, 1, __ATOMIC_SEQ_CST);
    wake(&crew->arrived, INT_MAX);
    wake(&crew->gate, INT_MAX);
}

int stile_crew_pass(struct stile_crew* crew, uint32_t gate) {
    __atomic_add_fetch(&crew->arrived, 1, __ATOMIC_SEQ_CST);
    wake(&crew->arrived, 1);
    for (uint32_t open; (open = __atomic_load_n(&crew->gate, __ATOMIC_ACQUIRE)) < gate;) {
        if (__atomic_load_n(&crew->broken, __ATOMIC_RELAXED)) return -1;
        sleep_while(&crew->gate, open);
    }
    /* Woken one by one; the last one lets all go. Others may need this core to get here. */
    const uint32_t all = gate * crew->members;
    __atomic_add_fetch(&crew->passed, 1, __ATOMIC_SEQ_CST);
    for (unsigned spins = 0; __atomic_load_n(&crew->passed, __ATOMIC_ACQUIRE) < all; ++spins) {
        if (__atomic_load_n(&crew->broken, __ATOMIC_RELAXED)) return -1;
        if (spins % 128 == 127)
            stile_syscall3(SYS_sched_yield, 0, 0, 0);
        else
            __asm__ volatile("pause");
    }
    return 0;
}

int stile_crew_gather(struct stile_crew* crew, uint32_t gate, int (*check)(void*), void* context) {
    uint32_t here;
    while ((here = __atomic_load_n(&crew->arrived, __ATOMIC_ACQUIRE)) < gate * crew->members) {
        if (__atomic_load_n(&crew->broken, __ATOMIC_RELAXED) || check(context) != 0) return -1;
        sleep_while(&crew->arrived, here);
    }
    return 0;
}

void stile_crew_open(struct stile_crew* crew, uint32_t gate) {
    __atomic_store_n(&crew->gate, gate, __ATOMIC_SEQ_CST);
    wake(&crew->gate, INT_MAX);
}
