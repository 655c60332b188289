/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps a secret and a private function, and tells where they are: knowing an address is no right.
 */
#include <stdio.h>

#include "workloads/break_in/victim.h"

static volatile long secret = 0x5ec4e7;
static volatile int stay;

/* Exported to nobody. */
static long __attribute__((aligned(STILE_ENTRY_ALIGN), noinline, used)) private_function(void) { return secret; }

DIPC_PLAIN_ENTRY static long secret_address(void) { return (long)&secret; }
DIPC_PLAIN_ENTRY static long private_address(void) { return (long)private_function; }

int main(void) {
    struct stile_entry entries[ENTRIES];
    describe(entries);
    entries[SECRET_ADDRESS].address = (unsigned long)secret_address;
    entries[PRIVATE_FUNCTION].address = (unsigned long)private_address;
    const long own = dipc_dom_default();
    const long exported = own < 0 ? own : dipc_entry_register(own, entries, ENTRIES);
    const long published = exported < 0 ? exported : dipc_name_publish("break_in.entries", exported);
    if (published < 0) {
        fprintf(stderr, "server: set-up failed: %ld\n", published);
        return 2;
    }
    while (!stay) stile_syscall6(SYS_futex, (long)&stay, 128 /* FUTEX_WAIT, private */, 0, 0, 0, 0);
    return 0;
}
