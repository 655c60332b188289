/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers, masks, faults as signals, alternate stacks, restarted and interrupted system calls. */
#include "check.h"

#include <setjmp.h>

static int* volatile nowhere = (int*)0x1234;
static sigjmp_buf back;
static void jump_back(int number, siginfo_t* info, void* context) {
    signal_info = *info;
    siglongjmp(back, 1);
}
static volatile unsigned long stack_of_handler;
static void note_stack(int number, siginfo_t* info, void* context) {
    stack_of_handler = (unsigned long)__builtin_frame_address(0);
}
static volatile double float_in_handler;
static void use_floats(int number, siginfo_t* info, void* context) { float_in_handler = 1.0 / 3.0 + number; }

int main(void) {
    on_signal(SIGUSR1, note_signal, 0);
    raise(SIGUSR1);
    CHECK(signal_seen == SIGUSR1);
    kill(getpid(), SIGUSR1);
    CHECK(signal_info.si_pid == getpid() && signal_info.si_code == SI_USER);

    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    signal_seen = 0;
    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK(signal_seen == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
    sigprocmask(SIG_SETMASK, &old, 0);
    CHECK(signal_seen == SIGUSR1);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 0);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    CHECK_ERROR(kill(getpid(), 65), EINVAL);
    CHECK_ERROR(kill(0x3fffffff, SIGTERM), ESRCH);

    on_signal(SIGSEGV, jump_back, 0);
    if (!sigsetjmp(back, 1)) {
        *nowhere = 1;
        CHECK(0);
    } else {
        CHECK(signal_info.si_addr == (void*)nowhere && signal_info.si_code == SEGV_MAPERR);
    }
    char* volatile page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(back, 1)) {
        *(volatile char*)page = 1;
        CHECK(0);
    } else {
        CHECK(signal_info.si_addr == page && signal_info.si_code == SEGV_ACCERR);
    }
    on_signal(SIGFPE, jump_back, 0);
    if (!sigsetjmp(back, 1)) {
        volatile int zero = 0, ten = 10;
        ten = ten / zero;
        CHECK(0);
    } else {
        CHECK(signal_info.si_code == FPE_INTDIV);
    }
    on_signal(SIGTRAP, note_signal, 0);
    signal_seen = 0;
    __asm__ volatile("int3");
    CHECK(signal_seen == SIGTRAP);

    static char memory[32768];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory};
    CHECK(sigaltstack(&alternate, 0) == 0);
    on_signal(SIGUSR2, note_stack, SA_ONSTACK);
    raise(SIGUSR2);
    CHECK(stack_of_handler - (unsigned long)memory < sizeof memory);

    on_signal(SIGUSR2, use_floats, 0);
    volatile double third = 1.0;
    double kept = third / 3.0;
    raise(SIGUSR2);
    CHECK(kept == third / 3.0 && float_in_handler > SIGUSR2);

    on_signal(SIGCHLD, note_signal, 0);
    signal_seen = 0;
    pid_t child = fork();
    if (!child) _exit(3);
    while (!signal_seen) usleep(100);
    CHECK(signal_info.si_pid == child && signal_info.si_status == 3 && signal_info.si_code == CLD_EXITED);
    CHECK(status_of(child) == 3 << 8);
    signal(SIGCHLD, SIG_DFL);

    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    on_signal(SIGALRM, note_signal, SA_RESTART);
    signal_seen = 0;
    child = fork();
    if (!child) {
        usleep(60000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    ualarm(5000, 0);
    CHECK(read(ends[0], &byte, 1) == 1 && signal_seen == SIGALRM);
    CHECK(status_of(child) == 0);
    on_signal(SIGALRM, note_signal, 0);
    ualarm(5000, 0);
    CHECK_ERROR(read(ends[0], &byte, 1), EINTR);
    ualarm(5000, 0);
    CHECK_ERROR(usleep(500000), EINTR);
    return END;
}
