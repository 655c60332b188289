/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients of a key-value service. Each fills the table with its keys, warms up, and makes timed calls, one
 * operation each, in a mix; then checked ones of the same code, in which everything that comes back is
 * compared with what the client knows must be there. Client 0 ends with a look at the whole table. Prints a
 * line. Exit status: 0 done or refused, 1 wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

#include "os/lib/region.h"
#include "workloads/kv/arguments.h"
#include "workloads/kv/client.h"

enum { READY = 1, WARM, TIMED, CHECKED, DONE };

static struct load load;
static struct kv_arguments arguments;
static struct kv_memory memory;
static struct kv_service service; /* where client and server are one process */
static uint64_t up_to[MOST_KEYS];

static uint64_t ticks(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n rdtsc\n lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static long fill_table(struct kv_client* c) {
    for (uint32_t key = 0; key < c->mix.keys; ++key) {
        const long r = kv_checked_call(c, KV_PUT, key);
        if (r <= 0) return r < 0 ? r : -EIO;
    }
    return 0;
}

/* One operation of the mix; marked and timed unless it is to warm up. What building the request and keeping
 * the books costs is outside. */
static long one_call(struct kv_client* c, long number, int timed) {
    const enum kv_op op = mix_operation(&c->mix);
    const uint32_t key = mix_key(&c->mix);
    const unsigned owner = op == KV_GET ? mix_owner(&c->mix) : c->mix.client;
    const size_t length = mix_request(&c->mix, op, owner, key, c->cursor, c->ch->out);
    struct kv_answer* answer;
    const uint64_t begin = ticks();
    if (timed) STILE_MARK(STILE_MARK_CALL_BEGIN, number, 0, 0);
    const long r = kv_call_and_touch(c, op, length, &answer);
    if (timed) STILE_MARK(STILE_MARK_CALL_END, number, 0, 0);
    const uint64_t took = ticks() - begin;
    if (r < 0) return r;
    mix_done(&c->mix, op, key, answer->status);
    if (op == KV_SCAN) c->cursor = answer->at;
    if (!timed) return 0;
    struct kv_counts* n = &c->counts;
    ++n->calls[op];
    n->ticks[op] += took > c->clock ? took - c->clock : 0;
    n->hits += op == KV_GET && answer->status == 0;
    n->bytes += (uint64_t)r - sizeof *answer + (op == KV_GET && c->in_place ? answer->value_bytes : 0);
    return 0;
}

static long calls(struct kv_client* c, long n, int timed) {
    for (long i = 0; i < n; ++i) {
        const long r = one_call(c, i, timed);
        if (r < 0) return r;
    }
    return 0;
}

/* What reading the clock costs: the least of a few. */
static uint64_t clock_cost(void) {
    uint64_t least = ~0ull;
    for (int i = 0; i < 16; ++i) {
        const uint64_t begin = ticks(), took = ticks() - begin;
        if (took < least) least = took;
    }
    return least;
}

struct shared {
    _Alignas(64) struct kv_counts counts;
    struct kv_audit audit;
};

static struct shared* shared_of(const struct load* l, unsigned client) {
    return (struct shared*)(((uintptr_t)l->rest + 63) & ~(uintptr_t)63) + client;
}

static uint32_t* versions_of(const struct load* l, unsigned client) {
    return (uint32_t*)shared_of(l, (unsigned)l->clients) + (size_t)client * (size_t)arguments.keys;
}

static int client(struct load* l, unsigned number, struct stile_channel* ch) {
    struct kv_client c = {.ch = ch, .touch = l->service.touch, .in_place = (int)arguments.in_place};
    struct shared* shared = shared_of(l, number);
    long r = kv_memory_see(&memory);
    c.mix = (struct mix){.client = number,
                         .clients = (unsigned)l->clients,
                         .keys = (uint32_t)arguments.keys,
                         .size = (size_t)l->size,
                         .fixed = (int)arguments.fixed,
                         .shares = {[KV_GET] = (unsigned)arguments.gets,
                                    [KV_DELETE] = (unsigned)arguments.deletes,
                                    [KV_SCAN] = (unsigned)arguments.scans},
                         .up_to = strcmp(arguments.distribution, "zipf") == 0 ? up_to : NULL,
                         .versions = versions_of(l, number)};
    mix_seed(&c.mix, (uint64_t)arguments.seed);
    c.scratch = stile_channel_memory(l->pool.capacity);
    c.clock = clock_cost();
    if (r < 0 || !c.scratch) return r < 0 ? (int)r : -ENOMEM;
    if (stile_crew_pass(l->crew, READY) != 0) return 0;
    if ((r = fill_table(&c)) < 0 || (r = calls(&c, l->warmup, 0)) < 0) return (int)r;
    if (stile_crew_pass(l->crew, WARM) != 0) return 0;
    if ((r = calls(&c, l->repetitions, 1)) < 0) return (int)r;
    if (stile_crew_pass(l->crew, TIMED) != 0) return 0;
    if ((r = kv_checked_calls(&c)) < 0) return (int)r;
    l->results[number].right = (int)r;
    shared->counts = c.counts;
    if (stile_crew_pass(l->crew, CHECKED) != 0) return 0;
    if (number == 0) {
        if ((r = kv_audit_table(&c, (unsigned)l->clients, &shared->audit)) < 0) return (int)r;
        l->results[0].right &= (int)r;
        if ((r = kv_census(&c)) < 0) return (int)r;
        l->results[0].right &= (int)r;
        if (arguments.trespass && (r = kv_trespass(&c, &shared->audit)) < 0) return (int)r;
    }
    if (stile_crew_pass(l->crew, DONE) != 0) return 0;
    void* in;
    if (number == 0 && (l->pool.mechanism->flags & STILE_POOL_TOLD_TO_STOP) &&
        (r = stile_channel_call(ch, KV_STOP, 0, &in)) < 0)
        return (int)r;
    return 0;
}

static void report(const char* name, uint64_t value) { STILE_MARK(STILE_MARK_REPORT, name, value, 0); }

static void report_all(const struct load* l) {
    static const char* const cycles[] = {"get_cycles", "put_cycles", "delete_cycles", "scan_cycles"};
    struct kv_counts all = {0};
    uint64_t n = 0;
    for (unsigned i = 0; i < (unsigned)l->clients; ++i) {
        const struct kv_counts* c = &shared_of(l, i)->counts;
        for (int op = 0; op <= KV_SCAN; ++op) {
            all.calls[op] += c->calls[op];
            all.ticks[op] += c->ticks[op];
            n += c->calls[op];
        }
        all.hits += c->hits;
        all.bytes += c->bytes;
        all.retries += c->retries;
    }
    if (all.calls[KV_GET]) report("hits_per_1000", all.hits * 1000 / all.calls[KV_GET]);
    if (n) report("bytes_per_call", all.bytes / n);
    for (int op = 0; op <= KV_SCAN; ++op)
        if (all.calls[op]) report(cycles[op], all.ticks[op] / all.calls[op]);
    const struct kv_audit* audit = &shared_of(l, 0)->audit;
    report("entries", audit->entries);
    report("resizes", audit->resizes);
    if (arguments.in_place) report("retries", all.retries);
    if (arguments.trespass) report("trespass_refused", audit->trespass_refused);
    printf("kv gets=%llu hits=%llu puts=%llu deletes=%llu scans=%llu bytes=%llu entries=%llu\n",
           (unsigned long long)all.calls[KV_GET], (unsigned long long)all.hits,
           (unsigned long long)all.calls[KV_PUT], (unsigned long long)all.calls[KV_DELETE],
           (unsigned long long)all.calls[KV_SCAN], (unsigned long long)all.bytes,
           (unsigned long long)audit->entries);
}

static int refused(const struct load* l, int error, const char* why) {
    printf("kv mechanism=%s size=%ld refused=%s: %s\n", l->mechanism, l->size, strerror(-error), why);
    fflush(stdout);
    STILE_MARK(STILE_MARK_REFUSED, -error, why, 0);
    return 0;
}

/* NULL, or why this cannot be. */
static const char* impossible(const struct load* l) {
    const int by_reference =
        !strcmp(l->mechanism, "function") || !strcmp(l->mechanism, "dipc") || !strcmp(l->mechanism, "codoms");
    if (!strcmp(l->mechanism, "syscall")) return "an empty system call has no server and carries no payload";
    if (arguments.in_place && !strcmp(l->mechanism, "mpk"))
        return "the gate closes the server's memory on the way back";
    if (arguments.in_place && !by_reference) return "the client cannot see the server's memory";
    if (arguments.trespass && !by_reference && strcmp(l->mechanism, "mpk") != 0)
        return "the server's table has no address in the client";
    return NULL;
}

int main(int argc, char** argv) {
    struct load* l = &load;
    int status = kv_arguments_read(&arguments, l, argc, argv);
    if (status) return status;
    kv_memory_size(&memory, &arguments, l);
    mix_zipf(up_to, (uint32_t)arguments.keys);
    load_be_client(l, client);
    const char* why = impossible(l);
    if (why) return refused(l, -EINVAL, why);
    const int one_process = (l->pool.mechanism->flags & STILE_SAME_PROCESS) != 0;
    if (one_process) {
        int error = kv_memory_make(&memory);
        if (error) return refused(l, error, "memory of the table");
        error = kv_init(&service.table, memory.index, memory.index_bytes, memory.heap, memory.heap_bytes);
        if (error) return refused(l, error, "the table's index");
        service.in_place = (int)arguments.in_place;
    }
    l->pool.context = &service;
    const size_t rest = (size_t)l->clients * (sizeof(struct shared) + (size_t)arguments.keys * 4) + 64;
    if (load_start(l, rest, client, &status) != 0) return status;
    if (one_process && (status = kv_memory_give(&memory)) != 0) {
        fprintf(stderr, "kv: %s: the table's memory: %s\n", l->mechanism, strerror(-status));
        return 1;
    }
    for (uint32_t gate = READY; gate <= DONE; ++gate) {
        if (load_gather(l, gate, &status) != 0) return status;
        if (gate == READY) stile_region_warm_up();
        if (gate == WARM) stile_region_begin();
        if (gate == TIMED) stile_region_end();
        if (gate < DONE) stile_crew_open(l->crew, gate);
    }
    int right = 1;
    for (long i = 0; i < l->clients; ++i) right &= l->results[i].right;
    STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    report_all(l);
    printf("kv mechanism=%s size=%ld clients=%ld calls=%ld checked=%s\n", l->mechanism, l->size, l->clients,
           l->clients * l->repetitions, right ? "ok" : "WRONG");
    fflush(stdout);
    stile_crew_open(l->crew, DONE);
    status = load_end(l);
    return right ? status : 1;
}
