/* SPDX-License-Identifier: Apache-2.0
 *
 * A program whose server keeps a secret under a protection key, behind the gates of os/lib/keys. The argument
 * says how the client tries to get at it. Exit status: 42 it has the secret, or has changed it; 7 refused
 * without a fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/lib/keys/gate.h"

enum { SUCCEEDED = 42, REFUSED = 7, PAGE = 4096, STORE_KEY = 3 };
#define SECRET 0x5ec7e7u

struct stile_key_gate stile_key_gate __attribute__((aligned(4096), visibility("hidden")));

struct vault {
    unsigned secret;
    volatile unsigned* of_client; /* what the server looks at when it is told to */
};
static volatile struct vault* vault;
static unsigned *in, *out;
static volatile unsigned clients_own = 77;

enum { ASK_SAME, PEEK, COPY };

/* The server. It tells only whether the secret is what it was. */
static size_t serve(void* context, uint32_t code, void* from, size_t length, void* to, size_t capacity) {
    struct vault* v = context;
    if (code == ASK_SAME) return v->secret == SECRET;
    if (code == PEEK) *(unsigned*)to = *v->of_client;
    if (code == COPY) *(unsigned*)to = *(unsigned*)from;
    return 0;
}

static void* memory(void) {
    return mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void give(volatile void* at, int key) {
    if (syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ | PROT_WRITE, key) != 0) _exit(99);
}
static void wrpkru(unsigned v) { __asm__ volatile("wrpkru" : : "a"(v), "c"(0), "d"(0) : "memory"); }

static void set_up(void) {
    char* stack = memory();
    vault = memory();
    in = memory();
    out = memory();
    if (syscall(SYS_pkey_alloc, 0, 0) != STILE_KEY_SERVER ||
        syscall(SYS_pkey_alloc, 0, 0) != STILE_KEY_PAYLOAD)
        _exit(98);
    vault->secret = SECRET;
    vault->of_client = &clients_own;
    in[0] = out[0] = 1;
    memset(stack, 0, PAGE);
    stile_key_gate = (struct stile_key_gate){.context = (void*)vault,
                                             .handler = serve,
                                             .stack = stack + PAGE,
                                             .payload = (uint64_t)in,
                                             .answer = (uint64_t)out,
                                             .bytes = PAGE,
                                             .mxcsr = 0x1f80};
    give(stack, STILE_KEY_SERVER);
    give(vault, STILE_KEY_SERVER);
    give(&stile_key_gate, STILE_KEY_SERVER);
    give(in, STILE_KEY_PAYLOAD);
    give(out, STILE_KEY_PAYLOAD);
    wrpkru(STILE_PKRU_CLIENT);
}

static int has(unsigned v) { return v == SECRET ? SUCCEEDED : 1; }
static int changed(void) { return stile_key_call_low(ASK_SAME, in, 4, out, PAGE) == 1 ? 1 : SUCCEEDED; }

static int read_it(void) { return has(vault->secret); }
static int write_it(void) {
    vault->secret = 0;
    return changed();
}
/* A page that everybody may read and nobody may change: WD. */
static int write_shown(void) {
    volatile unsigned* shown = memory();
    *shown = SECRET;
    if (syscall(SYS_pkey_alloc, 0, 2) != STORE_KEY) return 97;
    give(shown, STORE_KEY);
    if (*shown != SECRET) return 96;
    *shown = 0;
    return *shown == SECRET ? 1 : SUCCEEDED;
}
static int kernel_reads(void) {
    int ends[2];
    unsigned v = 0;
    if (pipe(ends) != 0) return 95;
    if (write(ends[1], (const void*)vault, 4) != 4) return errno == EFAULT ? REFUSED : 94;
    return read(ends[0], &v, 4) == 4 ? has(v) : 93;
}
static int kernel_writes(void) {
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], "zero", 4) != 4) return 95;
    if (read(ends[0], (void*)vault, 4) != 4) return errno == EFAULT ? REFUSED : 94;
    return changed();
}
/* To the gate's wrpkru with rights of our own; what is behind it compares. */
static int into_the_gate(void) {
    const unsigned char* at = (const unsigned char*)stile_key_call_low;
    while (memcmp(at, "\x0f\x01\xef", 3) != 0) at++;
    __asm__ volatile("jmp *%0" : : "r"(at), "a"(0), "c"(0), "d"(0), "S"(&&gone) : "memory");
gone:
    return has(vault->secret);
}
/* The same where nothing compares: why gates must, and why a binary must have no other wrpkru. */
static int own_instruction(void) {
    wrpkru(0);
    return has(vault->secret);
}
static int server_peeks(void) {
    stile_key_call_high(PEEK, in, 4, out, PAGE);
    return out[0] == clients_own ? SUCCEEDED : 1;
}
/* The server as deputy: it may read what we may not. */
static int deputy_low(void) {
    stile_key_call_low(COPY, (void*)vault, 4, out, PAGE);
    return has(out[0]);
}
static int deputy_high(void) {
    const long r = stile_key_call_high(COPY, (void*)vault, 4, out, PAGE);
    return r == -EINVAL ? REFUSED : has(out[0]);
}
static void* in_thread(void* unused) { _exit(read_it()); }
static int another_thread(void) {
    pthread_t t;
    if (pthread_create(&t, 0, in_thread, 0) != 0) return 95;
    pthread_join(t, 0);
    return 94;
}
static void in_handler(int number) { _exit(read_it()); }
static int handler(void) {
    signal(SIGUSR1, in_handler);
    raise(SIGUSR1);
    return 94;
}
static int child(void) {
    int status;
    const pid_t pid = fork();
    if (!pid) _exit(read_it());
    if (waitpid(pid, &status, 0) != pid) return 95;
    if (WIFSIGNALED(status)) raise(WTERMSIG(status));
    return WEXITSTATUS(status);
}
/* System calls know nothing of who owns what in a process: protection keys need somebody who filters them. */
static int other_key(void) {
    give(vault, 0);
    return read_it();
}

static const struct {
    const char* name;
    int (*run)(void);
} attacks[] = {{"read", read_it},
               {"write", write_it},
               {"write_shown", write_shown},
               {"kernel_reads", kernel_reads},
               {"kernel_writes", kernel_writes},
               {"into_the_gate", into_the_gate},
               {"own_instruction", own_instruction},
               {"server_peeks", server_peeks},
               {"deputy_low", deputy_low},
               {"deputy_high", deputy_high},
               {"thread", another_thread},
               {"handler", handler},
               {"child", child},
               {"other_key", other_key}};

int main(int argc, char** argv) {
    set_up();
    /* Both gates work. */
    if (stile_key_call_low(ASK_SAME, in, 4, out, PAGE) != 1 ||
        stile_key_call_high(ASK_SAME, in, 4, out, PAGE) != 1)
        return 92;
    for (size_t i = 0; argc > 1 && i < sizeof attacks / sizeof *attacks; i++)
        if (!strcmp(argv[1], attacks[i].name)) return attacks[i].run();
    return 91;
}
