/* SPDX-License-Identifier: Apache-2.0
 *
 * Two threads of a caller against a gate of policy `high` over protection keys (os/lib/keys/).
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "os/lib/keys/gate.h"
#include "os/lib/keys/keys.h"
#include "tests/kernel/gates/meeting.h"

enum { PAGE = 4096 };
struct stile_key_gate stile_key_gate __attribute__((aligned(PAGE), visibility("hidden")));
struct state {
    volatile long inside, met;
};
static char *in, *out;

static size_t serve(void* context, uint32_t code, void* from, size_t length, void* to, size_t capacity) {
    struct state* s = context;
    if (__atomic_fetch_add(&s->inside, 1, __ATOMIC_SEQ_CST) != 0) s->met = 1;
    for (volatile long spent = 0; spent < 20;) ++spent;
    __atomic_fetch_sub(&s->inside, 1, __ATOMIC_SEQ_CST);
    return (size_t)s->met;
}

static long call(void) { return stile_key_call_high(0, in, 4, out, PAGE); }

static void* page_with(long key) {
    void* at = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char*)at = 0;
    if (stile_key_give(at, PAGE, PROT_READ | PROT_WRITE, key) < 0) _exit(INCONCLUSIVE);
    return at;
}

int main(void) {
    if (!stile_has_keys() || stile_key_allocate(STILE_KEY_SERVER) < 0 ||
        stile_key_allocate(STILE_KEY_PAYLOAD) < 0)
        return INCONCLUSIVE;
    __asm__ volatile("wrpkru" : : "a"(0), "c"(0), "d"(0) : "memory");
    in = page_with(STILE_KEY_PAYLOAD);
    out = page_with(STILE_KEY_PAYLOAD);
    stile_key_gate = (struct stile_key_gate){.context = page_with(STILE_KEY_SERVER),
                                             .handler = serve,
                                             .stack = (char*)page_with(STILE_KEY_SERVER) + PAGE,
                                             .payload = (uint64_t)in,
                                             .answer = (uint64_t)out,
                                             .bytes = PAGE,
                                             .mxcsr = 0x1f80};
    if (stile_key_give(&stile_key_gate, PAGE, PROT_READ | PROT_WRITE, STILE_KEY_SERVER) < 0)
        return INCONCLUSIVE;
    __asm__ volatile("wrpkru" : : "a"(STILE_PKRU_CLIENT), "c"(0), "d"(0) : "memory");
    const int r = let_them_meet(call);
    fflush(stdout);
    _exit(r == 0 && call() == 0 ? 0 : r == 0 ? INCONCLUSIVE : r);
}
