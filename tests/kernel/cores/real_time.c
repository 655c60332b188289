/* SPDX-License-Identifier: Apache-2.0
 *
 * Question: do SCHED_FIFO and SCHED_RR say who runs, as in Linux (sched(7))? Also runs on Linux, on the CPUs
 * that it is given, as somebody who may set them; argument: how many CPUs of them to use.
 */
#include "tests/kernel/programs/check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

static int cpus;

/* musl's wrappers refuse. */
static int set(int policy, int priority) {
    const struct { int priority; } p = {priority};
    return syscall(SYS_sched_setscheduler, 0, policy, &p) == 0 ? 0 : errno;
}
static int policy_of(int tid) { return (int)syscall(SYS_sched_getscheduler, tid); }
static int priority_of(int tid) {
    int priority = -1;
    syscall(SYS_sched_getparam, tid, &priority);
    return priority;
}

static void told(void) {
    CHECK(policy_of(0) == SCHED_OTHER && priority_of(0) == 0);
    CHECK(set(SCHED_FIFO, 0) == EINVAL && set(SCHED_FIFO, 100) == EINVAL && set(SCHED_OTHER, 1) == EINVAL);
    CHECK(set(77, 0) == EINVAL);
    CHECK(set(SCHED_RR, 7) == 0 && policy_of(0) == SCHED_RR && priority_of(0) == 7);
    int eight = 8, none = 0;
    CHECK(syscall(SYS_sched_setparam, 0, &eight) == 0 && priority_of(0) == 8);
    CHECK(syscall(SYS_sched_setparam, 0, &none) == -1 && errno == EINVAL);
    /* struct sched_attr: musl's sched.h and Linux's cannot be had together. */
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t times[3];
    } a = {0};
    CHECK(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) == 0 && a.policy == SCHED_RR && a.priority == 8);
    /* Children inherit it, or not. */
    for (int reset = 0; reset < 2; ++reset) {
        CHECK(set(SCHED_FIFO | (reset ? SCHED_RESET_ON_FORK : 0), 3) == 0);
        CHECK(policy_of(0) == (SCHED_FIFO | (reset ? SCHED_RESET_ON_FORK : 0)));
        const pid_t child = fork();
        if (child == 0) _exit(policy_of(0) * 10 + priority_of(0));
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WEXITSTATUS(status) == (reset ? 0 : SCHED_FIFO * 10 + 3));
    }
    struct timespec slice;
    CHECK(syscall(SYS_sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0 && slice.tv_nsec == 0);
    CHECK(set(SCHED_OTHER, 0) == 0);
}

/* Threads write who they are when they get the CPU. */
static char order[64];
static int written;
static sem_t go;
static volatile int stop, runs;

static void write_letter(char c) { order[__atomic_fetch_add(&written, 1, __ATOMIC_SEQ_CST)] = c; }

struct job {
    char letter;
    int policy, priority;
    void (*body)(char letter);
};

static void* do_job(void* argument) {
    const struct job* j = argument;
    CHECK(set(j->policy, j->priority) == 0);
    sem_wait(&go);
    j->body(j->letter);
    return NULL;
}

/* All of them asleep, then let go at once by a thread that is more urgent than any; who gets the CPU when? */
static const char* order_of(const struct job* jobs, int n, void (*then)(void)) {
    pthread_t threads[16];
    memset(order, 0, sizeof order);
    written = 0;
    sem_init(&go, 0, 0);
    for (int i = 0; i < n; ++i) pthread_create(&threads[i], NULL, do_job, (void*)&jobs[i]);
    CHECK(set(SCHED_OTHER, 0) == 0);
    struct timespec a_while = {0, 20000000};
    nanosleep(&a_while, NULL);
    CHECK(set(SCHED_FIFO, 99) == 0);
    for (int i = 0; i < n; ++i) sem_post(&go);
    if (then) then();
    for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
    CHECK(set(SCHED_OTHER, 0) == 0);
    return order;
}

static void once(char letter) { write_letter(letter); }

static void yields(char letter) {
    for (int i = 0; i < 3; ++i) {
        write_letter(letter);
        sched_yield();
    }
}

/* Longer than any slice of Linux: 100 ms. */
static void spins(char letter) {
    const int quick = getenv("LINUX") == NULL;
    struct timespec begin, now;
    write_letter(letter);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < (quick ? 6 : 120));
    write_letter((char)(letter - 'a' + 'A'));
}

/* The lowest one holds what the highest one wants after it has been woken. */
static sem_t middle;
static void wakes_a_higher_one(char letter) {
    write_letter(letter);
    sem_post(&middle);
    write_letter(letter);
}
static void is_woken(char letter) {
    sem_wait(&middle);
    write_letter(letter);
}

static void urgency(void) {
    const struct job by_priority[] = {{'o', SCHED_OTHER, 0, once},
                                      {'a', SCHED_FIFO, 10, once},
                                      {'c', SCHED_RR, 30, once},
                                      {'b', SCHED_FIFO, 20, once},
                                      {'d', SCHED_FIFO, 40, once}};
    CHECK(strcmp(order_of(by_priority, 5, NULL), "dcbao") == 0);
    const struct job equals[] = {
        {'a', SCHED_FIFO, 5, yields}, {'b', SCHED_FIFO, 5, yields}, {'c', SCHED_FIFO, 4, yields}};
    CHECK(strcmp(order_of(equals, 3, NULL), "abababccc") == 0);
    /* SCHED_FIFO goes on until it sleeps, SCHED_RR takes turns with its equals, and neither with less urgent
     * ones. */
    const struct job fifo[] = {{'a', SCHED_FIFO, 5, spins}, {'b', SCHED_FIFO, 5, spins}};
    CHECK(strcmp(order_of(fifo, 2, NULL), "aAbB") == 0);
    const struct job rr[] = {{'a', SCHED_RR, 5, spins}, {'b', SCHED_RR, 5, spins}, {'c', SCHED_RR, 4, once}};
    CHECK(strcmp(order_of(rr, 3, NULL), "abABc") == 0);
    /* A wake-up of somebody more urgent takes effect at once; the one that was displaced is first of its
     * equals. */
    sem_init(&middle, 0, 0);
    const struct job wake[] = {
        {'h', SCHED_FIFO, 9, is_woken}, {'l', SCHED_FIFO, 2, wakes_a_higher_one}, {'m', SCHED_FIFO, 2, once}};
    CHECK(strcmp(order_of(wake, 3, NULL), "lhlm") == 0);
}

/* A timer wakes a real-time thread while somebody else spins: not at the next tick, at once. */
static void* spin(void* unused) {
    while (!stop) continue;
    return unused;
}
static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}
static void wakes_in_time(void) {
    pthread_t spinners[8];
    stop = 0;
    for (int i = 0; i < cpus; ++i) pthread_create(&spinners[i], NULL, spin, NULL);
    CHECK(set(SCHED_FIFO, 50) == 0);
    int64_t worst = 0, at = now_ns();
    for (int i = 0; i < 10; ++i) {
        at += 3000000;
        const struct timespec then = {at / 1000000000, at % 1000000000};
        CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == 0);
        const int64_t late = now_ns() - at;
        CHECK(late >= 0);
        if (late > worst) worst = late;
    }
    if (getenv("LINUX") == NULL) CHECK(worst < 20000);
    /* Made normal again, it shares the CPU. */
    CHECK(set(SCHED_OTHER, 0) == 0);
    stop = 1;
    for (int i = 0; i < cpus; ++i) pthread_join(spinners[i], NULL);
}

/* Of two CPUs the two most urgent threads have one each, wherever they were. */
static volatile long progress[4];
static void* count(void* argument) {
    const long i = (long)argument;
    CHECK(set(SCHED_FIFO, 10 + (int)i) == 0);
    sem_wait(&go);
    while (!stop) ++progress[i];
    return NULL;
}
static void most_urgent_ones(void) {
    pthread_t t[4];
    stop = 0;
    sem_init(&go, 0, 0);
    CHECK(set(SCHED_FIFO, 90) == 0);
    for (long i = 0; i < 4; ++i) pthread_create(&t[i], NULL, count, (void*)i);
    struct timespec a_while = {0, 10000000};
    nanosleep(&a_while, NULL);
    for (int i = 0; i < 4; ++i) sem_post(&go);
    nanosleep(&a_while, NULL);
    const long low = progress[0] + progress[1], high = progress[2] < progress[3] ? progress[2] : progress[3];
    CHECK(low == 0 || getenv("LINUX"));
    CHECK(high > 1000);
    stop = 1;
    for (int i = 0; i < 4; ++i) pthread_join(t[i], NULL);
    CHECK(set(SCHED_OTHER, 0) == 0);
}

int main(int argc, char** argv) {
    cpu_set_t all, used;
    cpus = argc > 1 ? atoi(argv[1]) : 1;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&used);
    for (int i = 0, n = 0; i < CPU_SETSIZE && n < cpus; ++i)
        if (CPU_ISSET(i, &all)) CPU_SET(i, &used), ++n;
    CHECK(sched_setaffinity(0, sizeof used, &used) == 0);
    if (set(SCHED_FIFO, 1) == EPERM) return 77; /* only somebody privileged may */
    set(SCHED_OTHER, 0);
    told();
    if (cpus == 1) urgency();
    wakes_in_time();
    if (cpus == 2) most_urgent_ones();
    return END;
}
