/* SPDX-License-Identifier: Apache-2.0
 *
 * Binder through linux/android/binder.h, with the words that libbinder exchanges. The server of the service
 * without a name is the context manager: it answers a look-up through handle 0 with a reference to its
 * service, and calls go through that. Services with names register with it, as with Android's
 * servicemanager. A process opens the device once, server or client or both.
 *
 * As libbinder does it: a read buffer of 256 bytes; a batch is parsed to its end before the next read; the
 * request's buffer is freed in the same write as the answer, the answer's with the next call; the mapping is
 * 1 MiB less two pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/lib/channel.h"

#define MAPPING_BYTES ((1ul << 20) - 2 * 4096)
/* Codes of calls through handle 0: with the name of a service, or nothing; with a struct registration. */
#define LOOK_UP 0xffffffffu
#define REGISTER 0xfffffffeu
enum { STILE_BINDER_SERVICES = 32 };
#define SERVICE ((void*)0x5ce0) /* pointer by which the server knows its node; 0 is the context manager's */

enum { FD, HANDLE, PENDING }; /* own[]; PENDING: the mapping address of an answer that is not freed yet */

/* What is written and what was read, as parsed so far; one per thread that uses the device. Servers with
 * several threads compile this file with other definitions (os/lib/pool/). */
#ifndef STILE_PER_THREAD
#define STILE_PER_THREAD
#endif
#ifndef BINDER_SPAWN
#define BINDER_SPAWN() /* one thread is all there is */
#endif
static STILE_PER_THREAD struct {
    unsigned char out[256] __attribute__((aligned(8)));
    size_t out_bytes;
    unsigned char in[256] __attribute__((aligned(8)));
    size_t in_bytes, in_at;
} stream;

STILE_STUB static void put(uint32_t word, const void* argument, size_t bytes) {
    memcpy(stream.out + stream.out_bytes, &word, sizeof word);
    memcpy(stream.out + stream.out_bytes + sizeof word, argument, bytes);
    stream.out_bytes += sizeof word + bytes;
}

STILE_STUB static void put_free(binder_uintptr_t buffer) { put(BC_FREE_BUFFER, &buffer, sizeof buffer); }

/* Writes what has been put and, when the last batch is used up, reads the next one. */
STILE_STUB static long talk(struct stile_channel* ch) {
    struct binder_write_read bwr = {.write_size = stream.out_bytes,
                                    .write_buffer = (binder_uintptr_t)stream.out,
                                    .read_buffer = (binder_uintptr_t)stream.in};
    if (stream.in_at >= stream.in_bytes) bwr.read_size = sizeof stream.in;
    for (;;) {
        const long r = stile_syscall3(SYS_ioctl, ch->own[FD], BINDER_WRITE_READ, (long)&bwr);
        if (r == -EINTR) continue;
        if (r < 0) return r;
        break;
    }
    if (bwr.write_consumed < stream.out_bytes) {
        memmove(stream.out, stream.out + bwr.write_consumed, stream.out_bytes - bwr.write_consumed);
        stream.out_bytes -= bwr.write_consumed;
    } else {
        stream.out_bytes = 0;
    }
    if (bwr.read_size > 0) {
        stream.in_bytes = bwr.read_consumed;
        stream.in_at = 0;
    }
    return 0;
}

STILE_STUB static void take(void* argument, size_t bytes) {
    memcpy(argument, stream.in + stream.in_at, bytes);
    stream.in_at += bytes;
}

/* The next word that is not book-keeping of references, or -errno. */
STILE_STUB static long next_word(struct stile_channel* ch) {
    for (;;) {
        while (stream.in_at >= stream.in_bytes) {
            const long r = talk(ch);
            if (r < 0) return r;
        }
        uint32_t word;
        take(&word, sizeof word);
        struct binder_ptr_cookie node;
        switch (word) {
            case BR_NOOP:
                break;
            case BR_SPAWN_LOOPER:
                BINDER_SPAWN();
                break;
            case BR_INCREFS:
                take(&node, sizeof node);
                put(BC_INCREFS_DONE, &node, sizeof node);
                break;
            case BR_ACQUIRE:
                take(&node, sizeof node);
                put(BC_ACQUIRE_DONE, &node, sizeof node);
                break;
            case BR_RELEASE:
            case BR_DECREFS:
                take(&node, sizeof node);
                break;
            default:
                return word;
        }
    }
}

/* Until the answer to our transaction (with `t` set) or the acknowledgement of our answer (t NULL). */
STILE_STUB static long wait_for_response(struct stile_channel* ch, struct binder_transaction_data* t) {
    for (;;) {
        const long word = next_word(ch);
        if (word < 0) return word;
        switch ((uint32_t)word) {
            case BR_TRANSACTION_COMPLETE:
                if (!t) return 0;
                break;
            case BR_REPLY:
                if (!t) return -EPROTO;
                take(t, sizeof *t);
                return 0;
            case BR_DEAD_REPLY:
                return -EPIPE;
            case BR_FAILED_REPLY:
                return -EREMOTEIO;
            default:
                return -EPROTO;
        }
    }
}

STILE_STUB static long transact(struct stile_channel* ch, uint32_t handle, uint32_t code, size_t length,
                                struct binder_transaction_data* answer) {
    struct binder_transaction_data t = {.target.handle = handle,
                                        .code = code,
                                        .data_size = length,
                                        .data.ptr.buffer = (binder_uintptr_t)ch->out};
    put(BC_TRANSACTION, &t, sizeof t);
    return wait_for_response(ch, answer);
}

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    if (ch->own[PENDING]) {
        put_free((binder_uintptr_t)ch->own[PENDING]);
        ch->own[PENDING] = 0;
    }
    struct binder_transaction_data answer;
    const long r = transact(ch, (uint32_t)ch->own[HANDLE], code, length, &answer);
    if (r < 0) return r;
    ch->own[PENDING] = (long)answer.data.ptr.buffer;
    *in = (void*)answer.data.ptr.buffer;
    return (long)answer.data_size;
}

static int device = -1;

static int open_device(struct stile_channel* ch) {
    struct binder_version version;
    ch->out = stile_channel_memory(ch->capacity);
    if (!ch->out) return -ENOMEM;
    ch->own[FD] = device;
    if (device >= 0) return 0;
    ch->own[FD] = open("/dev/binder", O_RDWR | O_CLOEXEC);
    if (ch->own[FD] < 0) return -errno;
    if (ioctl((int)ch->own[FD], BINDER_VERSION, &version) != 0) return -errno;
    if (version.protocol_version != BINDER_CURRENT_PROTOCOL_VERSION) return -EPROTO;
    if (mmap(NULL, MAPPING_BYTES, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, (int)ch->own[FD], 0) == MAP_FAILED)
        return -errno;
    device = (int)ch->own[FD];
    return 0;
}

static int prepare(struct stile_channel* ch) { return open_device(ch); }

static int connect(struct stile_channel* ch) {
    struct binder_transaction_data answer;
    const size_t name = *ch->service ? sizeof ch->service : 0;
    long r;
    memcpy(ch->out, ch->service, name);
    /* Nobody answers at handle 0 until the context manager is there, nor has it the service at once. */
    while ((r = transact(ch, 0, LOOK_UP, name, &answer)) == -EPIPE || (r >= 0 && answer.data_size == 0)) {
        if (r >= 0) put_free(answer.data.ptr.buffer);
        stile_syscall3(SYS_sched_yield, 0, 0, 0);
    }
    if (r < 0) return (int)r;
    struct flat_binder_object object;
    if (answer.data_size != sizeof object || answer.offsets_size != sizeof(binder_size_t)) return -EPROTO;
    memcpy(&object, (const void*)answer.data.ptr.buffer, sizeof object);
    if (object.hdr.type != BINDER_TYPE_HANDLE) return -EPROTO;
    ch->own[HANDLE] = object.handle;
    /* Freeing the buffer drops the reference that came with it. */
    put(BC_ACQUIRE, &object.handle, sizeof(uint32_t));
    put_free(answer.data.ptr.buffer);
    return 0;
}

/* What the context manager knows. */
struct registration {
    struct flat_binder_object object;
    char name[sizeof((struct stile_channel*)0)->service];
};
static struct registration registered[STILE_BINDER_SERVICES];
static unsigned services;

/* Its own service has no name. 0: nobody has registered that name yet. */
static size_t look_up(const struct binder_transaction_data* t, struct flat_binder_object* found) {
    const char* name = (const char*)t->data.ptr.buffer;
    if (t->data_size == 0) {
        *found =
            (struct flat_binder_object){.hdr.type = BINDER_TYPE_BINDER, .binder = (binder_uintptr_t)SERVICE};
        return sizeof *found;
    }
    if (t->data_size != sizeof registered[0].name) return 0;
    for (unsigned i = 0; i < services; ++i) {
        if (strncmp(registered[i].name, name, sizeof registered[i].name) != 0) continue;
        *found = registered[i].object;
        return sizeof *found;
    }
    return 0;
}

/* The reference is kept beyond the buffer that it came in. */
static void add_service(const struct binder_transaction_data* t) {
    if (t->data_size != sizeof registered[0] || services == STILE_BINDER_SERVICES) return;
    struct registration* r = &registered[services++];
    memcpy(r, (const void*)t->data.ptr.buffer, sizeof *r);
    put(BC_ACQUIRE, &r->object.handle, sizeof(uint32_t));
}

/* The context manager's answer to a call through handle 0. */
static __attribute__((noinline)) void manage(const struct binder_transaction_data* t,
                                             struct binder_transaction_data* answer) {
    /* Read by the driver when talk() writes, after this function has returned. */
    static STILE_PER_THREAD struct flat_binder_object object;
    static STILE_PER_THREAD binder_size_t offset;
    if (t->code == REGISTER) add_service(t);
    if (t->code != LOOK_UP) return;
    answer->data_size = look_up(t, &object);
    answer->data.ptr.buffer = (binder_uintptr_t)&object;
    answer->offsets_size = answer->data_size ? sizeof offset : 0;
    answer->data.ptr.offsets = (binder_uintptr_t)&offset;
}

STILE_STUB static void answer_request(struct stile_channel* ch, const struct binder_transaction_data* t) {
    struct binder_transaction_data answer = {0};
    if (t->target.ptr == 0) {
        manage(t, &answer);
    } else {
        answer.data_size =
            ch->handler(ch->context, t->code, (void*)t->data.ptr.buffer, t->data_size, ch->out, ch->capacity);
        answer.data.ptr.buffer = (binder_uintptr_t)ch->out;
    }
    put_free(t->data.ptr.buffer);
    put(BC_REPLY, &answer, sizeof answer);
}

/* The next request, from its arrival until the driver has the answer. 0 or -errno. */
STILE_STUB static inline long serve_one(struct stile_channel* ch) {
    const long word = next_word(ch);
    if (word < 0) return word;
    if ((uint32_t)word != BR_TRANSACTION) return -EPROTO;
    struct binder_transaction_data t;
    take(&t, sizeof t);
    answer_request(ch, &t);
    return wait_for_response(ch, NULL);
}

STILE_STUB static int serve_requests(struct stile_channel* ch) {
    long r = 0;
    while (!ch->stopping && r >= 0) r = serve_one(ch);
    return (int)r;
}

/* Until the context manager is there. */
static long register_service(struct stile_channel* ch) {
    static struct registration r = {
        .object = {.hdr.type = BINDER_TYPE_BINDER, .binder = (binder_uintptr_t)SERVICE}};
    static binder_size_t offset;
    memcpy(r.name, ch->service, sizeof r.name);
    struct binder_transaction_data t = {.code = REGISTER,
                                        .data_size = sizeof r,
                                        .data.ptr.buffer = (binder_uintptr_t)&r,
                                        .offsets_size = sizeof offset,
                                        .data.ptr.offsets = (binder_uintptr_t)&offset};
    struct binder_transaction_data answer;
    long result;
    do {
        put(BC_TRANSACTION, &t, sizeof t);
    } while ((result = wait_for_response(ch, &answer)) == -EPIPE &&
             stile_syscall3(SYS_sched_yield, 0, 0, 0) == 0);
    if (result >= 0) put_free(answer.data.ptr.buffer);
    return result;
}

static int serve(struct stile_channel* ch) {
    int zero = 0;
    const int error = open_device(ch);
    if (error) return error;
    if (ioctl((int)ch->own[FD], BINDER_SET_MAX_THREADS, &zero) != 0) return -errno;
    if (*ch->service) {
        const long r = register_service(ch);
        if (r < 0) return (int)r;
    } else if (ioctl((int)ch->own[FD], BINDER_SET_CONTEXT_MGR, &zero) != 0) {
        return -errno;
    }
    const uint32_t enter = BC_ENTER_LOOPER;
    put(enter, NULL, 0);
    return serve_requests(ch);
}

static const struct stile_mechanism binder = {.name = "binder",
                                              .flags = STILE_FORKED | STILE_IN_READ_ONLY,
                                              .prepare = prepare,
                                              .connect = connect,
                                              .serve = serve,
                                              .call = call};
STILE_MECHANISM(binder);
