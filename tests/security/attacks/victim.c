/* SPDX-License-Identifier: Apache-2.0
 *
 * victim ATTACK: starts the attacker, waits for its end, and says how things stand: `intact`, or what was
 * damaged. Exit status 0: the attacker was stopped and nothing is damaged; 7: it got in; 3: neither is clear.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/lib/dipc_hosts.h"
#include "tests/security/attacks/world.h"

#define PAGE_ALIGNED __attribute__((aligned(4096)))
enum { RESULTS = 64, PAGE_WORDS = 512 };

static volatile uint64_t secret PAGE_ALIGNED = SECRET;
static volatile uint64_t results[RESULTS] PAGE_ALIGNED;
static volatile uint32_t word PAGE_ALIGNED = 1;
static volatile uint64_t lent_page[PAGE_WORDS] PAGE_ALIGNED;
static volatile uint64_t calls, calls_inverted = ~0ull, private_calls, frames_overwritten, wrong_results;
static volatile uint64_t frame[256] PAGE_ALIGNED;
static const uint64_t constants[PAGE_WORDS] PAGE_ALIGNED = {SECRET};
static uint64_t stack_at, lazy_at, local_at;
static unsigned char* code; /* mov eax, 1; ret */
static char* storage;       /* capability storage: a counter at 0, capabilities from 32 on */
static uint64_t call_back_proxy;

/* Nobody is given these. */
static uint64_t __attribute__((aligned(64), noinline, used)) private_function(void) {
    ++private_calls;
    return secret;
}
static void __attribute__((aligned(64), noinline, used)) gadget(void) {
    ++private_calls;
    stile_syscall3(SYS_exit_group, GOT_IN, 0, 0);
    __builtin_unreachable();
}

DIPC_PLAIN_ENTRY static long work(long a, long b) {
    ++calls;
    --calls_inverted;
    return a + b;
}

DIPC_PLAIN_ENTRY static long tell(long what) {
    switch (what) {
        case AT_SECRET:
            return (long)&secret;
        case AT_RESULTS:
            return (long)results;
        case AT_WORD:
            return (long)&word;
        case AT_PRIVATE:
            return (long)private_function;
        case AT_GADGET:
            return (long)gadget;
        case AT_WORK:
            return (long)work;
        case AT_LAZY:
            return (long)lazy_at;
        case AT_PAGE:
            return (long)lent_page;
        case AT_STORAGE:
            return (long)storage;
        case AT_STACK:
            return (long)stack_at;
        case AT_FRAME:
            return (long)frame;
        case AT_POLICY:
            return (long)constants;
        case AT_CALLS:
            return (long)calls;
        case AT_LOCAL:
            return (long)local_at;
        case AT_CODE:
            return (long)code;
        default:
            return -1;
    }
}

/* The attacker's function, found at the first use. */
enum { KEEP_STACK = STILE_POLICY_STACK_INTEGRITY_CALLER | STILE_POLICY_STACK_INTEGRITY_CALLEE };
static long call_back_at(unsigned policy) {
    if (!call_back_proxy) {
        struct stile_entry e = call_back_entry(policy);
        const long exported = dipc_name_lookup("attacker.call_back");
        const long made = exported < 0 ? exported : dipc_entry_request(exported, &e, 1);
        const long grant = made < 0 ? made : dipc_grant_create(dipc_dom_default(), made);
        if (grant < 0) return grant;
        call_back_proxy = e.proxy;
    }
    return 0;
}
DIPC_PLAIN_ENTRY static long call_back(void) {
    volatile uint64_t local = SECRET;
    local_at = (uint64_t)&local;
    long r = call_back_at(KEEP_STACK);
    if (r == 0) r = dipc_plain_call2(call_back_proxy, 0, 0);
    frames_overwritten += local != SECRET;
    return r;
}

/* The first 64 bytes of the page, to read, until the call is over. */
DIPC_PLAIN_ENTRY static long lend(void) {
    long r = call_back_at(STILE_POLICY_LOW);
    if (r < 0) return r;
    stile_cap_make(1, (const void*)lent_page, 64, STILE_RIGHT_READ);
    r = dipc_plain_call2(call_back_proxy, 0, 0);
    stile_cap_clear(1 << 1);
    return r;
}
DIPC_PLAIN_ENTRY static long give(void) {
    stile_cap_make(2, (const void*)lent_page, 64, STILE_RIGHT_READ);
    stile_cap_async(2, (const uint64_t*)storage);
    stile_cap_store((struct stile_cap*)(storage + 32), 2);
    return 0;
}
DIPC_PLAIN_ENTRY static long take_back(void) {
    stile_cap_revoke((uint64_t*)storage);
    return 0;
}
/* As a function would that uses a capability for its own ends and does not clean up. */
DIPC_PLAIN_ENTRY static long forget(void) {
    stile_cap_make(3, (const void*)&secret, 8, STILE_RIGHT_READ);
    return 0;
}

DIPC_PLAIN_ENTRY static long run(void) {
    const long r = ((int (*)(void))code)();
    wrong_results += r != 1;
    return r;
}
static void write_code(void) {
    static const unsigned char bytes[] = {0xb8, 1, 0, 0, 0, 0xc3};
    code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, bytes, sizeof bytes);
}

/* Ends the process that it acts for with status GOT_IN. */
static void map_lazy_code(void) {
    static const unsigned char code[] = {0xbf, GOT_IN, 0, 0, 0, /* mov edi, GOT_IN */
                                         0xb8, 231,    0, 0, 0, /* mov eax, exit_group */
                                         0x0f, 0x05};           /* syscall */
    const int file = open("/lazy", O_RDWR | O_CREAT, 0700);
    if (file < 0 || write(file, code, sizeof code) != sizeof code) return;
    lazy_at = (uint64_t)mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    close(file);
}

/* A signal frame as rt_sigreturn would take it: RAX holds the secret, control goes to nowhere in particular.
 * uc_mcontext lies 8 + 40 bytes above; its RAX is the 14th word, its RIP the 17th. */
static void leave_frame(void) { frame[6 + 13] = SECRET; }

static const char* damage(void) {
    if (secret != SECRET) return "the secret was overwritten";
    for (int i = 0; i < RESULTS; ++i)
        if (results[i] != (uint64_t)i * i + 1) return "results were overwritten";
    if (word != 1) return "its futex word was changed";
    for (int i = 0; i < PAGE_WORDS; ++i)
        if (lent_page[i] != (i ? (uint64_t)i : SECRET)) return "the page that it lends was overwritten";
    for (int i = 0; i < 256; ++i)
        if (frame[i] != (i == 6 + 13 ? SECRET : 0)) return "the signal frame that it keeps was overwritten";
    if (frames_overwritten) return "a frame on its stack was overwritten";
    if (wrong_results || code[1] != 1) return "its code was changed";
    if (private_calls) return "a private function ran";
    if (calls != ~calls_inverted) return "its books do not balance";
    return 0;
}

static long export_entries(void) {
    struct stile_entry e[ENTRIES];
    describe(e, STILE_POLICY_LOW);
    e[TELL].address = (uint64_t)tell;
    e[WORK].address = (uint64_t)work;
    e[LEND].address = (uint64_t)lend;
    e[GIVE].address = (uint64_t)give;
    e[TAKE_BACK].address = (uint64_t)take_back;
    e[FORGET].address = (uint64_t)forget;
    e[CALL_BACK].address = (uint64_t)call_back;
    e[RUN].address = (uint64_t)run;
    e[CALL_BACK].policy = KEEP_STACK;
    const long d = dipc_dom_default();
    const long exported = d < 0 ? d : dipc_entry_register(d, e, ENTRIES);
    if (exported < 0) return exported;
    const long at = stile_cap_pages(d, 4096);
    storage = at < 0 ? 0 : (char*)at;
    return dipc_name_publish("victim.entries", exported);
}

int main(int argc, char** argv) {
    if (argc < 2) return SET_UP_FAILED;
    for (int i = 0; i < RESULTS; ++i) results[i] = (uint64_t)i * i + 1;
    for (int i = 0; i < PAGE_WORDS; ++i) lent_page[i] = i ? (uint64_t)i : SECRET;
    stack_at = (uint64_t)&argc;
    leave_frame();
    map_lazy_code();
    write_code();
    if (export_entries() < 0) return SET_UP_FAILED;
    /* This one calls from a second thread. */
    if (strcmp(argv[1], "return_address_of_proxy") == 0 && dipc_host_visitors(1) != 0) return SET_UP_FAILED;

    const pid_t child = fork();
    if (child == 0) {
        execv("/bin/attacker", (char*[]){"/bin/attacker", argv[1], 0});
        _exit(SET_UP_FAILED);
    }
    int status = -1;
    while (stile_syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0) == -4 /* EINTR */) continue;
    const char* what = damage();
    if (WIFSIGNALED(status))
        printf("victim: the attacker was killed by signal %d\n", WTERMSIG(status));
    else
        printf("victim: the attacker ended with status %d\n", WEXITSTATUS(status));
    if (what)
        printf("victim: damaged: %s\n", what);
    else
        printf("victim: memory and results intact\n");
    if (what || (WIFEXITED(status) && WEXITSTATUS(status) == GOT_IN)) return GOT_IN;
    if (WIFEXITED(status) && WEXITSTATUS(status) != TOLD_NO) return WEXITSTATUS(status);
    return 0;
}
