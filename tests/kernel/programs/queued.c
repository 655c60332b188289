/* SPDX-License-Identifier: Apache-2.0
 *
 * Queued signals and who takes them: sigqueue, sigtimedwait, signalfd, timers, flags of sigaction. */
#include "check.h"

#include <setjmp.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static int order[16], values[16], taken;
static void note_order(int number, siginfo_t* info, void* context) {
    order[taken] = number;
    values[taken++] = info->si_value.sival_int;
}

static void queues(void) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGRTMIN + 2);
    sigaddset(&set, SIGUSR1);
    on_signal(SIGRTMIN + 1, note_order, 0);
    on_signal(SIGRTMIN + 2, note_order, 0);
    on_signal(SIGUSR1, note_order, 0);
    sigprocmask(SIG_BLOCK, &set, &old);
    union sigval v;
    for (v.sival_int = 10; v.sival_int < 13; v.sival_int++) {
        CHECK(sigqueue(getpid(), SIGRTMIN + 2, v) == 0);
        CHECK(sigqueue(getpid(), SIGRTMIN + 1, v) == 0);
        CHECK(sigqueue(getpid(), SIGUSR1, v) == 0); /* a standard signal: once */
    }
    siginfo_t info;
    struct timespec none = {0, 0}, little = {0, 3000000};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN + 1);
    CHECK(sigtimedwait(&one, &info, &none) == SIGRTMIN + 1 && info.si_value.sival_int == 10);
    CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
    sigprocmask(SIG_SETMASK, &old, 0);
    /* Handlers nest: the one taken last, which is the highest number's last, runs first. */
    CHECK(taken == 6);
    int sum = 0, users = 0;
    for (int i = 0; i < taken; i++) sum += values[i], users += order[i] == SIGUSR1;
    CHECK(sum == 10 + 11 + 12 + 11 + 12 + 10 && users == 1);
    CHECK_ERROR(sigtimedwait(&one, &info, &little), EAGAIN);

    /* An ignored signal that is waited for while blocked; one from another process. */
    sigprocmask(SIG_BLOCK, &set, 0);
    signal(SIGUSR1, SIG_DFL);
    pid_t child = fork();
    if (!child) {
        usleep(3000);
        v.sival_int = 77;
        _exit(sigqueue(getppid(), SIGUSR1, v));
    }
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_value.sival_int == 77 && info.si_pid == child);
    CHECK(status_of(child) == 0);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN); /* what is pending goes */
    sigset_t pending;
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1));
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, 0);
    CHECK_ERROR(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &(siginfo_t){.si_code = SI_USER}), EPERM);
}

static void descriptors(void) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &old);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(fd >= 0);
    struct signalfd_siginfo info[2];
    CHECK_ERROR(read(fd, info, sizeof info), EAGAIN);
    CHECK_ERROR(read(fd, info, 10), EINVAL);
    raise(SIGUSR2);
    pid_t child = fork();
    if (!child) _exit(9);
    siginfo_t dead;
    waitid(P_PID, child, &dead, WEXITED | WNOWAIT);
    CHECK(read(fd, info, sizeof info) == sizeof info);
    CHECK(info[0].ssi_signo == SIGUSR2 && info[1].ssi_signo == SIGCHLD && info[1].ssi_status == 9);
    CHECK(info[1].ssi_pid == (unsigned)child && info[1].ssi_code == CLD_EXITED);
    CHECK(status_of(child) == 9 << 8);
    sigdelset(&set, SIGUSR2);
    CHECK(signalfd(fd, &set, 0) == fd);
    raise(SIGUSR2);
    CHECK_ERROR(read(fd, info, sizeof info), EAGAIN);
    close(fd);
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_SETMASK, &old, 0);
    signal(SIGUSR2, SIG_DFL);
}

static int depth, deepest, handled;
static void nest(int number, siginfo_t* info, void* context) {
    if (++depth > deepest) deepest = depth;
    if (++handled < 3) raise(number);
    depth--;
}
static volatile greg_t seen_trap;
static void skip(int number, siginfo_t* info, void* context) {
    greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
    seen_trap = registers[REG_TRAPNO];
    registers[REG_RIP] += 2;
    registers[REG_RBX] = 1234;
}
static jmp_buf out_of_overflow;
static void overflown(int number, siginfo_t* info, void* context) { longjmp(out_of_overflow, 1); }
static int recurse(int n) {
    volatile char room[4096];
    room[0] = (char)n;
    return n < 100000 ? recurse(n + 1) + room[0] : 0;
}

static void flags(void) {
    on_signal(SIGUSR1, nest, SA_NODEFER);
    raise(SIGUSR1);
    CHECK(deepest == 3);
    deepest = handled = 0;
    on_signal(SIGUSR1, nest, 0);
    raise(SIGUSR1);
    CHECK(deepest == 1 && handled == 3);
    struct sigaction now;
    on_signal(SIGUSR1, note_signal, SA_RESETHAND);
    raise(SIGUSR1);
    CHECK(sigaction(SIGUSR1, 0, &now) == 0 && now.sa_handler == SIG_DFL);

    /* A handler may change the context that it returns to. */
    on_signal(SIGILL, skip, 0);
    long changed = 0;
    __asm__ volatile("ud2" : "=b"(changed));
    CHECK(changed == 1234 && seen_trap == 6);
    signal(SIGILL, SIG_DFL);

    /* A stack overflow, caught on another stack; twice. */
    static char memory[65536];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory}, before;
    CHECK(sigaltstack(&alternate, 0) == 0 && sigaltstack(0, &before) == 0 && before.ss_sp == memory);
    on_signal(SIGSEGV, overflown, SA_ONSTACK | SA_NODEFER);
    for (volatile int i = 0; i < 2; i++) {
        if (!setjmp(out_of_overflow)) {
            recurse(0);
            CHECK(0);
        } else {
            CHECK(1);
        }
    }
    signal(SIGSEGV, SIG_DFL);
    alternate.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&alternate, 0) == 0);
    alternate.ss_flags = 99;
    CHECK_ERROR(sigaltstack(&alternate, 0), EINVAL);
    alternate.ss_flags = 0;
    alternate.ss_size = 100;
    CHECK_ERROR(sigaltstack(&alternate, 0), ENOMEM);
}

static void timers(void) {
    sigset_t set, old;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGVTALRM);
    sigaddset(&set, SIGPROF);
    sigprocmask(SIG_BLOCK, &set, &old);
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN + 3;
    event.sigev_value.sival_int = 55;
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec spec = {{0, 2000000}, {0, 1000000}}, now;
    CHECK(timer_gettime(timer, &now) == 0 && now.it_value.tv_nsec == 0);
    CHECK(timer_settime(timer, 0, &spec, 0) == 0);
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 3);
    CHECK(info.si_code == SI_TIMER && info.si_value.sival_int == 55);
    CHECK(timer_gettime(timer, &now) == 0 && now.it_interval.tv_nsec == 2000000 && now.it_value.tv_nsec > 0 &&
          now.it_value.tv_nsec <= 2000000);
    usleep(20000); /* several times, one signal, overruns */
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 3 && timer_getoverrun(timer) >= 3);
    CHECK(timer_delete(timer) == 0);
    CHECK_ERROR(syscall(SYS_timer_delete, 999), EINVAL);
    struct timespec until;
    CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec -= 5; /* in the past: at once */
    struct itimerspec past = {{0, 0}, until};
    CHECK(timer_settime(timer, TIMER_ABSTIME, &past, 0) == 0 && sigwaitinfo(&set, &info) == SIGRTMIN + 3);
    CHECK(timer_delete(timer) == 0);

    struct itimerval cpu = {{0, 0}, {0, 5000}}, left;
    CHECK(setitimer(ITIMER_VIRTUAL, &cpu, 0) == 0 && getitimer(ITIMER_VIRTUAL, &left) == 0);
    CHECK(left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 20000 /* Linux adds a tick */);
    sigset_t pending;
    do sigpending(&pending);
    while (!sigismember(&pending, SIGVTALRM));
    CHECK(sigwaitinfo(&set, &info) == SIGVTALRM);
    CHECK(setitimer(ITIMER_PROF, &cpu, 0) == 0);
    do sigpending(&pending);
    while (!sigismember(&pending, SIGPROF));
    CHECK(sigwaitinfo(&set, &info) == SIGPROF);
    sigprocmask(SIG_SETMASK, &old, 0);

    on_signal(SIGALRM, note_signal, 0);
    struct itimerval wall = {{0, 0}, {0, 3000}};
    struct timespec second = {1, 0}, rest = {0, 0};
    CHECK(setitimer(ITIMER_REAL, &wall, 0) == 0);
    CHECK_ERROR(nanosleep(&second, &rest), EINTR);
    CHECK(rest.tv_sec == 0 && rest.tv_nsec > 500000000 && rest.tv_nsec < 998000000);
    CHECK(setitimer(ITIMER_REAL, &wall, 0) == 0);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &second, &rest) == EINTR);
    CHECK(clock_nanosleep(99, 0, &second, &rest) == EINVAL);
    alarm(100);
    CHECK(alarm(0) == 100);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    queues();
    descriptors();
    flags();
    timers();
    return END;
}
