/* SPDX-License-Identifier: Apache-2.0
 *
 * When a system call that takes a page away has returned, does any CPU still get at it? One thread takes and
 * gives back, the others touch. Each touch asks before and after whether the page is taken; one that succeeds
 * in between went through a translation that the kernel should have had flushed. Exit status 0: none did; 3:
 * some did. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { times = 40 };
static volatile unsigned turn; /* odd: the page is taken */
static volatile int over, touchers_ready;
static volatile char* page;
static long stale, faults, touches;
static __thread sigjmp_buf resume;

static void on_fault(int number) { siglongjmp(resume, 1); }

static void* touch(void* write) {
    touchers_ready++;
    while (!over) {
        const unsigned before = turn;
        if (sigsetjmp(resume, 0)) {
            __atomic_fetch_add(&faults, 1, __ATOMIC_SEQ_CST);
            while (turn == before && !over) __builtin_ia32_pause();
            continue;
        }
        if (write)
            *page = 1;
        else
            (void)*page;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        if ((before & 1) && turn == before) __atomic_fetch_add(&stale, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&touches, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static void look_on(int n) {
    while (n--) __builtin_ia32_pause();
}

static void* map(void) {
    return mmap((void*)0x700000000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                -1, 0);
}

static void take_and_give(int way) {
    if (way == 0) mprotect((void*)page, 4096, PROT_NONE);
    if (way == 1) munmap((void*)page, 4096);
    if (way == 2) mremap((void*)page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void*)0x710000000000);
    turn++;
    look_on(300);
    turn++;
    if (way == 0)
        mprotect((void*)page, 4096, PROT_READ | PROT_WRITE);
    else
        map();
    look_on(300);
}

/* A page that has become copy-on-write may not be written through an old translation: the child would see it.
 */
static int forked(void) {
    const pid_t child = fork();
    int status = -1;
    if (child) return waitpid(child, &status, 0) == child ? status : -1;
    const char first = *page;
    for (int i = 0; i < 50; i++) {
        look_on(20);
        if (*page != first) _exit(1);
    }
    _exit(0);
}
static void* write_on(void* unused) {
    touchers_ready++;
    while (!over) (*page)++;
    return 0;
}

static void start(pthread_t* threads, int n, void* (*f)(void*), void* argument) {
    touchers_ready = over = 0;
    for (int i = 0; i < n; i++) pthread_create(&threads[i], 0, f, argument);
    while (touchers_ready < n) sched_yield();
}
static void stop(pthread_t* threads, int n) {
    over = 1;
    for (int i = 0; i < n; i++) pthread_join(threads[i], 0);
}

/* Argument "unmap" or "fork": only that. */
int main(int argc, char** argv) {
    pthread_t threads[3];
    const int others = sysconf(_SC_NPROCESSORS_ONLN) > 3 ? 3 : 1;
    const int unmap = argc == 1 || !strcmp(argv[1], "unmap"), forks = argc == 1 || !strcmp(argv[1], "fork");
    long changed = 0;
    page = map();
    struct sigaction action = {0};
    action.sa_handler = on_fault;
    action.sa_flags = SA_NODEFER;
    sigaction(SIGSEGV, &action, 0);
    for (long way = 0; unmap && way < 3; way++) {
        for (long write = 0; write < 2; write++) {
            start(threads, others, touch, (void*)write);
            for (int i = 0; i < times; i++) take_and_give((int)way);
            stop(threads, others);
        }
    }
    if (forks) {
        start(threads, 1, write_on, 0);
        for (int i = 0; i < 10; i++) changed += forked() != 0;
    }
    printf("%ld touches, %ld faults, %ld stale, %ld changed\n", touches, faults, stale, changed);
    fflush(stdout);
    _exit(stale || changed ? 3 : 0); /* with stale translations there is no joining the writer */
}
