/* SPDX-License-Identifier: Apache-2.0
 *
 * Capabilities: made up, made larger, kept longer, carried off, revived.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/security/attacks/attacker.h"

static uint64_t secret_at, page_at;
static struct stile_cap* cell; /* in our own capability storage */

static long call(int entry) { return dipc_plain_call2(proxies[entry].proxy, 0, 0); }
static int read_secret(void) { return have_secret(*WORDS(secret_at)); }

/* Made up in ordinary memory. */
int attack_forge(void) {
    static struct stile_cap c __attribute__((aligned(32)));
    c = forged();
    secret_at = c.base;
    stile_cap_load(0, &c);
    return read_secret();
}

/* Made up in capability storage of our own, by everything that stores. */
static struct stile_cap to_store(void) {
    const struct stile_cap c = forged();
    secret_at = c.base;
    cell = storage();
    return c;
}
static int use_cell(void) {
    stile_cap_load(0, cell);
    return read_secret();
}
int attack_forge_by_mov(void) {
    const struct stile_cap c = to_store();
    for (int i = 0; i < 4; ++i) WORDS(cell)[i] = ((const uint64_t*)&c)[i];
    return use_cell();
}
int attack_forge_by_string(void) {
    const struct stile_cap c = to_store();
    const void* from = &c;
    void* to = cell;
    uint64_t n = 4;
    __asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
    return use_cell();
}
int attack_forge_by_sse(void) {
    const struct stile_cap c = to_store();
    __asm__ volatile(
        "movups (%0), %%xmm1\n movups 16(%0), %%xmm2\n movups %%xmm1, (%1)\n movups %%xmm2, 16(%1)"
        :
        : "r"(&c), "r"(cell)
        : "xmm1", "xmm2", "memory");
    return use_cell();
}
int attack_forge_by_exchange(void) {
    struct stile_cap c = to_store();
    for (int i = 0; i < 4; ++i)
        __asm__ volatile("xchg %0, %1" : "+r"(((uint64_t*)&c)[i]), "+m"(WORDS(cell)[i]) : : "memory");
    return use_cell();
}
int attack_forge_by_push(void) {
    const struct stile_cap c = to_store();
    uint64_t ours;
    __asm__ volatile(
        "mov %%rsp, %0\n mov %2, %%rsp\n push 24(%1)\n push 16(%1)\n push 8(%1)\n push (%1)\n mov %0, %%rsp"
        : "=&r"(ours)
        : "r"(&c), "r"(cell + 1)
        : "memory");
    return use_cell();
}
int attack_forge_by_x87(void) {
    const struct stile_cap c = to_store();
    for (int i = 0; i < 4; ++i)
        __asm__ volatile("fildq (%0)\n fistpq (%1)"
                         :
                         : "r"((const uint64_t*)&c + i), "r"(WORDS(cell) + i)
                         : "memory");
    return use_cell();
}
int attack_forge_by_kernel(void) {
    const struct stile_cap c = to_store();
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], &c, sizeof c) != sizeof c) return SET_UP_FAILED;
    const long r = stile_syscall3(SYS_read, ends[0], (long)cell, sizeof c);
    return r < 0 ? told_no(r) : use_cell();
}
/* In a page that is ordinary, and is given back to become storage. */
int attack_forge_by_recycling(void) {
    const struct stile_cap c = forged();
    secret_at = c.base;
    for (int i = 0; i < 256; ++i) {
        struct stile_cap* ordinary = page(PROT_READ | PROT_WRITE);
        for (int k = 0; k < 128; ++k) ordinary[k] = c;
        munmap(ordinary, 4096);
        cell = storage();
        stile_cap_load(0, cell);
        if (STILE_CAP_TYPE(stile_cap_word(0)) != STILE_CAP_EMPTY) return read_secret();
    }
    return read_secret();
}
/* What storage holds tells addresses and ranges of others: it cannot be read either. */
int attack_look_into_storage(void) {
    cell = storage();
    call(GIVE);
    stile_cap_store(cell, 2);
    return got_in("what was given begins at %#lx", (unsigned long)WORDS(cell)[0]);
}

/* More than was given: the first 64 bytes of a page, to read. */
int attack_widen(void) {
    page_at = address_of(AT_PAGE);
    call(GIVE);
    stile_cap_restrict(2, (void*)page_at, 4096, STILE_RIGHT_READ);
    return WORDS(page_at)[100] == 100 ? got_in("read beyond what was given")
                                      : inconclusive("read something else");
}
int attack_move_base(void) {
    secret_at = address_of(AT_SECRET);
    call(GIVE);
    stile_cap_restrict(2, (void*)secret_at, 8, STILE_RIGHT_READ);
    return read_secret();
}
int attack_raise_right(void) {
    page_at = address_of(AT_PAGE);
    call(GIVE);
    stile_cap_restrict(2, (void*)page_at, 64, STILE_RIGHT_WRITE);
    WORDS(page_at)[0] = 0;
    return got_in("wrote where it was given the right to read");
}
/* Used as given, but beyond its end. */
int attack_beyond_the_end(void) {
    page_at = address_of(AT_PAGE);
    call(GIVE);
    if (WORDS(page_at)[0] != SECRET) return inconclusive("what was given cannot be read");
    return WORDS(page_at)[8] == 8 ? got_in("read behind the capability's end")
                                  : inconclusive("read something else");
}
/* Eight bytes, of which the capability covers four. */
int attack_across_the_end(void) {
    page_at = address_of(AT_PAGE);
    call(GIVE);
    const uint64_t value = *(volatile uint64_t*)(page_at + 60);
    return value >> 32 == 8 ? got_in("read four bytes too far")
                            : inconclusive("read %#lx", (unsigned long)value);
}
/* Out of nothing: the maker's own rights are all that it lends. */
int attack_make_over_victim(void) {
    secret_at = address_of(AT_SECRET);
    stile_cap_make(0, (void*)secret_at, 8, STILE_RIGHT_WRITE);
    return read_secret();
}

/* Counting up the length of a stored one, as if it were a counter. */
int attack_count_up_length(void) {
    page_at = address_of(AT_PAGE);
    cell = storage();
    call(GIVE);
    stile_cap_store(cell, 2);
    for (int i = 0; i < 1000; ++i) stile_cap_revoke((uint64_t*)cell + 1);
    stile_cap_load(2, cell);
    return WORDS(page_at)[100] == 100 ? got_in("a stored capability grew")
                                      : inconclusive("read something else");
}

/* What was lent for a call is kept after it. In LEND, register 1 reads the page until the call is over. */
static uint64_t* counter;
DIPC_PLAIN_ENTRY static long make_lasting(void) {
    stile_cap_async(1, counter);
    stile_cap_store(cell, 1);
    return 5;
}
DIPC_PLAIN_ENTRY static long store_away(void) {
    stile_cap_store(cell, 1);
    return 5;
}
static int keep(long (*how)(void)) {
    page_at = address_of(AT_PAGE);
    cell = storage();
    counter = (uint64_t*)(cell + 8);
    offer_call_back(how);
    const long r = call(LEND);
    if (r < 0) return told_no(r);
    stile_cap_load(1, cell);
    return have_secret(*WORDS(page_at));
}
int attack_make_lasting(void) { return keep(make_lasting); }
int attack_store_away(void) { return keep(store_away); }

/* A thread that is made during the call, and outlives it. */
static volatile int over, seen;
static void* outlive(void* unused) {
    while (!over) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    seen = *WORDS(page_at) == SECRET ? 1 : 2;
    return 0;
}
static pthread_t heir;
DIPC_PLAIN_ENTRY static long make_thread(void) { return pthread_create(&heir, 0, outlive, 0) == 0 ? 5 : -1; }
int attack_thread_inherits(void) {
    page_at = address_of(AT_PAGE);
    offer_call_back(make_thread);
    if (call(LEND) != 5) return inconclusive("no thread");
    over = 1;
    pthread_join(heir, 0);
    return seen == 1 ? got_in("a thread kept what was lent to its maker")
                     : inconclusive("read something else");
}

/* A synchronous one that a callee made and left behind. */
int attack_left_behind(void) {
    secret_at = address_of(AT_SECRET);
    call(FORGET);
    return read_secret();
}
/* After it was taken back. */
static int given_and_taken(int from_storage) {
    page_at = address_of(AT_PAGE);
    cell = storage();
    call(GIVE);
    if (*WORDS(page_at) != SECRET) return inconclusive("what was given cannot be read");
    stile_cap_store(cell, 2);
    call(TAKE_BACK);
    if (from_storage) {
        stile_cap_clear(1 << 2);
        stile_cap_load(2, cell);
    }
    return have_secret(*WORDS(page_at));
}
int attack_after_revocation(void) { return given_and_taken(0); }
int attack_stored_before_revocation(void) { return given_and_taken(1); }

/* Setting the counter back: by a store, and by storing an empty capability over it. */
int attack_reset_counter(void) {
    page_at = address_of(AT_PAGE);
    const uint64_t at = address_of(AT_STORAGE);
    call(GIVE);
    call(TAKE_BACK);
    *WORDS(at) = 0;
    return have_secret(*WORDS(page_at));
}
int attack_empty_over_counter(void) {
    page_at = address_of(AT_PAGE);
    const uint64_t at = address_of(AT_STORAGE);
    call(GIVE);
    call(TAKE_BACK);
    stile_cap_store((struct stile_cap*)at, 5);
    return have_secret(*WORDS(page_at));
}

/* On another core, while it is in use there. */
static volatile int in_use, taken_back;
static void* keep_using(void* unused) {
    stile_run_on(1);
    stile_cap_load(2, cell);
    for (;;) {
        const int was_taken = taken_back;
        const uint64_t value = *WORDS(page_at);
        in_use = 1;
        if (was_taken) return (void*)value;
    }
}
int attack_revoked_elsewhere(void) {
    pthread_t thread;
    void* value = 0;
    page_at = address_of(AT_PAGE);
    cell = storage();
    if (stile_run_on(0) < 0) return inconclusive("one core only");
    call(GIVE);
    stile_cap_store(cell, 2);
    if (pthread_create(&thread, 0, keep_using, 0) != 0) return SET_UP_FAILED;
    while (!in_use) continue;
    call(TAKE_BACK);
    taken_back = 1;
    pthread_join(thread, &value);
    return have_secret((uint64_t)value);
}
