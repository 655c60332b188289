/* SPDX-License-Identifier: Apache-2.0
 *
 * futex in all its operations, and what C libraries build on it: robust and priority-inheriting mutexes,
 * barriers, read-write locks, semaphores between processes; a fork beside waiting threads. */
#include "check.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>

static long futex(int* word, int op, int value, const void* timeout, int* word2, int value3) {
    return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static int words[2];
static volatile int asleep;
static void* wait_on_word(void* bits) {
    __atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
    if (bits) return (void*)futex(words, FUTEX_WAIT_BITSET, 0, 0, 0, (int)(long)bits);
    return (void*)futex(words, FUTEX_WAIT, 0, 0, 0, 0);
}
static void start(pthread_t* threads, int n, long bits) {
    asleep = 0;
    for (int i = 0; i < n; i++) pthread_create(&threads[i], 0, wait_on_word, (void*)bits);
    while (asleep < n) usleep(100);
    usleep(5000);
}
static void join(pthread_t* threads, int n) {
    void* result;
    for (int i = 0; i < n; i++) CHECK(pthread_join(threads[i], &result) == 0 && !result);
}

static void operations(void) {
    pthread_t threads[4];
    struct timespec little = {0, 2000000}, wrong = {0, -1};
    CHECK_ERROR(futex(words, FUTEX_WAIT, 1, 0, 0, 0), EAGAIN);
    CHECK_ERROR(futex(words, FUTEX_WAIT, 0, &little, 0, 0), ETIMEDOUT);
    CHECK_ERROR(futex(words, FUTEX_WAIT, 0, &wrong, 0, 0), EINVAL);
    CHECK_ERROR(futex((int*)((char*)words + 1), FUTEX_WAIT, 0, 0, 0, 0), EINVAL);
    CHECK_ERROR(futex((int*)16, FUTEX_WAIT, 0, 0, 0, 0), EFAULT);
    CHECK_ERROR(futex(words, FUTEX_WAIT_BITSET, 0, 0, 0, 0), EINVAL);
    CHECK(futex(words, FUTEX_WAKE, 1, 0, 0, 0) == 0);
    start(threads, 4, 0);
    CHECK(futex(words, FUTEX_WAKE, 1, 0, 0, 0) == 1);
    CHECK(futex(words, FUTEX_CMP_REQUEUE, 1, (void*)2, words + 1, 0) == 3);
    CHECK_ERROR(futex(words, FUTEX_CMP_REQUEUE, 1, (void*)2, words + 1, 9), EAGAIN);
    CHECK(futex(words, FUTEX_WAKE, INT_MAX, 0, 0, 0) == 0);
    CHECK(futex(words + 1, FUTEX_WAKE, INT_MAX, 0, 0, 0) == 2);
    join(threads, 4);
    start(threads, 2, 4);
    CHECK(futex(words, FUTEX_WAKE_BITSET, INT_MAX, 0, 0, 3) == 0);
    CHECK(futex(words, FUTEX_WAKE_BITSET, INT_MAX, 0, 0, 12) == 2);
    join(threads, 2);
    /* words[1] += 5; wake one on words[0], and one on words[1] if it was 0. */
    start(threads, 2, 0);
    CHECK(futex(words, FUTEX_WAKE_OP, 1, (void*)1, words + 1,
                (int)FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)) == 1);
    CHECK(words[1] == 5);
    CHECK(futex(words + 1, FUTEX_WAKE_OP, 1, (void*)1, words,
                (int)FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_LT, 1)) == 1);
    join(threads, 2);
    /* A page that is copied because of a fork is still the same word. */
    start(threads, 2, 0);
    pid_t child = fork();
    if (!child) {
        usleep(20000);
        _exit(0);
    }
    words[0] = 1;
    CHECK(futex(words, FUTEX_WAKE, INT_MAX, 0, 0, 0) == 2);
    join(threads, 2);
    CHECK(status_of(child) == 0);
}

static pthread_mutex_t robust, inheriting;
static void* die_holding(void* mutex) { return (void*)(long)pthread_mutex_lock(mutex); }
static int turns;
static void* take_turns(void* mutex) {
    for (int i = 0; i < 300; i++) {
        pthread_mutex_lock(mutex);
        int t = turns;
        if (i % 16 == 0) sched_yield();
        turns = t + 1;
        pthread_mutex_unlock(mutex);
    }
    return 0;
}

static void mutexes(void) {
    pthread_mutexattr_t attributes;
    pthread_t threads[4];
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(threads, 0, die_holding, &robust);
    pthread_join(threads[0], 0);
    CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD && pthread_mutex_consistent(&robust) == 0);
    CHECK(pthread_mutex_unlock(&robust) == 0 && pthread_mutex_lock(&robust) == 0);
    CHECK(pthread_mutex_unlock(&robust) == 0);

    pthread_mutexattr_init(&attributes);
    CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    CHECK(pthread_mutex_init(&inheriting, &attributes) == 0);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, take_turns, &inheriting);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    CHECK(turns == 1200);
    struct timespec until;
    pthread_mutex_t* once = &inheriting;
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    static pthread_mutex_t both;
    CHECK(pthread_mutex_init(&both, &attributes) == 0);
    pthread_create(threads, 0, die_holding, &both);
    pthread_join(threads[0], 0);
    CHECK(pthread_mutex_lock(&both) == EOWNERDEAD);
    pthread_mutex_lock(once);
    pid_t child = fork();
    if (!child) _exit(0);
    CHECK(status_of(child) == 0);
    pthread_mutex_unlock(once);
    clock_gettime(CLOCK_REALTIME, &until);
    CHECK(pthread_mutex_timedlock(once, &until) == 0);
    CHECK(pthread_mutex_unlock(once) == 0);
}

static pthread_barrier_t barrier;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int phases[3], readers_saw;
static void* phase(void* unused) {
    for (int i = 0; i < 3; i++) {
        __atomic_add_fetch(&phases[i], 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&barrier);
        if (phases[i] != 4) return (void*)1;
    }
    pthread_rwlock_rdlock(&lock);
    readers_saw += turns > 0;
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_wrlock(&lock);
    turns++;
    pthread_rwlock_unlock(&lock);
    return 0;
}

static void others(void) {
    pthread_t threads[4];
    void* result;
    pthread_barrier_init(&barrier, 0, 4);
    turns = 1;
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, phase, 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], &result) == 0 && !result);
    CHECK(turns == 5);
    sem_t* between = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(sem_init(between, 1, 0) == 0 && sem_init(between + 1, 1, 0) == 0);
    pid_t child = fork();
    if (!child) {
        for (int i = 0; i < 50; i++) {
            sem_wait(between);
            sem_post(between + 1);
        }
        _exit(0);
    }
    for (int i = 0; i < 50; i++) {
        sem_post(between);
        sem_wait(between + 1);
    }
    CHECK(status_of(child) == 0);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    operations();
    mutexes();
    others();
    return END;
}
