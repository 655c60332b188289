/* SPDX-License-Identifier: Apache-2.0
 *
 * Attacks by who may call another domain directly, without a proxy.
 */
#define _GNU_SOURCE
#include "tests/kernel/codoms/neighbours.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { BROKEN_IN = 77, PAGE = 4096, THREAD = 0x50f00 /* VM FS FILES SIGHAND THREAD SYSVSEM */ };

/* The gate's process starts the attacker and tells it where the gate is. */
int signal_in_a_gate(const char* program) {
    struct room gate;
    char code[20];
    const long own = dipc_dom_default();
    int status = -1;
    if (room_open(&gate, own) != 0) return 101;
    const long callable = dipc_dom_copy(gate.domain, STILE_RIGHT_CALL);
    if (callable < 0 || dipc_name_publish("gate", callable) < 0) return 102;
    snprintf(code, sizeof code, "%lx", (unsigned long)gate.code);
    const pid_t child = fork();
    if (child == 0) {
        execl(program, program, "signal_in_a_gate_attacker", code, (char*)0);
        _exit(103);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return 104;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 105;
}

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
