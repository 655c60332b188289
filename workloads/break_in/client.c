/* SPDX-License-Identifier: Apache-2.0
 *
 * break_in_client read|write|jump|deputy: tries one way into the server. Exit status 7: it got in; 0: it was
 * told no; killed by SIGSEGV: the hardware stopped it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/break_in/victim.h"

enum { GOT_IN = 7, TOLD_NO = 0, SET_UP_FAILED = 2 };

static int got_in(const char* how, long value) {
    printf("client: got in: %s 0x%lx\n", how, value);
    return GOT_IN;
}

/* Lets the kernel read the secret on our behalf. */
static int ask_the_kernel(volatile long* secret) {
    int ends[2];
    long value = 0;
    if (pipe(ends) != 0) return SET_UP_FAILED;
    if (write(ends[1], (const void*)secret, sizeof value) != sizeof value) {
        printf("client: the kernel refused: %s\n", strerror(errno));
        return errno == EFAULT ? TOLD_NO : SET_UP_FAILED;
    }
    if (read(ends[0], &value, sizeof value) != sizeof value) return SET_UP_FAILED;
    return got_in("the kernel read the secret for it:", value);
}

int main(int argc, char** argv) {
    const char* attack = argc > 1 ? argv[1] : "";
    struct stile_entry entries[ENTRIES];
    describe(entries);
    long exported;
    while ((exported = dipc_name_lookup("break_in.entries")) == -ENOENT) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    const long own = dipc_dom_default();
    const long proxies = exported < 0 ? exported : dipc_entry_request(exported, entries, ENTRIES);
    const long grant = proxies < 0 ? proxies : dipc_grant_create(own, proxies);
    if (own < 0 || grant < 0) {
        fprintf(stderr, "client: set-up failed: %ld\n", own < 0 ? own : grant);
        return SET_UP_FAILED;
    }
    volatile long* secret = (volatile long*)dipc_plain_call2(entries[SECRET_ADDRESS].proxy, 0, 0);
    const long function = dipc_plain_call2(entries[PRIVATE_FUNCTION].proxy, 0, 0);
    printf("client: tries to %s\n", attack);
    fflush(stdout);
    if (strcmp(attack, "read") == 0) return got_in("read", *secret);
    if (strcmp(attack, "write") == 0) {
        *secret = 0;
        return got_in("wrote", 0);
    }
    if (strcmp(attack, "jump") == 0) return got_in("the private function gave", ((long (*)(void))function)());
    if (strcmp(attack, "deputy") == 0) return ask_the_kernel(secret);
    fprintf(stderr, "client: unknown attack '%s'\n", attack);
    return SET_UP_FAILED;
}
