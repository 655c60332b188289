/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/kv/service.h"

#include <errno.h>

#include "os/lib/spin_lock.h"

static size_t get(struct kv_service* s, const char* key, size_t key_bytes, struct kv_answer* answer,
                  size_t room) {
    struct kv_entry* e = kv_find(&s->table, key, key_bytes);
    answer->status = e ? 0 : -ENOENT;
    if (!e) return sizeof *answer;
    answer->value_bytes = e->value_bytes;
    if (s->in_place) {
        answer->at = (uint64_t)e;
        return sizeof *answer;
    }
    if (e->value_bytes > room) {
        answer->status = -EMSGSIZE;
        return sizeof *answer;
    }
    kv_copy(answer + 1, kv_value(e), e->value_bytes);
    return sizeof *answer + e->value_bytes;
}

static size_t scan(struct kv_service* s, uint64_t from, uint32_t most, struct kv_answer* answer,
                   size_t room) {
    char *to = (char*)(answer + 1), *end = to + room;
    uint32_t cursor = from < s->table.slot_count ? (uint32_t)from : s->table.slot_count;
    for (;;) {
        uint32_t next = cursor;
        struct kv_entry* e = kv_next(&s->table, &next);
        if (!e) break;
        const size_t bytes = sizeof(struct kv_item) + kv_round(e->key_bytes) + kv_round(e->value_bytes);
        if (answer->value_bytes == most || bytes > (size_t)(end - to)) {
            answer->at = cursor;
            /* Not even one fits: the client would ask for ever. */
            if (answer->value_bytes == 0) answer->status = -EMSGSIZE;
            break;
        }
        struct kv_item* item = (struct kv_item*)to;
        item->key_bytes = e->key_bytes;
        item->value_bytes = e->value_bytes;
        kv_copy(item + 1, e->bytes, e->key_bytes);
        kv_copy((char*)(item + 1) + kv_round(e->key_bytes), kv_value(e), e->value_bytes);
        to += bytes;
        ++answer->value_bytes;
        cursor = next;
    }
    return (size_t)(to - (char*)answer);
}

/* Reached through a pointer by every mechanism, the same source for all of them. The request may lie where
 * the client can still change it: its header is read once. */
__attribute__((noinline)) size_t kv_handle(void* context, uint32_t code, void* in, size_t length, void* out,
                                           size_t capacity) {
    struct kv_service* s = context;
    struct kv_answer* answer = out;
    if (code == KV_STOP) {
        s->stopping = 1;
        return 0;
    }
    if (capacity < sizeof *answer) return 0;
    *answer = (struct kv_answer){0};
    if (length < sizeof(struct kv_request)) {
        answer->status = -EINVAL;
        return sizeof *answer;
    }
    const volatile struct kv_request* request = in;
    const size_t key_bytes = request->key_bytes, value_bytes = request->value_bytes;
    const uint64_t cursor = request->cursor;
    const char *key = (const char*)in + sizeof *request, *value = key + kv_round(key_bytes);
    const size_t room = capacity - sizeof *answer, sent = length - sizeof *request;
    size_t answered = sizeof *answer;
    if (key_bytes > KV_MAX_KEY || kv_round(key_bytes) > sent ||
        (code == KV_PUT && value_bytes > sent - kv_round(key_bytes))) {
        answer->status = -EINVAL;
        return answered;
    }
    stile_spin_lock(&s->lock);
    switch (code) {
        case KV_GET:
            answered = get(s, key, key_bytes, answer, room);
            break;
        case KV_PUT:
            answer->status = kv_put(&s->table, key, key_bytes, value, value_bytes);
            break;
        case KV_DELETE:
            answer->status = kv_delete(&s->table, key, key_bytes);
            break;
        case KV_SCAN:
            answered = scan(s, cursor, (uint32_t)value_bytes, answer, room);
            break;
        case KV_COUNT:
            answer->value_bytes = s->table.used;
            answer->at = s->table.resizes;
            break;
        case KV_WHERE:
            answer->at = (uint64_t)s->table.slots;
            break;
        default:
            answer->status = -ENOSYS;
    }
    stile_spin_unlock(&s->lock);
    return answered;
}
