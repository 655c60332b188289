/* SPDX-License-Identifier: Apache-2.0
 *
 * What every family of attacks is written with. An attack returns an exit status: it says told_no() where a
 * system call refused, got_in() with evidence where it succeeded, and does not come back where the hardware
 * stopped it.
 */
#ifndef STILE_TESTS_SECURITY_ATTACKS_ATTACKER_H
#define STILE_TESTS_SECURITY_ATTACKS_ATTACKER_H

#include <stdint.h>
#include <stdio.h>

#include "tests/security/attacks/world.h"

#define ATTACK(name, ...) int attack_##name(void);
#include "tests/security/attacks/attacks.def"
#undef ATTACK

extern struct stile_entry proxies[ENTRIES];
extern long own, victims; /* handles: our default domain, the domain of the proxies */

#define WORDS(at) ((volatile uint64_t*)(at))
static inline uint64_t address_of(enum place at) {
    return (uint64_t)dipc_plain_call2(proxies[TELL].proxy, at, 0);
}

__attribute__((format(printf, 1, 2))) int got_in(const char* how, ...);
int told_no(long error);
int told_nothing(void); /* the kernel refuses in silence: whether the victim was touched is for it to say */
__attribute__((format(printf, 1, 2))) int inconclusive(const char* why, ...);
/* The usual ends: a value that must be the secret, a system call that must have failed. */
int have_secret(uint64_t value);
/* Kernel control stacks of the victim's thread and of ours: the first and the second one made. Where they lie
 * is no secret (os/kernel/dipc/shared_table.h, layout.h). */
static inline uint64_t first_kcs(void) { return 0x7e0040000000; }
static inline uint64_t own_kcs(void) { return first_kcs() + 0x200000; }
/* Tags are no secret either. */
unsigned own_tag(void);
unsigned victims_tag(void);
/* An anonymous page of ours. */
void* page(int prot);
/* The victim will call `function` in LEND and CALL_BACK. */
void offer_call_back(long (*function)(void));
/* A page of capability storage of ours. */
struct stile_cap* storage(void);
/* A capability that nobody made: all of the victim's rights on its secret. */
struct stile_cap forged(void);

#endif
