/* SPDX-License-Identifier: Apache-2.0
 *
 * Several clients of one server, over every mechanism: channels (os/lib/channel.h) made by the dozen.
 *
 *   the program that starts everything          a client                    the server's program
 *   stile_pool_open(), prepare()
 *   starts the server, connect()                                            stile_pool_open()
 *   starts the clients                          stile_pool_open()
 *                                               attach(): a channel         serve()
 *                                               stile_channel_call() ...
 *
 * Clients are processes of their own, or threads of the program that prepared; then it is attach() alone that
 * they call. Each has a channel to itself, so that calls of several are under way at once, and the handler
 * runs in several threads: it must be made for that. What a mechanism does with them is said in its file.
 */
#ifndef STILE_OS_LIB_POOL_POOL_H
#define STILE_OS_LIB_POOL_POOL_H

#include "os/lib/channel.h"

enum { STILE_POOL_MOST_CLIENTS = 64, STILE_POOL_MOST_SERVERS = 64 };

enum stile_pool_flags {
    /* Beside enum stile_mechanism_flags. */
    STILE_POOL_TOLD_TO_STOP = 1 << 8, /* the server ends when a handler has set `stopping` */
    STILE_POOL_NO_SERVER = 1 << 9,    /* the handler is never called */
};

struct stile_pool;

/* All results are 0 or -errno; an error means that the mechanism is not on offer here, or refuses this
 * combination, for the reason in `why` if that is set. */
struct stile_pool_mechanism {
    const char* name;
    unsigned flags;
    /* Before the server is started. */
    int (*prepare)(struct stile_pool*);
    /* When it is. */
    int (*connect)(struct stile_pool*);
    /* In a forked child that is about to become client `number`, or the server (-1): lets it have what it
     * needs and fills in `handover`. NULL: nothing to do. */
    void (*hand_over)(struct stile_pool*, int number);
    /* In the parent, when everybody has been started; NULL likewise. */
    void (*all_started)(struct stile_pool*);
    int (*attach)(struct stile_pool*, unsigned client, struct stile_channel*);
    /* In the parent, when clients that are its threads make no more calls; NULL likewise. */
    void (*threads_done)(struct stile_pool*);
    int (*serve)(struct stile_pool*);
};

struct stile_pool {
    const struct stile_pool_mechanism* mechanism;
    size_t capacity;
    unsigned policy;
    unsigned clients, servers; /* servers: threads */
    int threads;               /* clients are threads of the program that prepares */
    char handover[1024];       /* to a client's attach() or the server's serve(), in another process */
    stile_handler handler;
    void* context;
    volatile int* stopping; /* set by the handler */
    /* Server: called in each of its threads before that serves; its number from 0. May be NULL. */
    void (*server_begins)(void* context, unsigned number);
    const char* why;
    struct stile_channel first; /* the mechanism's: what threads' channels are made from */
};

#define STILE_POOL_MECHANISM(m)                           \
    static const struct stile_pool_mechanism* const m##_p \
        __attribute__((section("stile_pool_mechanisms"), used)) = &m

/* -ENOENT: no mechanism of that name is linked into this program. */
int stile_pool_open(struct stile_pool* pool, const char* mechanism);

static inline int stile_pool_refuse(struct stile_pool* pool, int error, const char* why) {
    pool->why = why;
    return error;
}

/* For mechanisms whose callee is in the caller's process: `first` is client 0's channel, opened for the
 * pool's server, prepared and connected as one of its kind is; -EAGAIN where its server has one stack, for
 * one caller at a time; and other clients' channels are like it, with buffers of their own. */
int stile_pool_open_first(struct stile_pool* pool, const char* mechanism);
int stile_pool_one_caller(struct stile_pool* pool);
int stile_pool_prepare_first(struct stile_pool* pool);
int stile_pool_connect_first(struct stile_pool* pool);
int stile_pool_channel_like_first(struct stile_pool* pool, unsigned client, struct stile_channel* ch);

/* A thread of this program that runs body(argument); 0 or -errno. It is never joined. */
int stile_pool_thread(void* (*body)(void*), void* argument);

#endif
