/* SPDX-License-Identifier: Apache-2.0
 *
 * One client/server interface over every mechanism.
 *
 * A call sends the first `length` bytes of the caller's `out` buffer and a 32-bit code; the handler sees them
 * in place (wherever the mechanism delivered them), writes its answer into its own `out` buffer and returns
 * the answer's length; the caller sees that in place too. Nothing in this interface forces a copy: what a
 * mechanism copies is its own doing.
 *
 * A mechanism is one file in os/lib/channel/ that fills in a struct stile_mechanism and registers it with
 * STILE_MECHANISM. Only one call is under way on a channel at any time.
 */
#ifndef STILE_OS_LIB_CHANNEL_H
#define STILE_OS_LIB_CHANNEL_H

#include "os/lib/stile.h"

struct stile_channel;

/* Serves one request; returns the number of answer bytes that it has put into `out`. */
typedef size_t (*stile_handler)(void* context, uint32_t code, void* in, size_t length, void* out,
                                size_t capacity);

enum stile_mechanism_flags {
    STILE_SAME_PROCESS =
        1,            /* client and server are one process: no serve(), the handler is called by call() */
    STILE_FORKED = 2, /* the client starts the server and hands `handover` to it */
    STILE_BOOTED = 4, /* both are started at boot and find each other by name */
    STILE_IN_READ_ONLY = 8,    /* what arrives lies where the receiver may only read */
    STILE_CALLER_CROSSES = 16, /* the caller's own thread runs the server's code */
};

/* All results but call()'s are 0 or -errno. An error before the first call means that the mechanism is not on
 * offer here, or refuses this combination. */
struct stile_mechanism {
    const char* name;
    unsigned flags;
    /* Client: makes the buffers and whatever the server inherits; fills `handover`. */
    int (*prepare)(struct stile_channel*);
    /* Client: the server has been started; returns when calls can be made. */
    int (*connect)(struct stile_channel*);
    /* Server: serves until the handler has set `stopping` or the client is gone. */
    int (*serve)(struct stile_channel*);
    /* Client: returns the number of answer bytes and where they are, or -errno. */
    long (*call)(struct stile_channel*, uint32_t code, size_t length, void** in);
};

struct stile_channel {
    const struct stile_mechanism* mechanism;
    void* out; /* this side's buffer for what it sends; set by prepare() or serve() */
    size_t capacity;
    unsigned policy;   /* enum stile_policy; mechanisms without policies ignore it */
    char handover[64]; /* from the client's prepare() to the server's serve() */
    stile_handler handler;
    void* context;
    int stopping;
    long own[8]; /* the mechanism's */
    void* own_memory[4];
    /* Tells services of one machine apart; "" where there is one. Set after stile_channel_open(). */
    char service[16];
    /* Of a server that passes on what it gets, over this channel: mechanisms that go by reference use its
     * buffers for both, so that a reference is what is passed on. */
    const struct stile_channel* onward;
};

#define STILE_MECHANISM(m)                                         \
    static const struct stile_mechanism* const stile_mechanism_##m \
        __attribute__((section("stile_mechanisms"), used)) = &m

/* -ENOENT: no mechanism of that name is linked into this program. */
int stile_channel_open(struct stile_channel* ch, const char* mechanism, size_t capacity);

static inline long stile_channel_call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    return ch->mechanism->call(ch, code, length, in);
}

/* Page-aligned, zeroed and touched; NULL when there is no memory. */
void* stile_channel_memory(size_t bytes);

#endif
