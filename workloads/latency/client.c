/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs of clients that call one server at fixed instants, an urgent one and an ordinary one, and must be
 * done by a deadline: after Android's schd-dbg. This program starts the server, the clients, and processes
 * that do nothing but use up processors. Each client wakes up at its instants, calls, and notes how late it
 * woke up and when it was done; then it makes checked calls. Timed calls are those of the urgent ones. Exit
 * status: 0 done or refused, 1 wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/lib/region.h"
#include "workloads/throughput/load.h"

enum { CHECKED_CALLS = 3 };
enum { READY = 1, WARM, TIMED, CHECKED, DONE };

static struct load load;
static long period_ns = 1000000, deadline_ns = 100000, background, high = 99, server_priority;

/* Shared by all; behind it are the samples. */
struct schedule {
    int64_t start_ns;
    volatile int stop;
    _Alignas(64) struct sample { int64_t late, done; /* after the instant */ } samples[];
};

/* The first half of the clients; so placement `spread` puts a pair on one core, as far as it goes round. */
static int is_urgent(unsigned client) { return client < (unsigned)load.clients / 2; }

static struct sample* samples_of(struct load* l, unsigned client) {
    return ((struct schedule*)l->rest)->samples + (size_t)client * (size_t)l->repetitions;
}

static void sleep_until(int64_t ns) {
    const struct timespec at = {ns / 1000000000, ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) continue;
}

static long call_once(struct load* l, struct stile_channel* ch, void* scratch) {
    void* in;
    const long r = stile_channel_call(ch, CODE(OP_TIMED, 0, 0), l->service.size, &in);
    if (r >= 0) load_touch(l, in, r, scratch);
    return r < 0 ? r : 0;
}

static long periodic_calls(struct load* l, unsigned number, struct stile_channel* ch, void* scratch) {
    struct sample* samples = samples_of(l, number);
    int64_t at = ((const struct schedule*)l->rest)->start_ns;
    for (long i = 0; i < l->repetitions; ++i, at += period_ns) {
        void* in;
        sleep_until(at);
        samples[i].late = load_now_ns() - at;
        long r;
        if (is_urgent(number)) {
            STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
            r = stile_channel_call(ch, CODE(OP_TIMED, 0, 0), l->service.size, &in);
            if (r < 0) return r;
            load_touch(l, in, r, scratch);
            STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
        } else if ((r = call_once(l, ch, scratch)) < 0) {
            return r;
        }
        samples[i].done = load_now_ns() - at;
    }
    return 0;
}

static int client(struct load* l, unsigned number, struct stile_channel* ch) {
    struct load_client* own = &l->results[number];
    const int has_receiver = !(l->pool.mechanism->flags & STILE_POOL_NO_SERVER);
    void* scratch = stile_channel_memory(l->service.size);
    long r = scratch ? 0 : -ENOMEM;
    if (r == 0 && stile_crew_pass(l->crew, READY) != 0) return 0;
    for (long i = 0; i < l->warmup && r == 0; ++i) r = call_once(l, ch, scratch);
    if (r < 0) return (int)r;
    if (stile_crew_pass(l->crew, WARM) != 0) return 0;
    /* Only between the gates, where nobody waits for somebody who waits for this processor. */
    if (is_urgent(number) && high && (r = load_set_urgency(high)) < 0) return (int)r;
    if ((r = periodic_calls(l, number, ch, scratch)) < 0) return (int)r;
    if (is_urgent(number) && high && (r = load_set_urgency(0)) < 0) return (int)r;
    if (stile_crew_pass(l->crew, TIMED) != 0) return 0;
    own->right = 1;
    for (unsigned i = 0; i < CHECKED_CALLS && has_receiver; ++i) {
        if ((r = load_verified_call(l, ch, OP_CHECKED, number, i + 1)) < 0) return (int)r;
        own->right &= (int)r;
    }
    if (stile_crew_pass(l->crew, CHECKED) != 0) return 0;
    return load_last_calls(l, number, ch, DONE);
}

/* Ends when it is told, at the beginning of a moment at the latest. */
static void use_up(struct load* l, int number) {
    const struct schedule* s = l->rest;
    load_place(l, 0, (unsigned)number);
    sleep_until(s->start_ns);
    while (!s->stop) __asm__ volatile("pause");
}

static int by_value(const void* a, const void* b) {
    const int64_t x = *(const int64_t*)a, y = *(const int64_t*)b;
    return x < y ? -1 : x > y;
}

static void report(const char* who, const char* what, int64_t value) {
    char name[64];
    snprintf(name, sizeof name, "%s_%s", who, what);
    STILE_MARK(STILE_MARK_REPORT, name, value < 0 ? 0 : value, 0);
}

/* Both columns of the samples of one class of clients. */
static int report_class(struct load* l, int urgent) {
    const char* who = urgent ? "high" : "low";
    const size_t most = (size_t)(l->clients * l->repetitions);
    int64_t *late = malloc(most * sizeof *late), *done = malloc(most * sizeof *done);
    size_t n = 0, misses = 0;
    if (!late || !done) return -ENOMEM;
    for (unsigned c = 0; c < l->clients; ++c) {
        if (is_urgent(c) != urgent) continue;
        for (long i = 0; i < l->repetitions; ++i, ++n) {
            late[n] = samples_of(l, c)[i].late;
            done[n] = samples_of(l, c)[i].done;
            misses += done[n] > deadline_ns;
        }
    }
    qsort(late, n, sizeof *late, by_value);
    qsort(done, n, sizeof *done, by_value);
    const size_t p50 = (n * 50 + 99) / 100 - 1, p99 = (n * 99 + 99) / 100 - 1;
    printf(
        "%s: %zu of %zu late; done after %lld (half) %lld (99%%) %lld ns (worst); awake after %lld, %lld, "
        "%lld\n",
        who, misses, n, (long long)done[p50], (long long)done[p99], (long long)done[n - 1],
        (long long)late[p50], (long long)late[p99], (long long)late[n - 1]);
    report(who, "misses", (int64_t)misses);
    report(who, "response_p50_ns", done[p50]);
    report(who, "response_p99_ns", done[p99]);
    report(who, "response_worst_ns", done[n - 1]);
    report(who, "wakeup_p99_ns", late[p99]);
    report(who, "wakeup_worst_ns", late[n - 1]);
    free(late);
    free(done);
    return 0;
}

int main(int argc, char** argv) {
    struct load* l = &load;
    const struct load_option more[] = {{"period_ns", &period_ns, NULL},
                                       {"deadline_ns", &deadline_ns, NULL},
                                       {"background", &background, NULL},
                                       {"high", &high, NULL},
                                       {"server_priority", &server_priority, NULL},
                                       {NULL, NULL, NULL}};
    int status = load_arguments(l, argc, argv, more);
    if (status) return status;
    if (l->clients % 2 || background > 16 || high > 99 || server_priority > 99) {
        fprintf(stderr, "%s: clients= takes pairs, background= up to 16, priorities 0 to 99\n", argv[0]);
        return 2;
    }
    load_be_client(l, client);
    const size_t bytes =
        sizeof(struct schedule) + (size_t)(l->clients * l->repetitions) * sizeof(struct sample);
    if (load_start(l, bytes, client, &status) != 0) return status;
    struct schedule* s = l->rest;
    for (uint32_t gate = READY; gate <= DONE; ++gate) {
        if (load_gather(l, gate, &status) != 0) return status;
        if (gate == READY) stile_region_warm_up();
        if (gate == WARM) {
            /* Far enough that everybody is ready, and that those who use processors up sleep until then. */
            s->start_ns = load_now_ns() + 2000000;
            for (int i = 0; i < background; ++i) {
                const int error = load_background(l, use_up, i);
                if (!error) continue;
                fprintf(stderr, "%s: fork: %s\n", argv[0], strerror(-error));
                return 1;
            }
            stile_region_begin();
        }
        if (gate == TIMED) {
            stile_region_end();
            s->stop = 1;
        }
        if (gate < DONE) stile_crew_open(l->crew, gate);
    }
    const int has_receiver = !(l->pool.mechanism->flags & STILE_POOL_NO_SERVER);
    int right = 1;
    for (long i = 0; i < l->clients; ++i) right &= l->results[i].right;
    if (has_receiver) STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    printf("latency mechanism=%s size=%ld pairs=%ld servers=%ld calls=%ld checked=%s\n", l->mechanism,
           l->size, l->clients / 2, l->servers, l->clients * l->repetitions,
           !has_receiver ? "-"
           : right       ? "ok"
                         : "WRONG");
    if (report_class(l, 1) != 0 || report_class(l, 0) != 0) return 1;
    fflush(stdout);
    stile_crew_open(l->crew, DONE);
    status = load_end(l);
    return right ? status : 1;
}
