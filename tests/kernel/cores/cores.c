/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads and processes on all CPUs that there are: do they see one memory, one kernel and one another? Runs
 * on any number of CPUs, on the host too. */
#include "tests/kernel/programs/check.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

enum { most = 64 };
static int cpu_of[most], cpus, workers;

static void run_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) abort();
}

static void find_cpus(void) {
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    for (int i = 0; i < most; i++)
        if (CPU_ISSET(i, &set)) cpu_of[cpus++] = i;
    CHECK(cpus > 0 && sysconf(_SC_NPROCESSORS_ONLN) == cpus);
    workers = cpus < 2 ? 2 : cpus > 4 ? 4 : cpus;
}

/* Calls f on `workers` threads, each on a CPU of its own as far as there are enough. */
static pthread_t threads[4];
static void start_all(void* (*f)(void*)) {
    for (long i = 0; i < workers; i++) CHECK(pthread_create(&threads[i], 0, f, (void*)i) == 0);
}
static long join_all(void) {
    long sum = 0;
    for (int i = 0; i < workers; i++) {
        void* result = 0;
        CHECK(pthread_join(threads[i], &result) == 0);
        sum += (long)result;
    }
    return sum;
}
static void spread(void* number) { run_on(cpu_of[(long)number % cpus]); }

static void* where_am_i(void* number) {
    spread(number);
    const int cpu = sched_getcpu();
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return (void*)(long)(cpu == cpu_of[(long)number % cpus] && CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set));
}
static void* inherited(void* unused) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return (void*)(long)(CPU_COUNT(&set) == 1 && CPU_ISSET(cpu_of[cpus - 1], &set));
}
static void affinity(void) {
    cpu_set_t all, none, set;
    CPU_ZERO(&none);
    sched_getaffinity(0, sizeof all, &all);
    for (int i = 0; i < cpus; i++) {
        run_on(cpu_of[i]);
        CHECK(sched_getcpu() == cpu_of[i]);
    }
    CHECK_ERROR(sched_setaffinity(0, sizeof none, &none), EINVAL);
    CHECK_ERROR(sched_setaffinity(0x7ffffff, sizeof all, &all), ESRCH);
    CHECK_ERROR(sched_setaffinity(0, sizeof set, (void*)8), EFAULT);
    pthread_t child;
    void* result = 0;
    pthread_create(&child, 0, inherited, 0);
    pthread_join(child, &result);
    CHECK((long)result == 1);
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
    start_all(where_am_i);
    CHECK(join_all() == workers);
}

/* Nobody makes a system call while they wait for each other: they have to run at the same time, or in turns.
 */
static volatile int arrived;
static void* meet(void* number) {
    spread(number);
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (arrived < workers) __builtin_ia32_pause();
    return 0;
}

enum { additions = 600000, turns = 20000, critical = 8000 };
static long atomic_sum, spin_sum, mutex_sum;
static int spin;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void* add(void* number) {
    spread(number);
    for (int i = 0; i < additions; i++) __atomic_fetch_add(&atomic_sum, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < turns; i++) {
        while (__atomic_exchange_n(&spin, 1, __ATOMIC_ACQUIRE))
            while (__atomic_load_n(&spin, __ATOMIC_RELAXED)) __builtin_ia32_pause();
        spin_sum++;
        __atomic_store_n(&spin, 0, __ATOMIC_RELEASE);
    }
    for (int i = 0; i < critical; i++) {
        pthread_mutex_lock(&mutex);
        mutex_sum++;
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}

enum { rounds = 200 };
static pthread_barrier_t barrier;
static volatile int stage[4];
static void* storm(void* number) {
    spread(number);
    long wrong = 0;
    for (int i = 1; i <= rounds; i++) {
        stage[(long)number] = i;
        pthread_barrier_wait(&barrier);
        for (int k = 0; k < workers; k++) wrong += stage[k] != i;
        pthread_barrier_wait(&barrier);
    }
    return (void*)wrong;
}

/* Bare futexes: every hand-over is a wait and a wake, with no spinning that could hide a lost one. */
enum { hand_overs = 500 };
static int baton;
static void* relay(void* number) {
    spread(number);
    for (int i = 0; i < hand_overs; i++) {
        for (int v; (v = __atomic_load_n(&baton, __ATOMIC_SEQ_CST)) % workers != (long)number;)
            syscall(SYS_futex, &baton, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, v, 0, 0, 0);
        __atomic_fetch_add(&baton, 1, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &baton, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 64, 0, 0, 0);
    }
    return 0;
}

static int there[2], back[2];
static void* echo(void* unused) {
    long word;
    run_on(cpu_of[cpus - 1]);
    while (read(there[0], &word, sizeof word) == sizeof word) {
        word = ~word;
        if (write(back[1], &word, sizeof word) != sizeof word) break;
    }
    return 0;
}
static void ping_pong(void) {
    pthread_t other;
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    pthread_create(&other, 0, echo, 0);
    run_on(cpu_of[0]);
    long right = 0;
    for (long i = 0; i < 500; i++) {
        long word = i * 0x123456789;
        if (write(there[1], &word, sizeof word) != sizeof word) break;
        long answer = 0;
        if (read(back[0], &answer, sizeof answer) != sizeof answer) break;
        right += answer == ~word;
    }
    CHECK(right == 500);
    close(there[1]);
    pthread_join(other, 0);
    close(there[0]), close(back[0]), close(back[1]);
}

/* Registers and thread-local storage go along when a thread moves. */
static __thread long own;
static double series(int n, int move) {
    double x = 1;
    for (int i = 0; i < n; i++) {
        x = x * 1.0000001 + 0.5 / (i + 1);
        if (move && i % 50 == 0) run_on(cpu_of[i / 50 % cpus]);
    }
    return x;
}
static void* wander(void* number) {
    own = (long)number;
    for (long i = 0; i < (long)number; i++) run_on(cpu_of[i % cpus]);
    return (void*)(long)(series(20000, 1) == series(20000, 0) && own == (long)number);
}

static volatile int where, samples, ended;
static void* tell_where(void* unused) {
    while (!ended) {
        where = sched_getcpu();
        samples++;
    }
    return 0;
}
/* When the call returns the other thread is where it was sent, though it was running. */
static void send_away(void) {
    pthread_t other;
    pthread_create(&other, 0, tell_where, 0);
    for (int i = 0; i < 20; i++) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu_of[i % cpus], &set);
        CHECK(pthread_setaffinity_np(other, sizeof set, &set) == 0);
        for (const int before = samples; samples < before + 2;) sched_yield();
        CHECK(where == cpu_of[i % cpus]);
    }
    ended = 1;
    pthread_join(other, 0);
    ended = 0;
}

/* What does without the kernel's lock, by its own count of how often it was taken. */
static long lock_taken(void) {
    static char text[8192];
    const int fd = open("/proc/lock_stat", O_RDONLY);
    if (fd < 0) return -1; /* only Stile's kernel has it in this form */
    const ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(fd);
    const char* all = strstr(text, "big all ");
    return all ? atol(all + 8) : -1;
}
static void without_the_lock(void) {
    int word = 1, cpu;
    struct timespec ts;
    const long before = lock_taken();
    for (int i = 0; i < 1000; i++) {
        syscall(SYS_getpid);
        clock_gettime(CLOCK_MONOTONIC, &ts);
        syscall(SYS_getcpu, &cpu, 0, 0);
        syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
        syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0, 0, 0);
        sched_yield();
    }
    const long unlocked = lock_taken() - before;
    for (int i = 0; i < 1000; i++) syscall(SYS_getppid);
    const long locked = lock_taken() - before - unlocked;
    if (before < 0) return;
    CHECK(cpus == 1 ? unlocked == 0 && locked == 0 : unlocked < 20 && locked >= 1000);
}

static volatile int running, handled;
static void on_user(int number) { handled++; }
static void* spin_until_ended(void* number) {
    spread(number);
    __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
    while (!ended) __builtin_ia32_pause();
    return 0;
}
static void signals(void) {
    signal(SIGUSR1, on_user);
    start_all(spin_until_ended);
    while (running < workers) sched_yield();
    for (int i = 0; i < workers; i++) {
        const int before = handled;
        CHECK(pthread_kill(threads[i], SIGUSR1) == 0);
        while (handled == before) sched_yield();
    }
    CHECK(handled == workers);
    ended = 1;
    join_all();
}

/* A process whose threads all spin ends in each of the ways there are. */
static void* spin_for_ever(void* number) {
    spread(number);
    __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
    while (!ended || running) __builtin_ia32_pause();
    return 0;
}
static char* self;
static int* volatile nowhere = (int*)8;
static void end_among_others(int how) {
    running = 0;
    for (long i = 0; i < workers; i++) pthread_create(&threads[i], 0, spin_for_ever, (void*)i);
    while (running < workers) sched_yield();
    if (how == 0) exit(7);
    if (how == 1) syscall(SYS_exit_group, 8);
    if (how == 2) *nowhere = 0;
    if (how == 3) execl(self, self, "ends", (char*)0);
    for (;;) pause();
}
static void ends(void) {
    const int expected[] = {7 << 8, 8 << 8, SIGSEGV, 9 << 8};
    for (int how = 0; how < 4; how++) {
        const pid_t child = fork();
        if (!child) end_among_others(how);
        CHECK((status_of(child) & ~0x80) == expected[how]);
    }
    const pid_t child = fork();
    if (!child) end_among_others(4);
    usleep(2000);
    kill(child, SIGSTOP);
    int status = 0;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    kill(child, SIGCONT);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    kill(child, SIGKILL);
    CHECK(status_of(child) == SIGKILL);
}

static void* make_children(void* number) {
    spread(number);
    long right = 0;
    for (int i = 0; i < 10; i++) {
        const pid_t child = fork();
        if (!child) _exit((int)(long)number * 16 + i);
        right += status_of(child) == ((int)(long)number * 16 + i) << 8;
    }
    return (void*)right;
}

static void barriers(void) {
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0) == 0);
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == 0);
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0) == 0);
}

static void* nap(void* number) {
    struct timespec before, after, ms = {0, 1000000};
    spread(number);
    long right = 0;
    for (int i = 0; i < 5; i++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        nanosleep(&ms, 0);
        clock_gettime(CLOCK_MONOTONIC, &after);
        right += (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 1000000;
    }
    return (void*)right;
}

int main(int argc, char** argv) {
    if (argc == 2) return 9; /* what ends() has executed */
    if (argc == 3) {         /* work for one CPU, without a system call */
        for (volatile long i = atol(argv[2]); i > 0; i--) continue;
        return 0;
    }
    self = argv[0];
    find_cpus();
    affinity();
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    start_all(meet);
    join_all();
    start_all(add);
    join_all();
    CHECK(atomic_sum == (long)workers * additions && spin_sum == (long)workers * turns &&
          mutex_sum == (long)workers * critical);
    pthread_barrier_init(&barrier, 0, (unsigned)workers);
    start_all(storm);
    CHECK(join_all() == 0);
    start_all(relay);
    join_all();
    CHECK(baton == hand_overs * workers);
    ping_pong();
    sched_setaffinity(0, sizeof all, &all);
    start_all(wander);
    CHECK(join_all() == workers);
    send_away();
    without_the_lock();
    signals();
    start_all(make_children);
    CHECK(join_all() == 10 * workers);
    start_all(nap);
    CHECK(join_all() == 5 * workers);
    barriers();
    ends();
    return END;
}
