/* SPDX-License-Identifier: Apache-2.0
 *
 * The host of the plugin. It looks at its own memory when the plugin has come back, or has been stopped: then
 * in a handler, which lets the plugin go on, into the same refusal and its end.
 */
#define _GNU_SOURCE
#include "tests/security/attacks/plugin.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/lib/domain.h"
#include "tests/security/attacks/attacker.h"

STILE_DOMAIN_BOUNDS();
long domain_isolated_entry(long code, long length) __attribute__((visibility("hidden")));

static volatile uint64_t host_secret[512] __attribute__((aligned(4096))) = {SECRET};
static volatile uint64_t host_results[512] __attribute__((aligned(4096)));
static volatile uint64_t host_calls;
static long plugin;

static uint64_t __attribute__((aligned(64), noinline)) host_function(void) {
    ++host_calls;
    return host_secret[0];
}
static void __attribute__((aligned(64), noinline)) host_gadget(void) {
    ++host_calls;
    puts("host: damaged: a private function ran");
    fflush(stdout);
    stile_syscall3(SYS_exit_group, GOT_IN, 0, 0);
}

static const char* damage(void) {
    for (int i = 0; i < 512; ++i) {
        if (host_results[i] != (uint64_t)i * 3 + 1) return "results were overwritten";
        if (host_secret[i] != (i ? 0 : SECRET)) return "the secret was overwritten";
    }
    return host_calls ? "a private function ran" : 0;
}
static void report(void) {
    const char* what = damage();
    printf("host: %s%s\n", what ? "damaged: " : "memory and results intact", what ? what : "");
    fflush(stdout);
}
static void stopped(int sig) {
    report();
    signal(SIGSEGV, SIG_DFL);
}

static int split(void) {
    static char stack[16384] __attribute__((aligned(16)));
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction a = {.sa_handler = stopped, .sa_flags = SA_ONSTACK};
    for (int i = 0; i < 512; ++i) host_results[i] = (uint64_t)i * 3 + 1;
    if (sigaltstack(&alternate, 0) != 0 || sigaction(SIGSEGV, &a, 0) != 0) return -1;
    plugin = dipc_dom_create("plugin");
    if (plugin < 0 || dipc_grant_create(own, plugin) < 0) return -1;
    if (dipc_dom_remap(plugin, own, stile_domain_code, (size_t)(stile_domain_code_end - stile_domain_code)) <
        0)
        return -1;
    return dipc_dom_remap(plugin, own, stile_domain_data,
                          (size_t)(stile_domain_data_end - stile_domain_data)) < 0
               ? -1
               : 0;
}
#define SPLIT() \
    if (split() < 0) return SET_UP_FAILED

static int refused_or(long result, int (*then)(void)) {
    report();
    return result < 0 ? told_no(result) : then();
}
static int damaged(void) {
    return damage() ? got_in("the host's memory is not what it was") : inconclusive("no damage");
}

int attack_plugin_load(void) {
    SPLIT();
    return have_secret(plugin_load((uint64_t)host_secret));
}
int attack_plugin_call(void) {
    SPLIT();
    return have_secret(plugin_call((uint64_t)host_function));
}
int attack_plugin_return(void) {
    SPLIT();
    plugin_return_to((uint64_t)host_gadget);
    return inconclusive("it came back");
}
int attack_plugin_pop(void) {
    SPLIT();
    stile_cap_make(1, (const void*)host_secret, 8, STILE_RIGHT_READ);
    stile_cap_push(1);
    stile_cap_clear(1 << 1);
    plugin_pop_callers((uint64_t)host_secret);
    return have_secret(plugin_found);
}

/* Two pages: the plugin's code at the end of the first runs into the host's second. */
static unsigned char* two_pages(void) {
    unsigned char* p = mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 0x90, 8192);
    return p;
}
int attack_plugin_fall_through(void) {
    static const unsigned char code[] = {0xb8, 7, 0, 0, 0, 0xc3}; /* mov eax, 7; ret */
    SPLIT();
    unsigned char* p = two_pages();
    memcpy(p + 4096, code, sizeof code);
    if (dipc_dom_remap(plugin, own, p, 4096) < 0) return SET_UP_FAILED;
    return ((int (*)(void))(p + 4090))() == 7 ? got_in("the plugin fell into the host's code")
                                              : inconclusive("no");
}
/* A jump whose displacement is the host's: where it goes tells what lies there. */
int attack_plugin_straddle(void) {
    static const unsigned char code[] = {0xb8, 7, 0, 0, 0, 0xc3};
    SPLIT();
    unsigned char* p = two_pages();
    const int32_t word = -4 - 64;
    memcpy(p + 4096 - 64, code, sizeof code);
    p[4095] = 0xe9;
    memcpy(p + 4096, &word, 4);
    if (dipc_dom_remap(plugin, own, p, 4096) < 0) return SET_UP_FAILED;
    return ((int (*)(void))(p + 4095))() == 7 ? got_in("the host's data told the plugin where to jump")
                                              : inconclusive("no");
}

static int load_now(void) { return have_secret(plugin_load((uint64_t)host_secret)); }
int attack_plugin_takes_host(void) {
    SPLIT();
    return refused_or(plugin_take_host(plugin), load_now);
}
int attack_plugin_discards(void) {
    SPLIT();
    return refused_or(plugin_discard((uint64_t)host_results), damaged);
}
int attack_plugin_replaces(void) {
    SPLIT();
    return refused_or(plugin_replace((uint64_t)host_results), damaged);
}
int attack_plugin_forks(void) {
    SPLIT();
    const long r = plugin_fork((uint64_t)host_secret);
    report();
    if (r < 0) return told_no(r);
    return r == (SECRET & 0x7f) ? got_in("a child of the plugin's read the secret") : inconclusive("%ld", r);
}
static int run_plugin(void* unused) { return plugin_clear_at_exit((uint64_t)host_results) < 0; }
int attack_plugin_writes_late(void) {
    static char stack[16384] __attribute__((aligned(16)));
    SPLIT();
    /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM */
    if (clone(run_plugin, stack + sizeof stack, 0x50f00, 0) < 0) return SET_UP_FAILED;
    for (int i = 0; i < 100; ++i) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    report();
    return damage() ? got_in("the thread's end wrote into the host") : told_nothing();
}
int attack_plugin_stack(void) {
    SPLIT();
    report();
    signal(SIGSEGV, SIG_DFL); /* the thread has no stack for the handler */
    const long r = plugin_thread_on((uint64_t)host_secret + 4096, (uint64_t)host_secret);
    return r < 0 ? told_no(r) : have_secret(plugin_found);
}
int attack_plugin_signal_return(void) {
    SPLIT();
    plugin_signal_return((uint64_t)host_gadget);
    return inconclusive("it came back");
}
int attack_plugin_handles_signal(void) {
    SPLIT();
    const long r = plugin_handle_signal(SIGUSR1);
    report();
    if (r < 0) return told_no(r);
    raise(SIGUSR1);
    return inconclusive("the plugin's handler does not run");
}

/* The gate of policy `high`: a call through it, with an address in its middle where it finds its return
 * address. A thread on another core could put it there at any time. In the middle is where RSP is taken for
 * the end of the server's stack. */
static char fake_stack[8192] __attribute__((aligned(4096)));
static sigjmp_buf out_of_the_gate;
static volatile int refused;
static void leave_the_gate(int sig) {
    if (!refused++) siglongjmp(out_of_the_gate, 1);
    signal(SIGSEGV, SIG_DFL);
}
static uint64_t __attribute__((noinline)) middle_of_gate(void) {
    static const unsigned char rsp_to_rcx[] = {0x48, 0x89, 0xe1};
    const uint64_t end = (uint64_t)stile_domain_gate_end - sizeof rsp_to_rcx;
    for (uint64_t p = (uint64_t)stile_domain_gate; p < end; ++p)
        if (memcmp((const void*)p, rsp_to_rcx, sizeof rsp_to_rcx) == 0) return p;
    return 0;
}
int attack_gate_returns_into_itself(void) {
    static char stack[16384] __attribute__((aligned(16)));
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    const struct sigaction a = {.sa_handler = leave_the_gate, .sa_flags = SA_ONSTACK | SA_NODEFER};
    static uint64_t entry, middle;
    entry = (uint64_t)domain_isolated_entry;
    middle = middle_of_gate();
    if (!middle || stile_domain_split("plugin", 1) < 0) return SET_UP_FAILED;
    if (sigaltstack(&alternate, 0) != 0 || sigaction(SIGSEGV, &a, 0) != 0) return SET_UP_FAILED;
    if (sigsetjmp(out_of_the_gate, 0) == 0) {
        stile_cap_make(6, fake_stack, sizeof fake_stack, STILE_RIGHT_WRITE);
        *(volatile uint64_t*)(fake_stack + 4088) = middle;
        __asm__ volatile("mov %0, %%rsp\n jmp *%1" : : "r"(fake_stack + 4088), "r"(entry) : "memory");
    }
    stile_cap_make(0, fake_stack, sizeof fake_stack, STILE_RIGHT_WRITE);
    const uint64_t frame = (uint64_t)codoms_isolated_call2(entry, 0, 0);
    if (frame - (uint64_t)fake_stack < sizeof fake_stack)
        return got_in("the server runs on a stack of its caller's");
    refused = 1;
    stile_cap_make(6, fake_stack, sizeof fake_stack, STILE_RIGHT_WRITE);
    __asm__ volatile("mov %0, %%rsp\n jmp *%1" : : "r"(fake_stack + 4088), "r"(entry) : "memory");
    __builtin_unreachable();
}
