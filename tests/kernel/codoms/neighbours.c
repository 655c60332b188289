/* SPDX-License-Identifier: Apache-2.0
 *
 * Attacks by who may call another domain directly, without a proxy.
 */
#define _GNU_SOURCE
#include "tests/kernel/codoms/neighbours.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    BROKEN_IN = 77,
    PAGE = 4096,
    SECRET = 0x5ec4e7,
    THREAD = 0x50f00 /* VM FS FILES SIGHAND THREAD SYSVSEM */
};

/* The gate's process starts the attacker and tells it where things are. */
static int with_gate(const char* program, const char* attacker, int calls_back) {
    struct room gate;
    char code[20], word[20];
    const long own = dipc_dom_default();
    int status = -1;
    if (room_open(&gate, own) != 0) return 101;
    const long at = dipc_dom_mmap(gate.domain, 0, PAGE, PROT_READ | PROT_WRITE);
    const long callable = dipc_dom_copy(gate.domain, STILE_RIGHT_CALL);
    if (at < 0 || callable < 0 || dipc_name_publish("gate", callable) < 0) return 102;
    gadget(&gate, gadget_store, at, SECRET, 0, 0, 0, 0);
    snprintf(code, sizeof code, "%lx", (unsigned long)gate.code);
    snprintf(word, sizeof word, "%lx", (unsigned long)at);
    const pid_t child = fork();
    if (child == 0) {
        execl(program, program, attacker, code, word, (char*)0);
        _exit(103);
    }
    for (long back = -1; calls_back && back < 0; sched_yield())
        if ((back = dipc_name_lookup("back")) >= 0 && dipc_grant_create(gate.domain, back) < 0) return 104;
    if (calls_back && dipc_name_publish("granted", callable) < 0) return 105;
    if (child < 0 || waitpid(child, &status, 0) != child) return 106;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 107;
}
int signal_in_a_gate(const char* program) { return with_gate(program, "signal_in_a_gate_attacker", 0); }
int signal_replayed(const char* program) { return with_gate(program, "signal_replayed_attacker", 1); }

/* A handler sees and changes the registers of what it interrupts. */
static char* gate_code;
static volatile int handled;
static void into_the_middle(int sig, siginfo_t* info, void* context) {
    greg_t* r = ((ucontext_t*)context)->uc_mcontext.gregs;
    (void)sig, (void)info;
    ++handled;
    if ((unsigned long)r[REG_RIP] - (unsigned long)gate_code < PAGE)
        r[REG_RIP] = (greg_t)(gate_code + (gadget_private - gadgets));
}
int signal_in_a_gate_attacker(const char* code) {
    const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    const struct sigaction a = {.sa_sigaction = into_the_middle, .sa_flags = SA_SIGINFO};
    const long gate = dipc_name_lookup("gate");
    struct room r = {.code = (char*)strtoul(code, 0, 16)};
    gate_code = r.code;
    if (gate < 0 || dipc_grant_create(dipc_dom_default(), gate) < 0) return 106;
    if (sigaction(SIGALRM, &a, 0) != 0 || setitimer(ITIMER_REAL, &soon, 0) != 0) return 107;
    if (gadget(&r, gadget_gate, 15000000, 0, 0, 0, 0, 0) != 0) return 1;
    for (volatile long i = 0; !handled && i < 20000000; ++i) continue;
    return handled == 1 ? 0 : 2;
}

/* A handler that does not return, but by a jump, leaves what the kernel knows of the interruption. Used when
 * the call is over, it would bring back what was lent for the call. */
static char alternate[1 << 14] __attribute__((aligned(64))),
    fresh_stack[1 << 14] __attribute__((aligned(64)));
static volatile long* lent;
static ucontext_t* kept;
static sigjmp_buf out_of_the_handler;
static void __attribute__((noinline)) afterwards(void) { _exit(*lent == SECRET ? BROKEN_IN : 1); }
static void keep_frame(int sig, siginfo_t* info, void* context) {
    (void)sig, (void)info;
    kept = context;
    siglongjmp(out_of_the_handler, 1);
}
static void __attribute__((aligned(64), noinline)) called_back(void) {
    if (*lent == SECRET && sigsetjmp(out_of_the_handler, 1) == 0) raise(SIGUSR1);
}
int signal_replayed_attacker(const char* code, const char* word) {
    const stack_t other = {.ss_sp = alternate, .ss_size = sizeof alternate};
    const struct sigaction a = {.sa_sigaction = keep_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct room r = {.code = (char*)strtoul(code, 0, 16)};
    const long own = dipc_dom_default(), gate = dipc_name_lookup("gate");
    lent = (volatile long*)strtoul(word, 0, 16);
    if (gate < 0 || dipc_grant_create(own, gate) < 0) return 108;
    if (dipc_name_publish("back", dipc_dom_copy(own, STILE_RIGHT_CALL)) < 0) return 109;
    while (dipc_name_lookup("granted") < 0) sched_yield();
    if (sigaltstack(&other, 0) != 0 || sigaction(SIGUSR1, &a, 0) != 0) return 110;
    gadget(&r, gadget_lend, (long)called_back, (long)lent, 0, 0, 0, 0);
    if (!kept) return 111;
    kept->uc_mcontext.gregs[REG_RIP] = (greg_t)afterwards;
    kept->uc_mcontext.gregs[REG_RSP] = (greg_t)(fresh_stack + sizeof fresh_stack - 64 - 8);
    __asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" : : "r"(kept) : "memory");
    __builtin_unreachable();
}

/* A room may call its process at entry points, as for services. It writes some code and has the kernel map
 * it. */
static volatile long secret __attribute__((aligned(64))) = 5;
int code_of_a_room(const struct room* room, long own) {
    const long callable = dipc_dom_copy(own, STILE_RIGHT_CALL);
    if (callable < 0 || dipc_grant_create(room->domain, callable) < 0) return 101;
    const long file = GADGET_SYSCALL(room, SYS_memfd_create, room->code, 0, 0, 0);
    if (file < 0 || GADGET_SYSCALL(room, SYS_write, file, room->code, PAGE, 0) != PAGE) return 102;
    const long at = gadget(room, gadget_syscall, SYS_mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file);
    if (at < 0) return 103;
    const long found = gadget(room, gadget_call, at + (gadget_load - gadgets), (long)&secret, 0, 0, 0, 0);
    return found == secret ? BROKEN_IN : 1;
}

/* A thread of a room's keeps the address of its stack when the memory there has become its process's. */
static volatile long* table;
DIPC_PLAIN_ENTRY static long served(void) {
    for (long i = 0; i < 512; ++i)
        if (table[i] != i) _exit(BROKEN_IN);
    return 0;
}
int stack_of_a_room(const struct room* room, long own) {
    struct stile_entry e = {.address = (unsigned long)served, .results = 1};
    const long exported = dipc_entry_register(own, &e, 1);
    const long proxies = dipc_entry_request(exported, &e, 1);
    if (exported < 0 || proxies < 0 || dipc_grant_create(room->domain, proxies) < 0) return 101;
    const long word = dipc_dom_mmap(room->domain, 0, PAGE, PROT_READ | PROT_WRITE);
    const long stack = dipc_dom_mmap(room->domain, 0, PAGE, PROT_READ | PROT_WRITE);
    if (word < 0 || stack < 0) return 102;
    if (gadget(room, gadget_clone_wait, THREAD, stack + PAGE / 2, (long)e.proxy, word, 0, 0) < 0) return 103;
    if (GADGET_SYSCALL(room, SYS_munmap, stack, PAGE, 0, 0) != 0) return 104;
    table = mmap((void*)stack, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((long)table != stack) return 105;
    for (long i = 0; i < 512; ++i) table[i] = i;
    gadget(room, gadget_store, word, 1, 0, 0, 0, 0);
    for (int i = 0; i < 50; ++i) sched_yield();
    for (long i = 0; i < 512; ++i)
        if (table[i] != i) return BROKEN_IN;
    return 2;
}

/* One page of code at two addresses, ours and the room's. What the simulator keeps of it, it keeps by
 * physical address; rights go with the address that it runs at. */
int code_of_two_domains(const struct room* room, long own) {
    const long file = stile_syscall3(SYS_memfd_create, (long)"code", 0, 0);
    if (file < 0 || stile_syscall3(SYS_write, file, (long)gadgets, gadgets_end - gadgets) < 0) return 101;
    if (stile_syscall3(SYS_ftruncate, file, PAGE, 0) != 0) return 101;
    char* ours = mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, (int)file, 0);
    char* its = mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, (int)file, 0);
    const long data = dipc_dom_mmap(room->domain, 0, PAGE, PROT_READ | PROT_WRITE);
    if (ours == MAP_FAILED || its == MAP_FAILED || data < 0) return 102;
    if (dipc_dom_remap(room->domain, own, its, PAGE) < 0) return 103;
    const struct room here = {.code = ours}, there = {.code = its};
    for (int i = 0; i < 1000; ++i) {
        gadget(&there, gadget_store, data, i, 0, 0, 0, 0);
        if (gadget(&here, gadget_load, (long)&secret, 0, 0, 0, 0, 0) != secret) return 1;
        if (gadget(&there, gadget_load, data, 0, 0, 0, 0, 0) != i) return 2;
    }
    return gadget(&there, gadget_load, (long)&secret, 0, 0, 0, 0, 0) == secret ? BROKEN_IN : 3;
}
