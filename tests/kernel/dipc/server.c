/* SPDX-License-Identifier: Apache-2.0
 *
 * Exports functions that behave well and badly, and sleeps.
 */
#include <unistd.h>

#include <errno.h>

#include "os/lib/channel.h"
#include "os/lib/codoms.h"
#include "os/lib/dipc_hosts.h"
#include "tests/kernel/dipc/entries.h"

static volatile long secret = SECRET_VALUE;
static struct stile_channel channel;
static long back_proxy;
static volatile long nowhere = 8;

DIPC_PLAIN_ENTRY static long add(long a, long b) { return a + b; }
DIPC_PLAIN_ENTRY static long secret_address(void) { return (long)&secret; }
DIPC_PLAIN_ENTRY static long untouched(void) { return secret == SECRET_VALUE; }
DIPC_PLAIN_ENTRY static long hosts(long n) { return dipc_host_visitors((unsigned)n); }
DIPC_PLAIN_ENTRY static long tls(void) { return (long)&errno; }
DIPC_PLAIN_ENTRY static long crash(void) { return *(volatile long*)nowhere; }
DIPC_PLAIN_ENTRY static long who(void) { return stile_syscall3(SYS_getpid, 0, 0, 0); }
DIPC_PLAIN_ENTRY static long many(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
DIPC_PLAIN_ENTRY static long code_address(void) { return (long)add; }
DIPC_PLAIN_ENTRY static long exit_here(long whole) {
    stile_syscall3(whole ? SYS_exit_group : SYS_exit, 5, 0, 0);
    return -1;
}
static int never[2];
DIPC_PLAIN_ENTRY static long block(void) {
    char c;
    return stile_syscall3(SYS_read, never[0], (long)&c, 1);
}
DIPC_PLAIN_ENTRY static long spin(long turns) {
    for (volatile long i = 0; i < turns; ++i) continue;
    return turns;
}
/* What it finds in the capability registers. Of the stack it leaves as little as it needs to return itself.
 */
DIPC_PLAIN_ENTRY static long capabilities(void) {
    const long found = (long)(stile_cap_word(0) | stile_cap_word(3) | stile_cap_word(6));
    char* here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    stile_cap_restrict(7, here - 256, 320, STILE_RIGHT_WRITE);
    stile_cap_make(1, (void*)&secret, 8, STILE_RIGHT_WRITE);
    return found;
}
DIPC_PLAIN_ENTRY static long move(long cpu) { return run_on(cpu); }
static __attribute__((noinline)) long down(long n) {
    volatile char room[4096];
    room[0] = (char)n;
    return n ? down(n - 1) + room[0] - (char)n + 1 : 0;
}
DIPC_PLAIN_ENTRY static long deep(long n) { return down(n); }
/* Calls the client's own function; the first time it must find it. */
DIPC_PLAIN_ENTRY static long call_back(long n) {
    if (!back_proxy) {
        struct stile_entry e = {.int_args = 1, .results = 1};
        const long own = dipc_dom_default();
        const long exported = dipc_name_lookup("test.back");
        const long proxies = dipc_entry_request(exported, &e, 1);
        if (proxies < 0) return proxies;
        const long grant = dipc_grant_create(own, proxies);
        if (grant < 0) return grant;
        back_proxy = (long)e.proxy;
    }
    return ((long (*)(long))back_proxy)(n) + 1;
}
DIPC_PLAIN_ENTRY static long leave(void) {
    channel.stopping = 1;
    return stile_syscall6(SYS_futex, (long)&channel.stopping, 129 /* FUTEX_WAKE, private */, 1, 0, 0, 0);
}
/* Writes below and above the caller's stack pointer: what a callee on the same stack can do, and on another
 * cannot. */
DIPC_PLAIN_ENTRY static long stack(long callers) {
    if (!callers) {
        long here;
        __asm__ volatile("mov %%rsp, %0" : "=r"(here));
        return here;
    }
    *(volatile long*)callers = 7;
    return 0;
}

static size_t accept_any(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity) {
    return length;
}

int main(void) {
    struct stile_entry e[ENTRIES];
    describe(e, STILE_POLICY_LOW);
    e[ADD].address = (unsigned long)add;
    e[SECRET].address = (unsigned long)secret_address;
    e[UNTOUCHED].address = (unsigned long)untouched;
    e[HOSTS].address = (unsigned long)hosts;
    e[TLS].address = (unsigned long)tls;
    e[CRASH].address = (unsigned long)crash;
    e[WHO].address = (unsigned long)who;
    e[MANY].address = (unsigned long)many;
    e[CALL_BACK].address = (unsigned long)call_back;
    e[LEAVE].address = (unsigned long)leave;
    e[STACK].address = (unsigned long)stack;
    e[CODE].address = (unsigned long)code_address;
    e[EXIT].address = (unsigned long)exit_here;
    e[BLOCK].address = (unsigned long)block;
    e[SPIN].address = (unsigned long)spin;
    e[CAPS].address = (unsigned long)capabilities;
    e[MOVE].address = (unsigned long)move;
    e[DEEP].address = (unsigned long)deep;
    if (pipe(never) != 0) return 99;
    const long own = dipc_dom_default();
    const long exported = dipc_entry_register(own, e, ENTRIES);
    if (own < 0 || exported < 0) return 100;
    if (stile_channel_open(&channel, "dipc", CHANNEL_BYTES) != 0) return 102;
    channel.handler = accept_any;
    if (dipc_name_publish("test.entries", exported) < 0) return 101;
    return channel.mechanism->serve(&channel);
}
