/* SPDX-License-Identifier: Apache-2.0
 *
 * The plugin: on pages of its own, with data of its own, and without libc, which is its host's.
 */
#include "tests/security/attacks/plugin.h"

#include <errno.h>
#include <sys/syscall.h>

#include "os/lib/codoms.h"
#include "os/lib/domain/serve.h"

volatile uint64_t plugin_found;
static volatile uint64_t frame[256] __attribute__((aligned(64)));

uint64_t plugin_load(uint64_t at) { return *(volatile uint64_t*)at; }
uint64_t plugin_call(uint64_t function) {
    const uint64_t r = ((uint64_t(*)(void))function)();
    __asm__ volatile("" : : : "memory");
    return r;
}

long plugin_return_to(uint64_t place) {
    __asm__ volatile("push %0\n ret" : : "r"(place));
    __builtin_unreachable();
}

/* Our return capability lies above what our caller pushed for itself. */
long plugin_pop_callers(uint64_t at) {
    stile_cap_pop(0);
    stile_cap_pop(1);
    plugin_found = *(volatile uint64_t*)at;
    stile_cap_push(1);
    stile_cap_push(0);
    return 0;
}

/* The kernel is asked for the process, not for us. */
long plugin_take_host(long plugin_handle) {
    const long host = dipc_dom_default();
    return host < 0 ? host : dipc_grant_create(plugin_handle, host);
}
long plugin_discard(uint64_t page) {
    return stile_syscall3(SYS_madvise, (long)page, 4096, 4 /* MADV_DONTNEED */);
}
long plugin_replace(uint64_t page) {
    /* PROT_READ | PROT_WRITE; MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS */
    return stile_syscall6(SYS_mmap, (long)page, 4096, 3, 0x32, -1, 0);
}
/* In the child no page has a tag. */
long plugin_fork(uint64_t at) {
    const long child = stile_syscall3(SYS_fork, 0, 0, 0);
    if (child < 0) return child;
    if (child == 0) stile_syscall3(SYS_exit_group, *(volatile uint64_t*)at & 0x7f, 0, 0);
    plugin_found = 0;
    stile_syscall6(SYS_wait4, child, (long)&plugin_found, 0, 0, 0, 0);
    return (long)(plugin_found >> 8);
}
long plugin_clear_at_exit(uint64_t at) { return stile_syscall3(SYS_set_tid_address, (long)at, 0, 0); }

/* A thread whose stack lies in the host: it is lent what its stack is made of. */
long plugin_thread_on(uint64_t stack_top, uint64_t at) {
    long r;
    /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM */
    __asm__ volatile(
        "syscall\n test %%rax, %%rax\n jnz 1f\n mov (%%rbx), %%rax\n mov %%rax, plugin_found(%%rip)\n"
        "mov $60, %%eax\n xor %%edi, %%edi\n syscall\n 1:"
        : "=a"(r)
        : "a"(SYS_clone), "D"(0x50f00), "S"(stack_top), "d"(0), "b"(at)
        : "rcx", "r11", "memory");
    for (int i = 0; r > 0 && i < 50; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return r;
}

/* uc_mcontext lies 8 + 40 bytes above the return address: RSP is its 16th word, RIP the 17th. */
long plugin_signal_return(uint64_t to) {
    uint64_t sp;
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
    frame[6 + 15] = sp;
    frame[6 + 16] = to;
    __asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" : : "r"(frame + 1) : "memory");
    __builtin_unreachable();
}

/* Whoever handles a signal sees all that it interrupts. */
static const char words[] = "attacker: got in: the plugin handles its host's signals\n";
static void handler(int sig) {
    stile_syscall3(SYS_write, 1, (long)words, sizeof words - 1);
    stile_syscall3(SYS_exit_group, 7, 0, 0);
}
long plugin_handle_signal(int sig) {
    volatile uint64_t action[4] = {(uint64_t)handler, 0x04000000 /* SA_RESTORER */, (uint64_t)handler, 0};
    return stile_syscall6(SYS_rt_sigaction, sig, (long)action, 0, 8, 0, 0);
}

/* Behind the gate of os/lib/domain/: where its frame lies. */
long domain_serve(long code, long length) {
    volatile long local = code + length;
    return (long)&local;
}
