/* SPDX-License-Identifier: Apache-2.0
 *
 * domains LIVE PATTERN BYTES SEED WARMUP ROUNDS
 *
 * A program of LIVE + 1 protection domains, all live: its own calls the others, LIVE calls a round, in an
 * order that the pattern chooses. Every callee touches BYTES of its own memory. Each call is timed.
 *
 *   round_robin  each in turn
 *   random       uniform
 *   zipf         domain i as often as 1 / (i + 1)
 *   nested       the first calls the second, that the third, and so on; then all return: one call a round
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/lib/codoms.h"
#include "os/lib/region.h"

enum { MAX_LIVE = 256, PAGE = 4096, MAX_BYTES = 1024 };

/* The code of every callee, copied into its page; its data lies PAGE beyond it:
 *   0 words to touch, 8 whom to call in turn or 0, 64 the words. Returns how many domains were called. */
extern const char callee_begin[], callee_end[];
__asm__(
    ".pushsection .text\n"
    ".balign 64\n"
    "callee_begin:\n"
    "    lea callee_begin + 4096(%rip), %rdx\n"
    "    mov (%rdx), %rcx\n"
    "    lea 64(%rdx), %rsi\n"
    "    test %rcx, %rcx\n"
    "    je 2f\n"
    "1:  addq $1, (%rsi)\n"
    "    add $8, %rsi\n"
    "    dec %rcx\n"
    "    jne 1b\n"
    "2:  mov 8(%rdx), %rcx\n"
    "    mov $1, %eax\n"
    "    test %rcx, %rcx\n"
    "    je 3f\n"
    "    push %rdx\n"
    "    call *%rcx\n"
    "    pop %rdx\n"
    "    inc %rax\n"
    "3:  ret\n"
    "callee_end:\n"
    ".popsection\n");

typedef long (*callee)(void);

static callee entries[MAX_LIVE];
static unsigned live, *order; /* who is called, round by round; nested: the first only */
static unsigned long calls_per_round;

static int failed(const char* what, long error) {
    fprintf(stderr, "domains: %s: %s\n", what, strerror((int)-error));
    return 1;
}

/* Domain i, not yet with a tag of its own. Codes and data lie at different places in their pages, so that
 * they do not meet in one set of the caches. */
static char* build(unsigned i, unsigned long words) {
    const size_t at = (i % 32) * STILE_ENTRY_ALIGN;
    char* pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    memcpy(pages + at, callee_begin, (size_t)(callee_end - callee_begin));
    ((unsigned long*)(pages + PAGE + at))[0] = words;
    entries[i] = (callee)(pages + at);
    return pages;
}

/* 0 or -errno. Nested: domain i may call the next one, else the program may call all. */
static long make_domains(int nested, unsigned long words) {
    char* pages[MAX_LIVE];
    for (unsigned i = 0; i < live; ++i)
        if (!(pages[i] = build(i, words))) return -ENOMEM;
    for (unsigned i = 0; nested && i + 1 < live; ++i) {
        unsigned long* data = (unsigned long*)((char*)entries[i] + PAGE);
        data[1] = (unsigned long)entries[i + 1];
    }
    const long own = dipc_dom_default();
    if (own < 0) return own;
    long caller = own;
    for (unsigned i = 0; i < live; ++i) {
        const long domain = dipc_dom_create("callee");
        if (domain < 0) return domain;
        if (mprotect(pages[i], PAGE, PROT_READ | PROT_EXEC) != 0) return -errno;
        long r = dipc_dom_remap(domain, own, pages[i], 2 * PAGE);
        if (r < 0) return r;
        const long callable = dipc_dom_copy(domain, STILE_RIGHT_CALL);
        if (callable < 0) return callable;
        r = dipc_grant_create(caller, callable);
        if (r < 0) return r;
        dipc_close(r);
        dipc_close(callable);
        if (caller != own) dipc_close(caller);
        caller = nested ? domain : own;
        if (!nested) dipc_close(domain);
    }
    return 0;
}

static uint64_t seed;
static uint64_t random_number(void) { /* Marsaglia's xorshift64 */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static unsigned by_zipf(const uint64_t* up_to) {
    const uint64_t x = random_number() % up_to[live - 1];
    unsigned low = 0, high = live - 1;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (x < up_to[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* 0, or 2 for an unknown pattern. */
static int choose_order(const char* pattern, size_t rounds) {
    uint64_t up_to[MAX_LIVE], sum = 0;
    for (unsigned i = 0; i < live; ++i) up_to[i] = sum += (1ull << 32) / (i + 1);
    order = malloc(rounds * live * sizeof *order);
    if (!order) return failed("memory", -ENOMEM);
    const int round_robin = !strcmp(pattern, "round_robin"), random = !strcmp(pattern, "random"),
              zipf = !strcmp(pattern, "zipf"), nested = !strcmp(pattern, "nested");
    if (!round_robin && !random && !zipf && !nested) return 2;
    for (size_t i = 0; i < rounds * live; ++i)
        order[i] = round_robin ? (unsigned)(i % live)
                   : random    ? (unsigned)(random_number() % live)
                   : zipf      ? by_zipf(up_to)
                               : 0;
    calls_per_round = nested ? 1 : live;
    return 0;
}

/* How many domains were called. One loop for calls that are timed and for those that warm: a predictor knows
 * a branch by where it lies. */
static long round_of_calls(size_t number, int timed) {
    long called = 0;
    const unsigned* who = order + number * live;
    for (unsigned long i = 0; i < calls_per_round; ++i) {
        const callee entry = entries[who[i]];
        if (timed) STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        called += entry();
        if (timed) STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
    }
    return called;
}

int main(int argc, char** argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: %s LIVE PATTERN BYTES SEED WARMUP ROUNDS\n", argv[0]);
        return 2;
    }
    live = (unsigned)strtoul(argv[1], NULL, 10);
    const size_t bytes = strtoul(argv[3], NULL, 10), warmup = strtoul(argv[5], NULL, 10),
                 rounds = strtoul(argv[6], NULL, 10);
    seed = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15ull | 1;
    if (live < 1 || live > MAX_LIVE || bytes > MAX_BYTES || choose_order(argv[2], warmup + rounds) != 0) {
        fprintf(stderr, "domains: 1 to %d domains, round_robin, random, zipf or nested, at most %d bytes\n",
                MAX_LIVE, MAX_BYTES);
        return 2;
    }
    const long error = make_domains(!strcmp(argv[2], "nested"), bytes / 8);
    if (error < 0) {
        STILE_MARK(STILE_MARK_REFUSED, -error, 0, 0);
        return failed("domains", error) - 1;
    }
    long called = 0;
    stile_region_warm_up();
    for (size_t i = 0; i < warmup + rounds; ++i) {
        if (i == warmup) stile_region_begin();
        called += round_of_calls(i, i >= warmup);
    }
    stile_region_end();
    const int right = called == (long)((warmup + rounds) * live);
    STILE_MARK(STILE_MARK_REPORT, "domain_calls", rounds * live, 0);
    STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    printf("domains live=%u pattern=%s calls=%ld %s\n", live, argv[2], called, right ? "ok" : "WRONG");
    return !right;
}
