/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/kv/table.h"

#include <errno.h>

/* FNV-1a, folded. */
static uint32_t hash_of(const void* key, size_t bytes) {
    const unsigned char* p = key;
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < bytes; ++i) h = (h ^ p[i]) * 0x100000001b3ull;
    return (uint32_t)(h ^ h >> 32);
}

static int same_key(const struct kv_entry* e, const void* key, size_t bytes) {
    const unsigned char* p = key;
    if (e->key_bytes != bytes) return 0;
    for (size_t i = 0; i < bytes; ++i)
        if (e->bytes[i] != p[i]) return 0;
    return 1;
}

static struct kv_entry* entry_at(const struct kv_table* t, uint32_t at) {
    return (struct kv_entry*)(t->heap + (size_t)at * KV_SMALLEST);
}

static size_t entry_bytes(size_t key_bytes, size_t value_bytes) {
    return sizeof(struct kv_entry) + ((key_bytes + 7) & ~(size_t)7) + value_bytes;
}

static unsigned class_of(size_t bytes) {
    unsigned c = 0;
    while (((size_t)KV_SMALLEST << c) < bytes) ++c;
    return c;
}

static struct kv_slot* new_slots(struct kv_table* t, uint32_t count) {
    const size_t bytes = count * sizeof(struct kv_slot);
    if ((size_t)(t->index_end - t->index) < bytes) return NULL;
    t->index += bytes;
    return (struct kv_slot*)(t->index - bytes);
}

int kv_init(struct kv_table* t, void* index, size_t index_bytes, void* heap, size_t heap_bytes) {
    t->index = index;
    t->index_end = t->index + index_bytes;
    t->heap = heap;
    t->fresh = t->heap + KV_SMALLEST; /* 0 is no entry */
    t->heap_end = t->heap + heap_bytes;
    t->used = t->resizes = 0;
    for (unsigned c = 0; c < KV_CLASSES; ++c) t->free[c] = 0;
    t->slot_count = KV_FIRST_SLOTS;
    t->slots = new_slots(t, t->slot_count);
    return t->slots ? 0 : -ENOMEM;
}

/* 0: the heap is full. */
static uint32_t allocate(struct kv_table* t, size_t bytes) {
    const unsigned c = class_of(bytes);
    if (c >= KV_CLASSES) return 0;
    const uint32_t reused = t->free[c];
    if (reused) {
        t->free[c] = entry_at(t, reused)->key_bytes;
        return reused;
    }
    const size_t block = (size_t)KV_SMALLEST << c;
    if ((size_t)(t->heap_end - t->fresh) < block) return 0;
    t->fresh += block;
    return (uint32_t)((size_t)(t->fresh - block - t->heap) / KV_SMALLEST);
}

/* Readers in place look at the version before and after: stores and loads of this machine stay in order, so
 * it is the compiler alone that must be told. */
static void begin_change(struct kv_entry* e) {
    ++e->version;
    __asm__ volatile("" : : : "memory");
}

static void end_change(struct kv_entry* e) {
    __asm__ volatile("" : : : "memory");
    ++e->version;
}

static void release(struct kv_table* t, uint32_t at) {
    struct kv_entry* e = entry_at(t, at);
    const unsigned c = class_of(entry_bytes(e->key_bytes, e->value_bytes));
    begin_change(e);
    e->key_bytes = t->free[c];
    t->free[c] = at;
    end_change(e);
}

/* The slot of the key, or the empty one where it would go. */
static uint32_t slot_of(const struct kv_table* t, uint32_t hash, const void* key, size_t key_bytes) {
    const uint32_t mask = t->slot_count - 1;
    uint32_t i = hash & mask;
    for (; t->slots[i].at; i = (i + 1) & mask)
        if (t->slots[i].hash == hash && same_key(entry_at(t, t->slots[i].at), key, key_bytes)) break;
    return i;
}

static int grow(struct kv_table* t) {
    struct kv_slot* old = t->slots;
    const uint32_t count = t->slot_count, mask = 2 * count - 1;
    struct kv_slot* slots = new_slots(t, 2 * count);
    if (!slots) return -ENOMEM;
    for (uint32_t i = 0; i < count; ++i) {
        if (!old[i].at) continue;
        uint32_t to = old[i].hash & mask;
        while (slots[to].at) to = (to + 1) & mask;
        slots[to] = old[i];
    }
    t->slots = slots;
    t->slot_count = 2 * count;
    ++t->resizes;
    return 0;
}

struct kv_entry* kv_find(const struct kv_table* t, const void* key, size_t key_bytes) {
    const uint32_t at = t->slots[slot_of(t, hash_of(key, key_bytes), key, key_bytes)].at;
    return at ? entry_at(t, at) : NULL;
}

static void fill(struct kv_entry* e, const void* key, size_t key_bytes, const void* value,
                 size_t value_bytes) {
    begin_change(e);
    e->key_bytes = (uint32_t)key_bytes;
    e->value_bytes = (uint32_t)value_bytes;
    kv_copy(e->bytes, key, key_bytes);
    kv_copy(kv_value(e), value, value_bytes);
    end_change(e);
}

int kv_put(struct kv_table* t, const void* key, size_t key_bytes, const void* value, size_t value_bytes) {
    const uint32_t hash = hash_of(key, key_bytes);
    const size_t bytes = entry_bytes(key_bytes, value_bytes);
    uint32_t slot = slot_of(t, hash, key, key_bytes);
    const uint32_t old = t->slots[slot].at;
    if (old) {
        struct kv_entry* e = entry_at(t, old);
        if (class_of(entry_bytes(key_bytes, e->value_bytes)) == class_of(bytes)) {
            fill(e, key, key_bytes, value, value_bytes);
            return 0;
        }
    }
    const uint32_t at = allocate(t, bytes);
    if (!at) return -ENOMEM;
    fill(entry_at(t, at), key, key_bytes, value, value_bytes);
    if (old) {
        t->slots[slot].at = at;
        release(t, old);
        return 0;
    }
    if ((t->used + 1) * 4 > t->slot_count * 3) {
        if (grow(t) != 0) {
            release(t, at);
            return -ENOMEM;
        }
        slot = slot_of(t, hash, key, key_bytes);
    }
    t->slots[slot] = (struct kv_slot){hash, at};
    ++t->used;
    return 0;
}

/* Those behind the gap move up, as far as they may: no slot of a probe is ever left empty (Knuth, volume 3,
 * section 6.4, algorithm R). */
int kv_delete(struct kv_table* t, const void* key, size_t key_bytes) {
    const uint32_t mask = t->slot_count - 1;
    uint32_t gap = slot_of(t, hash_of(key, key_bytes), key, key_bytes);
    if (!t->slots[gap].at) return -ENOENT;
    release(t, t->slots[gap].at);
    for (uint32_t i = (gap + 1) & mask; t->slots[i].at; i = (i + 1) & mask) {
        const uint32_t home = t->slots[i].hash & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        t->slots[gap] = t->slots[i];
        gap = i;
    }
    t->slots[gap].at = 0;
    --t->used;
    return 0;
}

struct kv_entry* kv_next(const struct kv_table* t, uint32_t* cursor) {
    for (uint32_t i = *cursor; i < t->slot_count; ++i) {
        if (!t->slots[i].at) continue;
        *cursor = i + 1;
        return entry_at(t, t->slots[i].at);
    }
    *cursor = t->slot_count;
    return NULL;
}
