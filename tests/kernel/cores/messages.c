/* SPDX-License-Identifier: Apache-2.0
 *
 * messages threads|processes|asleep: what does the second CPU do while the first one maps, touches and unmaps
 * 64 pages, 50 times? It runs a thread of the same process, or another process, or nothing. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/marker.h"

static volatile int* ready;

static void run_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) _exit(2);
}
static void* spin(void* sleeps) {
    run_on(1);
    *ready = 1;
    if (sleeps) pause();
    for (;;) __builtin_ia32_pause();
    return 0;
}

int main(int argc, char** argv) {
    ready = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = 0;
    if (!strcmp(argv[1], "processes")) {
        child = fork();
        if (!child) spin(0);
    } else {
        pthread_t thread;
        pthread_create(&thread, 0, spin, strcmp(argv[1], "asleep") ? 0 : "yes");
    }
    run_on(0);
    while (!*ready) sched_yield();
    usleep(1000);
    STILE_MARK(STILE_MARK_ROI_BEGIN, 0, 0, 0);
    for (int i = 0; i < 50; i++) {
        char* p = mmap(0, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int k = 0; k < 64; k++) p[k * 4096] = 1;
        munmap(p, 64 * 4096);
    }
    STILE_MARK(STILE_MARK_ROI_END, 0, 0, 0);
    if (child) kill(child, SIGKILL), wait(0);
    _exit(0);
}
