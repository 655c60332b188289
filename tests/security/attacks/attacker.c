/* SPDX-License-Identifier: Apache-2.0
 *
 * attacker NAME: connects to the victim as any client would, and makes one attack.
 */
#include "tests/security/attacks/attacker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct stile_entry proxies[ENTRIES];
long own, victims;

static void say(const char* what, const char* format, va_list arguments) {
    printf("attacker: %s", what);
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
}
int got_in(const char* how, ...) {
    va_list arguments;
    va_start(arguments, how);
    say("got in: ", how, arguments);
    va_end(arguments);
    return GOT_IN;
}
int inconclusive(const char* why, ...) {
    va_list arguments;
    va_start(arguments, why);
    say("inconclusive: ", why, arguments);
    va_end(arguments);
    return INCONCLUSIVE;
}
int told_no(long error) {
    printf("attacker: told no: %s\n", strerror((int)-error));
    fflush(stdout);
    return TOLD_NO;
}
int told_nothing(void) {
    puts("attacker: told nothing");
    fflush(stdout);
    return TOLD_NO;
}
int have_secret(uint64_t value) {
    return value == SECRET ? got_in("read the secret %#lx", (unsigned long)value)
                           : inconclusive("read %#lx, which is not the secret", (unsigned long)value);
}

void* page(int prot) {
    void* at = mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) exit(SET_UP_FAILED);
    return at;
}

unsigned own_tag(void) {
    stile_cap_make(0, 0, 1, STILE_RIGHT_READ);
    const unsigned tag = STILE_CAP_ORIGIN(stile_cap_word(0));
    stile_cap_clear(1);
    return tag;
}
/* Tags are given out in turn, and the victim came before us. */
unsigned victims_tag(void) { return own_tag() - 1; }
struct stile_cap* storage(void) {
    const long at = stile_cap_pages(own, 4096);
    if (at < 0) exit(SET_UP_FAILED);
    return (struct stile_cap*)at;
}
struct stile_cap forged(void) {
    return (struct stile_cap){.base = address_of(AT_SECRET),
                              .length = 8,
                              .word = STILE_CAP_WORD(victims_tag(), 0, STILE_RIGHT_WRITE, STILE_CAP_ASYNC)};
}

void offer_call_back(long (*function)(void)) {
    struct stile_entry e = call_back_entry(STILE_POLICY_LOW);
    e.address = (uint64_t)function;
    const long exported = dipc_entry_register(own, &e, 1);
    if (exported < 0 || dipc_name_publish("attacker.call_back", exported) < 0) exit(SET_UP_FAILED);
}

static const struct {
    const char* name;
    int (*run)(void);
} attacks[] = {
#define ATTACK(name, ...) {#name, attack_##name},
#include "tests/security/attacks/attacks.def"
#undef ATTACK
};

int main(int argc, char** argv) {
    const long exported = wait_for_name("victim.entries");
    own = dipc_dom_default();
    describe(proxies, STILE_POLICY_LOW);
    if (argc < 2 || own < 0 || exported < 0) return SET_UP_FAILED;
    if ((victims = dipc_entry_request(exported, proxies, ENTRIES)) < 0) return SET_UP_FAILED;
    if (dipc_grant_create(own, victims) < 0 || dipc_plain_call2(proxies[WORK].proxy, 3, 4) != 7)
        return SET_UP_FAILED;
    for (unsigned i = 0; i < sizeof attacks / sizeof *attacks; ++i)
        if (strcmp(argv[1], attacks[i].name) == 0) return attacks[i].run();
    return SET_UP_FAILED;
}
