/* SPDX-License-Identifier: Apache-2.0
 *
 * Stopping and continuing, what wait tells of it, process groups and sessions, clones of every kind. */
#include "check.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

static volatile int children_heard;
static void hear(int number, siginfo_t* info, void* context) {
    children_heard++;
    signal_info = *info;
}
static void wait_for(volatile int* what, int value) {
    for (int i = 0; i < 3000 && *what != value; i++) usleep(1000);
}

static void stop_and_continue(void) {
    int status;
    siginfo_t info;
    on_signal(SIGCHLD, hear, SA_RESTART);
    pid_t child = fork();
    if (!child)
        for (;;) pause();
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED | WNOHANG) == 0);
    wait_for(&children_heard, 1);
    CHECK(children_heard == 1 && signal_info.si_code == CLD_STOPPED && signal_info.si_status == SIGSTOP);
    kill(child, SIGUSR1); /* pending until it goes on */
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    kill(child, SIGCONT);
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PID, child, &info, WCONTINUED | WNOWAIT | WEXITED) == 0);
    CHECK(info.si_pid == child && (info.si_code == CLD_CONTINUED || info.si_code == CLD_KILLED));
    CHECK(status_of(child) == SIGUSR1);

    /* Without SA_NOCLDSTOP's opposite: deaths only. */
    on_signal(SIGCHLD, hear, SA_NOCLDSTOP | SA_RESTART);
    children_heard = 0;
    child = fork();
    if (!child) {
        raise(SIGSTOP);
        _exit(4);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(children_heard == 0);
    kill(child, SIGCONT);
    CHECK(waitid(P_PID, child, &info, WEXITED) == 0 && info.si_code == CLD_EXITED && info.si_status == 4);
    wait_for(&children_heard, 1);
    CHECK(children_heard == 1);
    signal(SIGCHLD, SIG_DFL);

    /* A stopped process dies of SIGKILL, and a stop cancels a pending continue. */
    child = fork();
    if (!child)
        for (;;) pause();
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    kill(child, SIGKILL);
    CHECK(status_of(child) == SIGKILL);

    /* A sleep goes on where it was. */
    child = fork();
    if (!child) {
        struct timespec t = {0, 40000000}, before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        if (nanosleep(&t, 0)) _exit(1);
        clock_gettime(CLOCK_MONOTONIC, &after);
        _exit((after.tv_sec - before.tv_sec) * 1000000000l + after.tv_nsec - before.tv_nsec < 40000000);
    }
    usleep(5000);
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    kill(child, SIGCONT);
    CHECK(status_of(child) == 0);

    /* An orphaned group is not stopped from the terminal. */
    child = fork();
    if (!child) {
        setsid();
        raise(SIGTSTP);
        _exit(6);
    }
    CHECK(status_of(child) == 6 << 8);
}

static void groups(void) {
    int status, go[2];
    char byte;
    CHECK(pipe(go) == 0);
    pid_t leader = fork();
    if (!leader) {
        setpgid(0, 0);
        CHECK(write(go[1], "x", 1) == 1);
        for (;;) pause();
    }
    setpgid(leader, leader);
    CHECK(read(go[0], &byte, 1) == 1);
    pid_t member = fork();
    if (!member) {
        setpgid(0, leader);
        CHECK(write(go[1], "x", 1) == 1);
        for (;;) pause();
    }
    setpgid(member, leader);
    CHECK(read(go[0], &byte, 1) == 1);
    CHECK(getpgid(leader) == leader && getpgid(member) == leader && getsid(member) == getsid(0));
    CHECK_ERROR(waitpid(-getpid() - 100000, &status, 0), ECHILD);
    CHECK(kill(-leader, SIGTERM) == 0);
    CHECK(waitpid(-leader, &status, 0) > 0 && WTERMSIG(status) == SIGTERM);
    CHECK(waitpid(-leader, &status, 0) > 0 && WTERMSIG(status) == SIGTERM);
    CHECK_ERROR(waitpid(-leader, &status, 0), ECHILD);
    CHECK_ERROR(kill(-leader, 0), ESRCH);
    CHECK_ERROR(setpgid(0, -1), EINVAL);
    pid_t child = fork();
    if (!child) {
        if (setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid()) _exit(1);
        if (setsid() != -1 || errno != EPERM) _exit(2);
        if (setpgid(0, 0) != -1 || errno != EPERM) _exit(3);
        _exit(0);
    }
    CHECK(status_of(child) == 0);
}

static int in_clone(void* shared) {
    *(int*)shared = 17;
    return 5;
}
static void clones(void) {
    static char stack[16384] __attribute__((aligned(16)));
    static int shared;
    int status;
    pid_t child = clone(in_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, &shared);
    CHECK(status_of(child) == 5 << 8 && shared == 17);
    child = clone(in_clone, stack + sizeof stack, CLONE_VM, &shared); /* no signal: __WCLONE */
    CHECK_ERROR(waitpid(child, &status, 0), ECHILD);
    CHECK(waitpid(child, &status, __WCLONE) == child);
    CHECK_ERROR(clone(in_clone, stack + sizeof stack, CLONE_SIGHAND | SIGCHLD, &shared), EINVAL);

    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.exit_signal = SIGCHLD;
    on_signal(SIGUSR1, note_signal, 0);
    arguments.flags = CLONE_CLEAR_SIGHAND;
    child = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (!child) {
        struct sigaction now;
        sigaction(SIGUSR1, 0, &now);
        _exit(now.sa_handler == SIG_DFL ? 3 : 4);
    }
    CHECK(status_of(child) == 3 << 8);
    CHECK_ERROR(syscall(SYS_clone3, &arguments, 8), EINVAL);

    /* A child that asked for it hears of its parent's end. */
    int told[2];
    char byte = 0;
    CHECK(pipe(told) == 0);
    child = fork();
    if (!child) {
        int ready[2];
        if (pipe(ready)) _exit(1);
        if (!fork()) {
            sigset_t set;
            int number;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR2);
            sigprocmask(SIG_BLOCK, &set, 0);
            prctl(PR_SET_PDEATHSIG, SIGUSR2);
            if (write(ready[1], "r", 1) != 1) _exit(1);
            sigwait(&set, &number);
            _exit(write(told[1], "d", 1) != 1);
        }
        _exit(read(ready[0], &byte, 1) != 1);
    }
    CHECK(status_of(child) == 0);
    CHECK(read(told[0], &byte, 1) == 1 && byte == 'd');
}

static void wrong_waits(void) {
    siginfo_t info;
    CHECK_ERROR(waitid(P_ALL, 0, &info, 0), EINVAL);
    CHECK_ERROR(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    CHECK_ERROR(waitid((idtype_t)77, 0, &info, WEXITED), EINVAL);
    CHECK_ERROR(waitpid(-1, 0, 0x40000), EINVAL);
    pid_t child = fork();
    if (!child) {
        usleep(20000);
        _exit(0);
    }
    memset(&info, 1, sizeof info);
    CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0 && info.si_signo == 0);
    CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child);
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == child);
    /* Children that nobody waits for, because the parent said so. */
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (!child) _exit(0);
    CHECK_ERROR(waitpid(child, 0, 0), ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    stop_and_continue();
    groups();
    clones();
    wrong_waits();
    return END;
}
