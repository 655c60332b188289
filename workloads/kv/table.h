/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of the key-value service: open addressing with linear probing over slots of 8 bytes, doubled when
 * it is three quarters full; entries (header, key, value) in blocks of powers of two of a heap of its own.
 * Freestanding, because it is also compiled into a protection domain that has no libc.
 *
 * Slots and heap are two pieces of memory, so that the heap can be shown to clients that read values in place
 * and the index cannot. Who reads in place finds an even version in the entry's header, reads, and finds the
 * same version: then nobody has changed the entry or taken its block meanwhile (a sequence lock). A version
 * never goes back, not when a block is freed either.
 */
#ifndef STILE_WORKLOADS_KV_TABLE_H
#define STILE_WORKLOADS_KV_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { KV_CLASSES = 20, KV_SMALLEST = 64, KV_FIRST_SLOTS = 64, KV_MAX_KEY = 64 };

struct kv_slot {
    uint32_t hash;
    uint32_t at; /* of the entry in the heap, in units of KV_SMALLEST; 0: empty */
};

struct kv_entry {
    uint64_t version; /* odd while it is being written */
    uint32_t key_bytes, value_bytes;
    unsigned char bytes[]; /* key, up to the next multiple of 8; value */
};

struct kv_table {
    struct kv_slot* slots;
    uint32_t slot_count, used, resizes;
    char *index, *index_end; /* what is left for slots */
    char *heap, *fresh, *heap_end;
    uint32_t free[KV_CLASSES]; /* lists of blocks, linked through key_bytes */
};

/* `index` must be zeroed. 0, or -ENOMEM when it is too small for the first slots. */
int kv_init(struct kv_table* t, void* index, size_t index_bytes, void* heap, size_t heap_bytes);

/* NULL: it is not there. */
struct kv_entry* kv_find(const struct kv_table* t, const void* key, size_t key_bytes);
/* 0, or -ENOMEM: nothing has changed then. */
int kv_put(struct kv_table* t, const void* key, size_t key_bytes, const void* value, size_t value_bytes);
/* 0, or -ENOENT. */
int kv_delete(struct kv_table* t, const void* key, size_t key_bytes);
/* The first entry in slot *cursor or behind it; *cursor is the slot behind that. NULL at the end. */
struct kv_entry* kv_next(const struct kv_table* t, uint32_t* cursor);

static inline unsigned char* kv_value(struct kv_entry* e) {
    return e->bytes + ((e->key_bytes + 7) & ~(size_t)7);
}

/* Index for so many entries, all sizes on the way to it included. */
static inline size_t kv_index_bytes(size_t entries) {
    size_t slots = KV_FIRST_SLOTS;
    while (entries * 4 > slots * 3) slots *= 2;
    return 2 * slots * sizeof(struct kv_slot);
}

/* By one instruction, the same machine code in every protection domain. */
static inline void kv_copy(void* to, const void* from, size_t bytes) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

#endif
