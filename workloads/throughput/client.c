/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients that call one server at the same time, as fast as they can: after Android's binderThroughputTest.
 * This program starts the server and the clients and says when; each client warms up, makes its timed calls,
 * then checked ones, all of them at once. Prints a line, and what binderThroughputTest prints. Exit status: 0
 * done or refused, 1 wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/lib/region.h"
#include "workloads/throughput/load.h"

enum { CHECKED_CALLS = 3 };
enum { READY = 1, WARM, TIMED, CHECKED, DONE };

static struct load load;
/* clock=tsc: each client also reads the processor's clock around each call, where no markers are heard. */
static const char* clock_name = "none";

static uint64_t ticks(void) {
    unsigned low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t* times_of(struct load* l, unsigned client) {
    return (uint64_t*)l->rest + (size_t)client * (size_t)l->repetitions;
}

static long calls(struct load* l, struct stile_channel* ch, long n, void* scratch) {
    void* in;
    for (long i = 0; i < n; ++i) {
        const long r = stile_channel_call(ch, CODE(OP_TIMED, 0, 0), l->service.size, &in);
        if (r < 0) return r;
        load_touch(l, in, r, scratch);
    }
    return 0;
}

static long timed_calls(struct load* l, struct stile_channel* ch, void* scratch) {
    void* in;
    for (long i = 0; i < l->repetitions; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        const long r = stile_channel_call(ch, CODE(OP_TIMED, 0, 0), l->service.size, &in);
        if (r < 0) return r;
        load_touch(l, in, r, scratch);
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
    }
    return 0;
}

static long calls_by_own_clock(struct load* l, struct stile_channel* ch, void* scratch, uint64_t* times) {
    for (long i = 0; i < l->repetitions; ++i) {
        const uint64_t begin = ticks();
        const long r = calls(l, ch, 1, scratch);
        if (r < 0) return r;
        times[i] = ticks() - begin;
    }
    return 0;
}

static int client(struct load* l, unsigned number, struct stile_channel* ch) {
    struct load_client* own = &l->results[number];
    const int has_receiver = !(l->pool.mechanism->flags & STILE_POOL_NO_SERVER);
    void* scratch = stile_channel_memory(l->service.size);
    long r;
    if (!scratch) return -ENOMEM;
    if (stile_crew_pass(l->crew, READY) != 0) return 0;
    if ((r = calls(l, ch, l->warmup, scratch)) < 0) return (int)r;
    if (stile_crew_pass(l->crew, WARM) != 0) return 0;
    own->begin_ns = load_now_ns();
    r = strcmp(clock_name, "tsc") == 0 ? calls_by_own_clock(l, ch, scratch, times_of(l, number))
                                       : timed_calls(l, ch, scratch);
    own->end_ns = load_now_ns();
    if (r < 0) return (int)r;
    if (stile_crew_pass(l->crew, TIMED) != 0) return 0;
    own->right = 1;
    for (unsigned i = 0; i < CHECKED_CALLS && has_receiver; ++i) {
        if ((r = load_verified_call(l, ch, OP_CHECKED, number, i + 1)) < 0) return (int)r;
        own->right &= (int)r;
    }
    if (stile_crew_pass(l->crew, CHECKED) != 0) return 0;
    return load_last_calls(l, number, ch, DONE);
}

static int by_value(const void* a, const void* b) {
    const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
    return x < y ? -1 : x > y;
}

static void print_distribution(struct load* l) {
    const size_t n = (size_t)(l->clients * l->repetitions);
    uint64_t* t = l->rest;
    double sum = 0;
    qsort(t, n, sizeof *t, by_value);
    for (size_t i = 0; i < n; ++i) sum += (double)t[i];
    printf("ticks of the processor's clock: average %.0f worst %llu best %llu\n", sum / (double)n,
           (unsigned long long)t[n - 1], (unsigned long long)t[0]);
    for (int percent = 50; percent <= 99; percent += percent == 90 ? 5 : percent == 95 ? 4 : 40)
        printf("%d%%: %llu\n", percent, (unsigned long long)t[(n * (size_t)percent + 99) / 100 - 1]);
}

static uint64_t per_second(uint64_t calls, int64_t ns) {
    return ns > 0 ? (uint64_t)((double)calls * 1e9 / (double)ns) : 0;
}

static void report(const char* name, uint64_t value) { STILE_MARK(STILE_MARK_REPORT, name, value, 0); }

static void report_rates(const struct load* l) {
    int64_t begin = INT64_MAX, end = 0, shortest = INT64_MAX, longest = 0;
    for (long i = 0; i < l->clients; ++i) {
        const struct load_client* c = &l->results[i];
        const int64_t took = c->end_ns - c->begin_ns;
        if (c->begin_ns < begin) begin = c->begin_ns;
        if (c->end_ns > end) end = c->end_ns;
        if (took < shortest) shortest = took;
        if (took > longest) longest = took;
    }
    const uint64_t each = (uint64_t)l->repetitions, all = each * (uint64_t)l->clients;
    printf("calls per second: %llu\n", (unsigned long long)per_second(all, end - begin));
    report("calls_per_second", per_second(all, end - begin));
    report("fastest_client_per_second", per_second(each, shortest));
    report("slowest_client_per_second", per_second(each, longest));
}

int main(int argc, char** argv) {
    struct load* l = &load;
    const struct load_option more[] = {{"clock", NULL, &clock_name}, {NULL, NULL, NULL}};
    int status = load_arguments(l, argc, argv, more);
    if (status) return status;
    load_be_client(l, client);
    const int own_clock = strcmp(clock_name, "tsc") == 0;
    const size_t times = own_clock ? (size_t)(l->clients * l->repetitions) * sizeof(uint64_t) : 0;
    if (load_start(l, times, client, &status) != 0) return status;
    for (uint32_t gate = READY; gate <= DONE; ++gate) {
        if (load_gather(l, gate, &status) != 0) return status;
        if (gate == READY) stile_region_warm_up();
        if (gate == WARM) stile_region_begin();
        if (gate == TIMED) stile_region_end();
        if (gate < DONE) stile_crew_open(l->crew, gate);
    }
    const int has_receiver = !(l->pool.mechanism->flags & STILE_POOL_NO_SERVER);
    int right = 1;
    for (long i = 0; i < l->clients; ++i) right &= l->results[i].right;
    if (has_receiver) STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    printf("throughput mechanism=%s size=%ld clients=%ld servers=%ld calls=%ld checked=%s\n", l->mechanism,
           l->size, l->clients, l->servers, l->clients * l->repetitions,
           !has_receiver ? "-"
           : right       ? "ok"
                         : "WRONG");
    report_rates(l);
    if (own_clock) print_distribution(l);
    fflush(stdout);
    stile_crew_open(l->crew, DONE);
    status = load_end(l);
    return right ? status : 1;
}
