// SPDX-License-Identifier: Apache-2.0
//
// An open-addressing hash table of words of text: insertions, look-ups, string comparison, growth by
// rehashing.
#include <string.h>

#include "bench/guests/bench.h"

struct entry {
    char* key;
    uint64_t hash, count;
};
static struct entry* entries;
static size_t capacity, used;

static uint64_t hash_of(const char* s) {
    uint64_t h = 14695981039346656037u;
    while (*s) h = (h ^ (uint8_t)*s++) * 1099511628211u;
    return h;
}

static struct entry* find(const char* key, uint64_t hash) {
    size_t at = hash & (capacity - 1);
    while (entries[at].key && (entries[at].hash != hash || strcmp(entries[at].key, key) != 0))
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

static void grow(void) {
    struct entry* const old = entries;
    const size_t n = capacity;
    capacity = n ? 2 * n : 64;
    entries = calloc(capacity, sizeof *entries);
    if (!entries) exit(1);
    for (size_t i = 0; i < n; ++i)
        if (old[i].key) *find(old[i].key, old[i].hash) = old[i];
    free(old);
}

int main(int argc, char** argv) {
    uint64_t seed = 1181783497276652981u, sum = 0;
    for (long n = rounds(argc, argv, 12); n > 0; --n) {
        capacity = used = 0;
        entries = NULL;
        for (unsigned i = 0; i < 60000; ++i) {
            char word[16];
            const uint64_t r = random_next(&seed);
            const unsigned letters = 3 + (unsigned)(r % 3);
            for (unsigned k = 0; k < letters; ++k) word[k] = (char)('a' + (r >> (8 + 4 * k) & 15));
            word[letters] = 0;
            if (used * 4 >= capacity * 3) grow();
            const uint64_t hash = hash_of(word);
            struct entry* e = find(word, hash);
            if (!e->key) {
                *e = (struct entry){strdup(word), hash, 0};
                ++used;
            }
            ++e->count;
        }
        for (size_t i = 0; i < capacity; ++i) {
            if (!entries[i].key) continue;
            sum += mix(entries[i].count, (uint64_t)entries[i].key[1]);
            free(entries[i].key);
        }
        sum = mix(sum, used);
        free(entries);
    }
    return report("hash", sum);
}
