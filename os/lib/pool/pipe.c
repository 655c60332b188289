/* SPDX-License-Identifier: Apache-2.0
 *
 * Two pipes per client. Clients are dealt out to the server's threads: thread i of m serves clients i, i + m,
 * ... One that has a single client waits in read(2), one that has several in poll(2); one that has none ends.
 */
#include "os/lib/channel/pipe.c"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "os/lib/pool/pool.h"

/* The program that prepares: by client; all of them close on exec. */
static struct {
    int client_sends, client_receives, server_sends, server_receives;
} ends[STILE_POOL_MOST_CLIENTS];

static int prepare_pipes(struct stile_pool* pool) {
    for (unsigned i = 0; i < pool->clients; ++i) {
        int request[2], reply[2];
        if (pipe2(request, O_CLOEXEC) != 0 || pipe2(reply, O_CLOEXEC) != 0) return -errno;
        ends[i].client_sends = request[1];
        ends[i].client_receives = reply[0];
        ends[i].server_sends = reply[1];
        ends[i].server_receives = request[0];
    }
    return 0;
}

static int nothing_to_connect(struct stile_pool* pool) { return 0; }

static void keep(char** text, int fd) {
    fcntl(fd, F_SETFD, 0);
    *text += sprintf(*text, "%d,", fd);
}

static void hand_over(struct stile_pool* pool, int number) {
    char* text = pool->handover;
    if (number >= 0) {
        keep(&text, ends[number].client_sends);
        keep(&text, ends[number].client_receives);
        return;
    }
    for (unsigned i = 0; i < pool->clients; ++i) {
        keep(&text, ends[i].server_sends);
        keep(&text, ends[i].server_receives);
    }
}

static void close_own(struct stile_pool* pool) {
    for (unsigned i = 0; i < pool->clients; ++i) {
        close(ends[i].client_sends);
        close(ends[i].client_receives);
    }
}

/* What others hold: only when nobody else holds an end does its owner's death show at the other one. */
static void close_others(struct stile_pool* pool) {
    for (unsigned i = 0; i < pool->clients; ++i) {
        close(ends[i].server_sends);
        close(ends[i].server_receives);
    }
    if (!pool->threads) close_own(pool);
}

static int attach(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    int error = stile_channel_open(ch, "pipe", pool->capacity);
    if (error) return error;
    char* p = pool->handover;
    ch->own[SEND_FD] = pool->threads ? ends[client].client_sends : strtol(p, &p, 10);
    ch->own[RECEIVE_FD] = pool->threads ? ends[client].client_receives : strtol(p + 1, &p, 10);
    return make_buffers(ch);
}

/* One thread of the server, and its clients. */
struct worker {
    struct stile_pool* pool;
    unsigned number;
    struct stile_channel* channels;
    unsigned count;
    pthread_t thread;
};

/* 1 served, 0 the client is gone, or -errno. */
STILE_STUB static int serve_one(struct stile_channel* ch) {
    uint32_t code;
    void* in = (char*)ch->own_memory[RECEIVE_BUFFER] + sizeof(struct header);
    long n = receive_message(ch, &code);
    if (n == -EPIPE) return 0;
    if (n < 0) return (int)n;
    n = send_message(ch, code, ch->handler(ch->context, code, in, (size_t)n, ch->out, ch->capacity));
    return n == -EPIPE ? 0 : n < 0 ? (int)n : 1;
}

STILE_STUB static int serve_several(struct worker* w) {
    struct pollfd polled[STILE_POOL_MOST_CLIENTS];
    unsigned left = w->count;
    for (unsigned i = 0; i < w->count; ++i)
        polled[i] = (struct pollfd){.fd = (int)w->channels[i].own[RECEIVE_FD], .events = POLLIN};
    while (left > 0) {
        const long r = stile_syscall3(SYS_poll, (long)polled, w->count, -1);
        if (r == -EINTR) continue;
        if (r < 0) return (int)r;
        for (unsigned i = 0; i < w->count; ++i) {
            if (!polled[i].revents) continue;
            const int served = serve_one(&w->channels[i]);
            if (served < 0) return served;
            if (served > 0) continue;
            polled[i].fd = -1;
            --left;
        }
    }
    return 0;
}

static void* work(void* argument) {
    struct worker* w = argument;
    int r;
    if (w->pool->server_begins) w->pool->server_begins(w->pool->context, w->number);
    if (w->count > 1)
        r = serve_several(w);
    else
        while ((r = serve_one(w->channels)) > 0) continue;
    return (void*)(long)r;
}

static int serve_pool(struct stile_pool* pool) {
    static struct stile_channel channels[STILE_POOL_MOST_CLIENTS];
    static struct worker workers[STILE_POOL_MOST_SERVERS];
    const unsigned used = pool->servers < pool->clients ? pool->servers : pool->clients;
    unsigned next = 0;
    for (unsigned i = 0; i < used; ++i) {
        workers[i] = (struct worker){.pool = pool, .number = i, .channels = channels + next};
        for (unsigned client = i; client < pool->clients; client += used) {
            struct stile_channel* ch = &channels[next++];
            int error = stile_channel_open(ch, "pipe", pool->capacity);
            if (!error) error = make_buffers(ch);
            if (error) return error;
            ch->handler = pool->handler;
            ch->context = pool->context;
            char* p = pool->handover;
            for (unsigned skip = 0; skip < 2 * client; ++skip) p = strchr(p, ',') + 1;
            ch->own[SEND_FD] = strtol(p, &p, 10);
            ch->own[RECEIVE_FD] = strtol(p + 1, &p, 10);
            ++workers[i].count;
        }
    }
    for (unsigned i = 1; i < used; ++i) {
        const int error = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        if (error) return -error;
    }
    long result = (long)work(&workers[0]);
    for (unsigned i = 1; i < used; ++i) {
        void* r;
        pthread_join(workers[i].thread, &r);
        if ((long)r < 0) result = (long)r;
    }
    return (int)result;
}

static const struct stile_pool_mechanism pool_pipe = {.name = "pipe",
                                                      .flags = STILE_FORKED,
                                                      .prepare = prepare_pipes,
                                                      .connect = nothing_to_connect,
                                                      .hand_over = hand_over,
                                                      .all_started = close_others,
                                                      .attach = attach,
                                                      .threads_done = close_own,
                                                      .serve = serve_pool};
STILE_POOL_MECHANISM(pool_pipe);
