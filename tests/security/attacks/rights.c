/* SPDX-License-Identifier: Apache-2.0
 *
 * What the hardware remembers of rights, and of code: made to forget, to mix up, to be late.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/security/attacks/attacker.h"

/* More domains than the APL cache has entries, each of them used: what is evicted must not leave a right
 * behind, and who moves into an entry must not inherit one. */
int attack_crowd_apl_cache(void) {
    enum { CROWD = 80 };
    static volatile uint64_t* at[CROWD];
    const uint64_t secret_at = address_of(AT_SECRET);
    for (int i = 0; i < CROWD; ++i) {
        const long d = dipc_dom_create("crowd");
        at[i] = (volatile uint64_t*)dipc_dom_mmap(d, 0, 4096, PROT_READ | PROT_WRITE);
        if (d < 0 || dipc_grant_create(own, d) < 0) return SET_UP_FAILED;
        *at[i] = 1;
    }
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < CROWD; ++i) *at[i] += 1;
    return have_secret(*WORDS(secret_at));
}

/* A domain of ours whose right was taken back, on the only core. */
static volatile uint64_t* vault;
static long grant;
static int open_vault(void) {
    const long d = dipc_dom_create("vault");
    vault = (volatile uint64_t*)dipc_dom_mmap(d, 0, 4096, PROT_READ | PROT_WRITE);
    grant = d < 0 ? d : dipc_grant_create(own, d);
    if (grant < 0) return -1;
    *vault = SECRET;
    return 0;
}
int attack_after_grant(void) {
    if (open_vault() < 0) return SET_UP_FAILED;
    if (dipc_grant_revoke(grant) != 0) return SET_UP_FAILED;
    return have_secret(*vault);
}
/* On another core, which uses the right all the time. */
static volatile int in_use, revoked;
static void* keep_using(void* unused) {
    stile_run_on(1);
    for (;;) {
        const int was_revoked = revoked;
        const uint64_t value = *vault;
        in_use = 1;
        if (was_revoked) return (void*)value;
    }
}
int attack_after_grant_elsewhere(void) {
    pthread_t thread;
    void* value = 0;
    if (open_vault() < 0) return SET_UP_FAILED;
    if (stile_run_on(0) < 0) return inconclusive("one core only");
    if (pthread_create(&thread, 0, keep_using, 0) != 0) return SET_UP_FAILED;
    while (!in_use) continue;
    if (dipc_grant_revoke(grant) != 0) return SET_UP_FAILED;
    revoked = 1;
    pthread_join(thread, &value);
    return have_secret((uint64_t)value);
}
/* What was made from a grant ends with it. */
int attack_capability_of_dead_grant(void) {
    if (open_vault() < 0) return SET_UP_FAILED;
    stile_cap_make(0, (void*)vault, 8, STILE_RIGHT_READ);
    if (dipc_grant_revoke(grant) != 0) return SET_UP_FAILED;
    return have_secret(*vault);
}

/* A handle lends what it holds: that of the proxies' domain is one to call. */
int attack_strong_grant(void) {
    if (dipc_grant_create(own, victims) < 0) return SET_UP_FAILED;
    const volatile unsigned char* code = (const volatile unsigned char*)proxies[WORK].proxy;
    return got_in("the proxy begins with %02x %02x", code[0], code[1]);
}

/* The victim's code, decoded and cached, overwritten. */
int attack_overwrite_code(void) {
    volatile unsigned char* code = (volatile unsigned char*)address_of(AT_CODE);
    if (dipc_plain_call2(proxies[RUN].proxy, 0, 0) != 1)
        return inconclusive("the victim's code does not run");
    code[1] = 2;
    return dipc_plain_call2(proxies[RUN].proxy, 0, 0) == 2 ? got_in("the victim runs what we wrote")
                                                           : inconclusive("the victim runs its own code");
}
/* Code of ours, decoded and cached as ours, that then belongs to a domain without a right over us: what it
 * may touch goes with the page, not with the decoded block. */
int attack_code_changes_hands(void) {
    static const unsigned char load[] = {0x48, 0x8b, 0x07, 0xc3}; /* mov rax, [rdi]; ret */
    static volatile uint64_t ours = SECRET;
    unsigned char* code = page(PROT_READ | PROT_WRITE | PROT_EXEC);
    const long jail = dipc_dom_create("jail");
    memcpy(code, load, sizeof load);
    uint64_t (*function)(volatile uint64_t*) = (uint64_t(*)(volatile uint64_t*))code;
    if (function(&ours) != SECRET) return inconclusive("it does not load");
    if (dipc_grant_create(own, jail) < 0 || dipc_dom_remap(jail, own, code, 4096) < 0) return SET_UP_FAILED;
    return have_secret(function(&ours));
}
