/* SPDX-License-Identifier: Apache-2.0
 *
 * Returns to where no call came from, and frames that are not ours.
 */
#include "tests/security/attacks/attacker.h"

static uint64_t target;

/* With nothing on the domain capability stack. */
int attack_return_from_nowhere(void) {
    __asm__ volatile("push %0\n ret" : : "r"(address_of(AT_GADGET)));
    __builtin_unreachable();
}

/* As a callee, which has a return capability, but to elsewhere. */
DIPC_PLAIN_ENTRY static long return_elsewhere(void) {
    __asm__ volatile("push %0\n ret" : : "r"(target));
    __builtin_unreachable();
}
int attack_return_elsewhere(void) {
    target = address_of(AT_GADGET);
    offer_call_back(return_elsewhere);
    return told_no(dipc_plain_call2(proxies[LEND].proxy, 0, 0));
}

/* Twice to the same place: the address is right, but used up. The first return leaves its address to us. */
static uint64_t used_up;
DIPC_PLAIN_ENTRY static long remember(void) {
    used_up = (uint64_t)__builtin_return_address(0);
    return 0;
}
int attack_return_twice(void) {
    offer_call_back(remember);
    if (dipc_plain_call2(proxies[LEND].proxy, 0, 0) != 0) return inconclusive("it was not called back");
    __asm__ volatile("push %0\n ret" : : "r"(used_up));
    __builtin_unreachable();
}

/* The victim's frame, while the victim waits for us to return. */
DIPC_PLAIN_ENTRY static long overwrite_frame(void) {
    *WORDS(target) = 0;
    return 5;
}
DIPC_PLAIN_ENTRY static long find_and_overwrite(void) {
    target = (uint64_t)dipc_plain_call2(proxies[TELL].proxy, AT_LOCAL, 0);
    return overwrite_frame();
}
int attack_callers_frame(void) {
    offer_call_back(find_and_overwrite);
    const long r = dipc_plain_call2(proxies[CALL_BACK].proxy, 0, 0);
    return r == 5 ? got_in("overwrote a variable in its caller's frame") : told_no(r);
}

/* The one that says where our own call returns to lies on the stack of capabilities: pop it. */
static uint64_t popped;
DIPC_PLAIN_ENTRY static long pop_return(void) {
    stile_cap_pop(0);
    popped = stile_cap_base(0);
    stile_cap_push(0);
    return 5;
}
int attack_pop_return(void) {
    offer_call_back(pop_return);
    const long r = dipc_plain_call2(proxies[LEND].proxy, 0, 0);
    return r == 5 && popped ? got_in("popped a return capability: it says %#lx", (unsigned long)popped)
                            : told_no(r);
}
