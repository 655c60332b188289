/* SPDX-License-Identifier: Apache-2.0
 *
 * spy METHOD VICTIM TARGETS PRIME GROUPS SYMBOLS SEED
 *
 * A timing channel through the APL cache. A victim's domain calls one of TARGETS domains, or none, as its
 * secret symbols say; the spy, which can read none of this, finds out by what calls of its own cost
 * afterwards: a domain that is in the APL cache is called in some 20 cycles, one that is not in some hundred
 * more.
 *
 *   METHOD reload       The spy may call the targets, too. It calls PRIME domains of its own, so that the
 * targets are evicted; lets the victim run; then calls each target: the quick one was the victim's. METHOD
 * prime_probe  The spy may not. It fills the cache with PRIME domains of its own, lets the victim run, and
 *                       counts which of its own were evicted, by their number modulo GROUPS. It has learnt
 *                       beforehand what that looks like for each symbol, from victims whose symbols it knew.
 *   VICTIM called       the spy calls the victim
 *   VICTIM thread       the victim is another thread of the processor
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/lib/codoms.h"
#include "os/lib/region.h"

enum { PAGE = 4096, MAX_TARGETS = 15, MAX_PRIME = 256, MAX_GROUPS = 256, MAX_SYMBOLS = 2048, TRAINING = 128 };

/* The victim's code; its data lies PAGE beyond: 0 number of the next symbol, 64 the targets by symbol (0:
 * none), 1024 the symbols. It gives no result. */
extern const char victim_begin[], victim_end[], callee_begin[], callee_end[];
__asm__(
    ".pushsection .text\n"
    ".balign 64\n"
    "victim_begin:\n"
    "    lea victim_begin + 4096(%rip), %rdx\n"
    "    mov (%rdx), %rcx\n"
    "    incq (%rdx)\n"
    "    movzbl 1024(%rdx, %rcx), %eax\n"
    "    mov 64(%rdx, %rax, 8), %rax\n"
    "    test %rax, %rax\n"
    "    je 1f\n"
    "    push %rdx\n"
    "    call *%rax\n"
    "    pop %rdx\n"
    "1:  ret\n"
    "victim_end:\n"
    ".balign 64\n"
    "callee_begin:\n"
    "    ret\n"
    "callee_end:\n"
    ".popsection\n");

typedef void (*callee)(void);
static callee victim, targets[MAX_TARGETS + 1], own[2 * MAX_PRIME]; /* the second half only to evict */
static unsigned target_count, prime_count, group_count, symbol_count;
static uint8_t truth[MAX_SYMBOLS]; /* for the score only */
static volatile unsigned served;   /* calls that the victim's thread has made */
static int threaded;
static uint64_t threshold;

static void fail(const char* what, long error) {
    fprintf(stderr, "spy: %s: %s\n", what, strerror((int)-error));
    if (error == -ENOSYS) STILE_MARK(STILE_MARK_REFUSED, ENOSYS, 0, 0);
    exit(error == -ENOSYS ? 0 : 1);
}
static long must(const char* what, long r) {
    if (r < 0) fail(what, r);
    return r;
}

/* Two pages with a copy of the code, at a place in its page that depends on i. */
static char* pages_for(unsigned i, const char* begin, const char* end, callee* entry) {
    const size_t at = i % 32 * STILE_ENTRY_ALIGN;
    char* pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) fail("memory", -errno);
    memcpy(pages + at, begin, (size_t)(end - begin));
    *entry = (callee)(pages + at);
    return pages;
}

/* Its own domain, and the grants of it that `callers` get. The handle. */
static long domain_of(char* pages, const long* callers, int n) {
    const long home = must("dom_default", dipc_dom_default());
    const long domain = must("dom_create", dipc_dom_create("callee"));
    if (mprotect(pages, PAGE, PROT_READ | PROT_EXEC) != 0) fail("mprotect", -errno);
    must("dom_remap", dipc_dom_remap(domain, home, pages, 2 * PAGE));
    const long callable = must("dom_copy", dipc_dom_copy(domain, STILE_RIGHT_CALL));
    for (int i = 0; i < n; ++i) dipc_close(must("grant", dipc_grant_create(callers[i], callable)));
    dipc_close(callable);
    dipc_close(home);
    return domain;
}

static uint64_t seed;
static uint64_t random_number(void) { /* Marsaglia's xorshift64 */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static void make_domains(int spy_calls_targets) {
    const long home = must("domains", dipc_dom_default());
    char* pages[MAX_TARGETS + 1];
    for (unsigned i = 1; i <= target_count; ++i)
        pages[i] = pages_for(i, callee_begin, callee_end, &targets[i]);
    char* at = pages_for(0, victim_begin, victim_end, &victim);
    char* data = (char*)victim + PAGE;
    memcpy(data + 64, targets, sizeof targets);
    for (unsigned i = 0; i < symbol_count; ++i)
        truth[i] = (uint8_t)(i < TRAINING ? i % (target_count + 1) : random_number() % (target_count + 1));
    memcpy(data + 1024, truth, sizeof truth);
    const long domain = domain_of(at, &home, 1);
    const long callers[] = {domain, home};
    for (unsigned i = 1; i <= target_count; ++i)
        dipc_close(domain_of(pages[i], callers, spy_calls_targets ? 2 : 1));
    for (unsigned i = 0; i < 2 * prime_count; ++i)
        dipc_close(domain_of(pages_for(i + 1 + target_count, callee_begin, callee_end, &own[i]), &home, 1));
    dipc_close(domain);
}

static void* victim_thread(void* unused) {
    for (;;) {
        victim();
        served = served + 1;
        stile_syscall3(SYS_sched_yield, 0, 0, 0);
    }
    return unused;
}

static void let_victim_run(unsigned number) {
    if (!threaded) {
        victim();
        return;
    }
    while (served <= number) stile_syscall3(SYS_sched_yield, 0, 0, 0);
}

static inline uint64_t now(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n rdtsc\n lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}
static uint64_t time_of(callee f) {
    const uint64_t begin = now();
    f();
    return now() - begin;
}

static void prime(void) {
    for (unsigned i = 0; i < prime_count; ++i) own[i]();
}

/* Half way between a call that surely hits and one that surely misses. */
static void calibrate(void) {
    uint64_t quick = ~0ull, slow = ~0ull;
    for (int i = 0; i < 8; ++i) {
        own[0]();
        const uint64_t hit = time_of(own[0]);
        for (unsigned k = 1; k < 2 * prime_count; ++k) own[k]();
        const uint64_t miss = time_of(own[0]);
        if (i == 0) continue; /* caches and TLBs are cold */
        if (hit < quick) quick = hit;
        if (miss < slow) slow = miss;
    }
    threshold = (quick + slow) / 2;
    STILE_MARK(STILE_MARK_REPORT, "quick_cycles", quick, 0);
    STILE_MARK(STILE_MARK_REPORT, "slow_cycles", slow, 0);
}

static unsigned guess_by_reload(unsigned number) {
    unsigned guess = 0;
    prime();
    let_victim_run(number);
    for (unsigned i = 1; i <= target_count; ++i)
        if (time_of(targets[i]) < threshold && !guess) guess = i;
    return guess;
}

static double learnt[MAX_TARGETS + 1][MAX_GROUPS], seen[MAX_GROUPS];
static unsigned examples[MAX_TARGETS + 1];

static void look(unsigned number) {
    memset(seen, 0, sizeof seen);
    prime();
    prime();
    let_victim_run(number);
    /* Newest first: what a miss brings in evicts what the victim left, not what is still to be looked at. */
    for (unsigned i = prime_count; i-- > 0;)
        if (time_of(own[i]) >= threshold) ++seen[i % group_count];
}

static void learn(unsigned symbol) {
    for (unsigned g = 0; g < group_count; ++g) learnt[symbol][g] += seen[g];
    ++examples[symbol];
}

static unsigned closest(void) {
    unsigned best = 0;
    double least = 1e300;
    for (unsigned s = 0; s <= target_count; ++s) {
        double distance = 0;
        for (unsigned g = 0; g < group_count; ++g) distance += fabs(learnt[s][g] / examples[s] - seen[g]);
        if (distance < least) least = distance, best = s;
    }
    return best;
}

static unsigned confusion[MAX_TARGETS + 1][MAX_TARGETS + 1];

/* Bits that a guess tells about the symbol. */
static double information(unsigned n) {
    double bits = 0, rows[MAX_TARGETS + 1] = {0}, columns[MAX_TARGETS + 1] = {0};
    for (unsigned s = 0; s <= target_count; ++s)
        for (unsigned g = 0; g <= target_count; ++g) {
            rows[s] += confusion[s][g];
            columns[g] += confusion[s][g];
        }
    for (unsigned s = 0; s <= target_count; ++s)
        for (unsigned g = 0; g <= target_count; ++g)
            if (confusion[s][g])
                bits +=
                    confusion[s][g] / (double)n * log2(confusion[s][g] * (double)n / (rows[s] * columns[g]));
    return bits;
}

int main(int argc, char** argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: %s reload|prime_probe called|thread TARGETS PRIME GROUPS SYMBOLS SEED\n",
                argv[0]);
        return 2;
    }
    const int reload = strcmp(argv[1], "reload") == 0;
    threaded = strcmp(argv[2], "thread") == 0;
    target_count = (unsigned)atoi(argv[3]);
    prime_count = (unsigned)atoi(argv[4]);
    group_count = (unsigned)atoi(argv[5]);
    symbol_count = (unsigned)atoi(argv[6]) + TRAINING;
    seed = (uint64_t)atoll(argv[7]) * 0x9e3779b97f4a7c15ull | 1;
    if (target_count < 1 || target_count > MAX_TARGETS || prime_count < 1 || prime_count > MAX_PRIME ||
        group_count < 1 || group_count > MAX_GROUPS || symbol_count > MAX_SYMBOLS) {
        fprintf(stderr, "spy: 1 to %d targets, 1 to %d own domains and groups, at most %d symbols\n",
                MAX_TARGETS, MAX_PRIME, MAX_SYMBOLS - TRAINING);
        return 2;
    }
    make_domains(reload);
    calibrate();
    if (threaded) {
        pthread_t thread;
        const int error = pthread_create(&thread, NULL, victim_thread, NULL);
        if (error) fail("thread", -error);
    }
    uint64_t begin = 0;
    unsigned wrong = 0;
    for (unsigned i = 0; i < symbol_count; ++i) {
        if (i == TRAINING) {
            begin = now();
            stile_region_begin();
        }
        unsigned guess = 0;
        if (reload) {
            guess = guess_by_reload(i);
        } else {
            look(i);
            if (i < TRAINING)
                learn(truth[i]);
            else
                guess = closest();
        }
        if (i < TRAINING) continue;
        ++confusion[truth[i]][guess];
        wrong += guess != truth[i];
    }
    stile_region_end();
    const uint64_t cycles = now() - begin;
    const unsigned n = symbol_count - TRAINING;
    const double bits = information(n);
    STILE_MARK(STILE_MARK_REPORT, "symbols", n, 0);
    STILE_MARK(STILE_MARK_REPORT, "wrong", wrong, 0);
    STILE_MARK(STILE_MARK_REPORT, "cycles_per_symbol", cycles / n, 0);
    STILE_MARK(STILE_MARK_REPORT, "millibits_per_symbol", (uint64_t)(bits * 1000 + 0.5), 0);
    printf(
        "spy: %s, victim %s, %u targets: %u of %u symbols wrong, %.3f bits per symbol, %llu cycles per "
        "symbol\n",
        argv[1], argv[2], target_count, wrong, n, bits, (unsigned long long)(cycles / n));
    return 0;
}
