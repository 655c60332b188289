/* SPDX-License-Identifier: Apache-2.0
 *
 * Every instruction that is the kernel's and the proxies', from a page without the privileged bit.
 */
#include <string.h>

#include "tests/security/attacks/attacker.h"

int attack_save_state(void) {
    stile_cd_save((struct stile_cd_state*)storage());
    return got_in("it keeps a copy of all its rights");
}
/* A state of the past, with what was lent then. */
static struct stile_cd_state* past;
DIPC_PLAIN_ENTRY static long save_here(void) {
    stile_cd_save(past);
    return 5;
}
int attack_restore_state(void) {
    const uint64_t page_at = address_of(AT_PAGE);
    past = (struct stile_cd_state*)storage();
    offer_call_back(save_here);
    dipc_plain_call2(proxies[LEND].proxy, 0, 0);
    stile_cd_restore(past);
    return have_secret(*WORDS(page_at));
}
int attack_fill_apl_cache(void) {
    static struct stile_apl_record r;
    const uint64_t secret_at = address_of(AT_SECRET);
    const unsigned self = own_tag();
    memset(&r, 0, sizeof r);
    r.tag = self;
    memset(r.row, 0xff, sizeof r.row); /* to write whoever is cached, the victim among them */
    const unsigned victim = victims_tag();
    r.slot = (uint64_t)stile_cd_hwtag(self);
    if (stile_cd_hwtag(victim) < 0) return inconclusive("the victim is not cached");
    stile_cd_aplfill(&r);
    return have_secret(*WORDS(secret_at));
}
int attack_empty_apl_cache(void) {
    stile_cd_aplinv(~0ull);
    return got_in("every domain's rights have to be fetched again");
}
int attack_ask_victim_slot(void) { return got_in("entry %llu is next", stile_cd_aplvictim()); }
int attack_ask_tag(void) { return got_in("entry 0 belongs to domain %lld", stile_cd_apltag(0)); }
int attack_ask_hardware_tag(void) { return got_in("domain 2 is in entry %lld", stile_cd_hwtag(2)); }
int attack_ask_kcs(void) {
    uint64_t at;
    __asm__ volatile(".byte 0x0f, 0x0a, 0xf8" : "=a"(at));
    return got_in("kernel control stack at %#lx", (unsigned long)at);
}
int attack_read_dcs(void) {
    uint64_t base;
    __asm__ volatile(".byte 0x0f, 0x26, 0xc8" : "=a"(base)); /* cd.rddcs rax, 1 */
    return got_in("domain capability stack at %#lx", (unsigned long)base);
}
/* The limit of its domain capability stack. */
int attack_write_dcs(void) {
    uint64_t limit = ~0xffffull >> 16;
    __asm__ volatile(".byte 0x0f, 0x27, 0xd0" : "+a"(limit)); /* cd.wrdcs 2, rax */
    return got_in("its domain capability stack has no limit any more");
}
