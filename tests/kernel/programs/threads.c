/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX threads over clone and futex; thread-local storage; preemption keeps every register. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, arrived;
static __thread int own = 5;

static void* count(void* name) {
    own += (int)(long)name;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        if (i % 100 == 0) sched_yield();
    }
    pthread_mutex_lock(&mutex);
    arrived++;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return (void*)(long)own;
}

static double series(int n) {
    double x = 1;
    for (int i = 0; i < n; i++) x = x * 1.0000001 + 0.5 / (i + 1);
    return x;
}
static double expected;
static void* floats(void* unused) { return (void*)(long)(series(400000) == expected); }

static void* leave_the_process(void* unused) {
    usleep(1000);
    exit(9);
}

int main(void) {
    pthread_t threads[6];
    void* result;
    for (long i = 0; i < 6; i++) CHECK(pthread_create(&threads[i], 0, count, (void*)i) == 0);
    pthread_mutex_lock(&mutex);
    while (arrived < 6) pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    for (long i = 0; i < 6; i++) CHECK(pthread_join(threads[i], &result) == 0 && (long)result == 5 + i);
    CHECK(counter == 12000 && own == 5);

    expected = series(400000);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, floats, 0);
    for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], &result) == 0 && (long)result == 1);

    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 3000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);

    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    usleep(5000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 5000000);

    pid_t child = fork();
    if (!child) {
        pthread_create(&threads[0], 0, leave_the_process, 0);
        for (;;) pause();
    }
    CHECK(status_of(child) == 9 << 8);
    return END;
}
