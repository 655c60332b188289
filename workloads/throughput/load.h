/* SPDX-License-Identifier: Apache-2.0
 *
 * What `throughput` and `latency` have in common: arguments of the form key=value, several clients, a server
 * with several threads, each where it is to run, and the steps that all take together.
 */
#ifndef STILE_WORKLOADS_THROUGHPUT_LOAD_H
#define STILE_WORKLOADS_THROUGHPUT_LOAD_H

#include <sys/types.h>

#include "os/lib/pool/crew.h"
#include "os/lib/pool/pool.h"
#include "workloads/throughput/service.h"

enum placement { FREE, SAME_CORE, OTHER_CORE, SPREAD };

/* A key and where its value goes: one of the two. */
struct load_option {
    const char* name;
    long* number;
    const char** text;
};

struct load_client {
    _Alignas(64) int64_t begin_ns, end_ns;
    int64_t error; /* -errno of a call, or of attach() */
    char why[160];
    int refused; /* attach() did */
    int right;   /* everything that it checked */
};

struct load {
    /* From the arguments, as text and numbers. */
    const char *mechanism, *touch, *policy, *kind, *placement, *lock;
    long size, clients, servers, work, warmup, repetitions;
    /* Of a client in a process of its own, or a server: from who started it. */
    long client, crew_fd;
    const char* handover;

    struct stile_pool pool;
    struct service service;
    enum placement where;
    struct stile_crew* crew;
    struct load_client* results; /* by client; behind them what the program has asked for */
    void* rest;
    int cores[1024], core_count;
    pid_t children[STILE_POOL_MOST_CLIENTS + 16];
    int child_count;
    pid_t busy[16]; /* those that only use processors up; 0: ended */
    int busy_count;
    pid_t server;
    char** argv;
    int argc;
};

/* What a client does, once it has a channel; -errno of a failed call, or 0. */
typedef int (*load_body)(struct load* l, unsigned client, struct stile_channel* ch);

/* Reads the arguments: those of struct load, and `more` up to a nameless one. 0, or 2 with a message. */
int load_arguments(struct load* l, int argc, char** argv, const struct load_option* more);
/* This program is a client that another one started: goes on as that. Never returns then. */
void load_be_client(struct load* l, load_body body);
/* Starts everybody. 0, or -1: `status` is how this program is to end (refused: 0). */
int load_start(struct load* l, size_t rest_bytes, load_body body, int* status);
/* Waits until all clients are before `gate`, then lets them pass; load_gather() only waits. 0 or -1 as above.
 */
int load_gather(struct load* l, uint32_t gate, int* status);
/* Everybody ends by himself now; waits for it. Exit status. */
int load_end(struct load* l);
/* A process that runs body(l, number) and may end at any time. 0 or -errno. */
int load_background(struct load* l, void (*body)(struct load*, int number), int number);

/* Where a client, or a thread of the server, is to run. 0 or -errno. */
int load_place(struct load* l, int server, unsigned number);
/* What a client does with an answer. */
void load_touch(const struct load* l, void* in, long length, void* scratch);
/* Sends nonces and compares what comes back: 1 right, 0 wrong, or -errno. */
long load_verified_call(const struct load* l, struct stile_channel* ch, unsigned op, unsigned client,
                        unsigned number);
/* Behind all others, by client 0 alone: copies are counted, all work has been done, the server stops. */
int load_last_calls(const struct load* l, unsigned client, struct stile_channel* ch, uint32_t gate);
/* The calling thread: a priority of SCHED_FIFO, or 0: an ordinary one. 0 or -errno. */
int load_set_urgency(long priority);
int64_t load_now_ns(void);

#endif
