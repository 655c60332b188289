/* SPDX-License-Identifier: Apache-2.0
 *
 * Crossings cut in two by the kernel, and control given to the kernel to pass on. The transfer latch goes
 * with the thread through ring 0, so what was not checked before is checked after.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "tests/security/attacks/attacker.h"

static uint64_t target;

/* A handler at an address in the victim: the kernel puts it into RIP. */
int attack_handler_elsewhere(void) {
    struct sigaction a = {.sa_handler = (void (*)(int))address_of(AT_GADGET)};
    if (sigaction(SIGUSR1, &a, 0) != 0) return inconclusive("no handler");
    raise(SIGUSR1);
    return inconclusive("the signal had no effect");
}

/* rt_sigreturn takes every register from the stack, RIP among them. */
static void go_elsewhere(int sig, siginfo_t* info, void* context) {
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)target;
}
int attack_signal_return(void) {
    target = address_of(AT_GADGET);
    struct sigaction a = {.sa_sigaction = go_elsewhere, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGUSR1, &a, 0) != 0) return inconclusive("no handler");
    raise(SIGUSR1);
    return inconclusive("it came back");
}

/* The trap flag stops the thread after the jump and before the first fetch at the target; the handler lets it
 * go on. */
static volatile int traps, at_target;
static void go_on(int sig, siginfo_t* info, void* context) {
    greg_t* r = ((ucontext_t*)context)->uc_mcontext.gregs;
    ++traps;
    at_target |= (uint64_t)r[REG_RIP] == target;
    if (at_target) r[REG_EFL] &= ~0x100l;
}
int attack_single_step(void) {
    target = address_of(AT_GADGET);
    struct sigaction a = {.sa_sigaction = go_on, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGTRAP, &a, 0) != 0) return inconclusive("no handler");
    __asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n jmp *%0" : : "r"(target) : "cc");
    __builtin_unreachable();
}

/* A new thread begins where the kernel is told. */
int attack_thread_elsewhere(void) {
    static char stack[4096] __attribute__((aligned(16)));
    const uint64_t at = address_of(AT_GADGET);
    long r;
    /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM; the child jumps, the parent waits for the end. */
    __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n jmp *%%rbx\n 1:"
                     : "=a"(r)
                     : "a"(SYS_clone), "D"(0x50f00), "S"(stack + sizeof stack), "d"(0), "b"(at)
                     : "rcx", "r11", "memory");
    if (r < 0) return told_no(r);
    for (int i = 0; i < 1000; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return inconclusive("the thread did nothing");
}

/* The timer cuts crossings in two now and then: with enough of them, between jump and check. Each refusal is
 * caught and the attack made again. */
static sigjmp_buf again;
static volatile long refusals;
static void refused(int sig) { siglongjmp(again, 1); }
int attack_between_timer_ticks(void) {
    const uint64_t at = address_of(AT_GADGET);
    struct sigaction a = {.sa_handler = refused, .sa_flags = SA_NODEFER};
    if (sigaction(SIGSEGV, &a, 0) != 0) return inconclusive("no handler");
    if (sigsetjmp(again, 0)) ++refusals;
    if (refusals == 20000) {
        a.sa_handler = SIG_DFL;
        sigaction(SIGSEGV, &a, 0);
    }
    __asm__ volatile("jmp *%0" : : "r"(at));
    __builtin_unreachable();
}
