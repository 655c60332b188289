/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "workloads/kv/client.h"

enum { CHECKED_CALLS = 64 };

/* Reads the value in place until nobody has changed it meanwhile. Nothing but the version is believed of an
 * entry that may be somebody else's by now: the key's length is the client's own, the value's is the
 * answer's, so that what is read lies in the block. */
static const void* value_in_place(const struct kv_answer* answer) {
    return ((const struct kv_entry*)answer->at)->bytes + kv_round(KEY_BYTES);
}

static void touch_in_place(struct kv_client* c, const struct kv_answer* answer) {
    const struct kv_entry* e = (const struct kv_entry*)answer->at;
    const volatile uint64_t* version = &e->version;
    for (;;) {
        const uint64_t before = *version;
        if (before % 2 == 0) {
            __asm__ volatile("" : : : "memory");
            stile_touch(c->touch, (void*)value_in_place(answer), answer->value_bytes, 0, c->scratch);
            __asm__ volatile("" : : : "memory");
            if (*version == before) return;
        }
        ++c->counts.retries;
        stile_syscall3(24 /* sched_yield */, 0, 0, 0);
    }
}

long kv_call_and_touch(struct kv_client* c, enum kv_op op, size_t length, struct kv_answer** answer) {
    void* in;
    const long n = stile_channel_call(c->ch, op, length, &in);
    if (n < (long)sizeof **answer) return n < 0 ? n : -EIO;
    *answer = in;
    if (op == KV_GET && c->in_place) {
        if ((*answer)->status == 0) touch_in_place(c, *answer);
        return n;
    }
    stile_touch(c->touch, *answer + 1, (size_t)n - sizeof **answer, 0, c->scratch);
    return n;
}

/* What version `version` of a key of anybody's is. */
static int value_right(const struct kv_client* c, unsigned client, uint32_t key, uint32_t version,
                       const void* value, size_t bytes) {
    return bytes == mix_value_bytes(&c->mix, client, key, version) &&
           stile_payload_matches(value, bytes, mix_value_seed(client, key, version));
}

static int answer_right(const struct kv_client* c, enum kv_op op, uint32_t key, uint32_t version,
                        const struct kv_answer* answer, size_t bytes) {
    const int there = version % 2;
    if (op == KV_PUT) return answer->status == 0;
    if (answer->status != (there ? 0 : -ENOENT)) return 0;
    if (op == KV_DELETE || !there) return 1;
    const struct kv_entry* e = (const struct kv_entry*)answer->at;
    const void* value = c->in_place ? value_in_place(answer) : answer + 1;
    if (c->in_place ? bytes != sizeof *answer || e->value_bytes != answer->value_bytes
                    : bytes != sizeof *answer + answer->value_bytes)
        return 0;
    return value_right(c, c->mix.client, key, version, value, answer->value_bytes);
}

long kv_checked_call(struct kv_client* c, enum kv_op op, uint32_t key) {
    void* in;
    const uint32_t version = c->mix.versions[key];
    const long n =
        stile_channel_call(c->ch, op, mix_request(&c->mix, op, c->mix.client, key, 0, c->ch->out), &in);
    if (n < (long)sizeof(struct kv_answer)) return n < 0 ? n : 0;
    const struct kv_answer* answer = in;
    mix_done(&c->mix, op, key, answer->status);
    return answer_right(c, op, key, version, answer, (size_t)n);
}

long kv_checked_calls(struct kv_client* c) {
    long all = 1;
    for (int i = 0; i < CHECKED_CALLS; ++i) {
        const enum kv_op drawn = mix_operation(&c->mix);
        /* Scans see everybody's entries: they are checked when all stand still. */
        const enum kv_op op = drawn == KV_SCAN ? KV_GET : i % 16 == 15 ? KV_DELETE : drawn;
        const long right = kv_checked_call(c, op, mix_key(&c->mix));
        if (right < 0) return right;
        all &= right;
    }
    for (uint32_t key = 0; key < c->mix.keys; ++key) {
        const long right = kv_checked_call(c, KV_GET, key);
        if (right < 0) return right;
        all &= right;
    }
    return all;
}

/* The entries of one answer. How many were right. */
static uint64_t items_right(const struct kv_client* c, unsigned clients, const struct kv_answer* answer,
                            unsigned char* seen) {
    const char* at = (const char*)(answer + 1);
    uint64_t right = 0;
    for (uint32_t i = 0; i < answer->value_bytes; ++i) {
        const struct kv_item* item = (const struct kv_item*)at;
        const char* name = (const char*)(item + 1);
        const char* value = name + kv_round(item->key_bytes);
        unsigned client;
        uint32_t key;
        at = value + kv_round(item->value_bytes);
        if (!mix_parse(name, item->key_bytes, &client, &key) || client >= clients || key >= c->mix.keys)
            continue;
        /* The clients' versions lie one behind the other, client 0's first, which is who asks. */
        const size_t number = (size_t)client * c->mix.keys + key;
        const uint32_t version = c->mix.versions[number];
        if (version % 2 == 0 || seen[number]) continue;
        seen[number] = 1;
        right += (uint64_t)value_right(c, client, key, version, value, item->value_bytes);
    }
    return right;
}

long kv_audit_table(struct kv_client* c, unsigned clients, struct kv_audit* audit) {
    const size_t keys = (size_t)clients * c->mix.keys;
    unsigned char* seen = stile_channel_memory(keys);
    uint64_t cursor = 0, right = 0, all = 0, there = 0;
    void* in;
    if (!seen) return -ENOMEM;
    do {
        const size_t length = mix_request(&c->mix, KV_SCAN, 0, 0, cursor, c->ch->out);
        const long n = stile_channel_call(c->ch, KV_SCAN, length, &in);
        if (n < (long)sizeof(struct kv_answer)) return n < 0 ? n : 0;
        const struct kv_answer* answer = in;
        if (answer->status != 0) return 0;
        right += items_right(c, clients, answer, seen);
        all += answer->value_bytes;
        cursor = answer->at;
    } while (cursor != 0);
    for (size_t i = 0; i < keys; ++i) there += c->mix.versions[i] % 2;
    const long n =
        stile_channel_call(c->ch, KV_COUNT, mix_request(&c->mix, KV_COUNT, 0, 0, 0, c->ch->out), &in);
    if (n < (long)sizeof(struct kv_answer)) return n < 0 ? n : 0;
    const struct kv_answer* answer = in;
    audit->entries = answer->value_bytes;
    audit->resizes = answer->at;
    return right == all && all == there && audit->entries == there;
}

long kv_census(struct kv_client* c) {
    long r = 1;
    uint32_t key = 0;
    /* One that is there. */
    if (c->mix.versions[key] % 2 == 0 && (r = kv_checked_call(c, KV_PUT, key)) <= 0) return r;
    const uint32_t version = c->mix.versions[key];
    const size_t bytes = mix_value_bytes(&c->mix, c->mix.client, key, version);
    void* in;
    const size_t length = mix_request(&c->mix, KV_GET, c->mix.client, key, 0, c->ch->out);
    STILE_MARK(STILE_MARK_CENSUS_ARM, mix_value_seed(c->mix.client, key, version), bytes, 0);
    const long n = stile_channel_call(c->ch, KV_GET, length, &in);
    STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    if (n < (long)sizeof(struct kv_answer)) return n < 0 ? n : 0;
    return answer_right(c, KV_GET, key, version, in, (size_t)n);
}

static sigjmp_buf stopped;
static void on_fault(int signal) { siglongjmp(stopped, signal); }

long kv_trespass(struct kv_client* c, struct kv_audit* audit) {
    void* in;
    const long n =
        stile_channel_call(c->ch, KV_WHERE, mix_request(&c->mix, KV_WHERE, 0, 0, 0, c->ch->out), &in);
    if (n < (long)sizeof(struct kv_answer)) return n < 0 ? n : -EIO;
    const volatile uint64_t* index = (const uint64_t*)((const struct kv_answer*)in)->at;
    struct sigaction action = {.sa_handler = on_fault}, before;
    if (sigaction(SIGSEGV, &action, &before) != 0) return -errno;
    if (sigsetjmp(stopped, 1) == 0) {
        (void)*index;
        audit->trespass_refused = 0;
    } else {
        audit->trespass_refused = 1;
    }
    sigaction(SIGSEGV, &before, NULL);
    return 0;
}
