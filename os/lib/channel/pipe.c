/* SPDX-License-Identifier: Apache-2.0
 *
 * Two pipes make a round trip. A byte stream knows no messages, so each one is preceded by a header, in the
 * same write(2); both buffers keep room for it in front of the payload.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/lib/channel.h"

struct header {
    uint32_t code, length;
};

enum { SEND_FD, RECEIVE_FD };         /* own[] */
enum { SEND_BUFFER, RECEIVE_BUFFER }; /* own_memory[]: header, then payload */

static int make_buffers(struct stile_channel* ch) {
    signal(SIGPIPE, SIG_IGN); /* the other end's death is an error of the call that notices it */
    for (int i = 0; i < 2; ++i) {
        ch->own_memory[i] = stile_channel_memory(sizeof(struct header) + ch->capacity);
        if (!ch->own_memory[i]) return -ENOMEM;
    }
    ch->out = (char*)ch->own_memory[SEND_BUFFER] + sizeof(struct header);
    return 0;
}

static int prepare(struct stile_channel* ch) {
    int request[2], reply[2];
    if (pipe(request) != 0 || pipe(reply) != 0) return -errno;
    ch->own[SEND_FD] = request[1];
    ch->own[RECEIVE_FD] = reply[0];
    snprintf(ch->handover, sizeof ch->handover, "%d,%d,%d,%d", reply[1], request[0], request[1], reply[0]);
    return make_buffers(ch);
}

static int connect(struct stile_channel* ch) {
    /* The server's ends: only when nobody here holds them does its death show as EOF or EPIPE. */
    char* p = ch->handover;
    close((int)strtol(p, &p, 10));
    close((int)strtol(p + 1, &p, 10));
    return 0;
}

STILE_STUB static long send_message(struct stile_channel* ch, uint32_t code, size_t length) {
    struct header* h = ch->own_memory[SEND_BUFFER];
    h->code = code;
    h->length = (uint32_t)length;
    const char* from = (const char*)h;
    size_t left = sizeof *h + length;
    while (left > 0) {
        const long n = stile_syscall3(SYS_write, ch->own[SEND_FD], (long)from, (long)left);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        from += n;
        left -= (size_t)n;
    }
    return 0;
}

/* Length of the payload, or -errno; -EPIPE when the other end is closed. */
STILE_STUB static long receive_message(struct stile_channel* ch, uint32_t* code) {
    struct header* h = ch->own_memory[RECEIVE_BUFFER];
    const size_t room = sizeof *h + ch->capacity;
    size_t have = 0;
    while (have < sizeof *h || have < sizeof *h + h->length) {
        const long n =
            stile_syscall3(SYS_read, ch->own[RECEIVE_FD], (long)h + (long)have, (long)(room - have));
        if (n == -EINTR) continue;
        if (n <= 0) return n == 0 ? -EPIPE : n;
        have += (size_t)n;
        if (have >= sizeof *h && h->length > ch->capacity) return -EMSGSIZE;
    }
    *code = h->code;
    return (long)h->length;
}

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    const long sent = send_message(ch, code, length);
    if (sent < 0) return sent;
    *in = (char*)ch->own_memory[RECEIVE_BUFFER] + sizeof(struct header);
    return receive_message(ch, &code);
}

STILE_STUB static int serve_requests(struct stile_channel* ch) {
    void* in = (char*)ch->own_memory[RECEIVE_BUFFER] + sizeof(struct header);
    while (!ch->stopping) {
        uint32_t code;
        long n = receive_message(ch, &code);
        if (n == -EPIPE) return 0;
        if (n < 0) return (int)n;
        n = send_message(ch, code, ch->handler(ch->context, code, in, (size_t)n, ch->out, ch->capacity));
        if (n < 0) return (int)n;
    }
    return 0;
}

static int serve(struct stile_channel* ch) {
    char* p = ch->handover;
    ch->own[SEND_FD] = strtol(p, &p, 10);
    ch->own[RECEIVE_FD] = strtol(p + 1, &p, 10);
    close((int)strtol(p + 1, &p, 10));
    close((int)strtol(p + 1, &p, 10));
    const int error = make_buffers(ch);
    return error ? error : serve_requests(ch);
}

static const struct stile_mechanism pipes = {.name = "pipe",
                                             .flags = STILE_FORKED,
                                             .prepare = prepare,
                                             .connect = connect,
                                             .serve = serve,
                                             .call = call};
STILE_MECHANISM(pipes);
