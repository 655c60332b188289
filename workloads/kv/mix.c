/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/kv/mix.h"

#include <string.h>

void mix_zipf(uint64_t* up_to, uint32_t keys) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < keys; ++i) up_to[i] = sum += (1ull << 32) / (i + 1);
}

static uint64_t number(struct mix* m) { /* Marsaglia's xorshift64 */
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    return m->random ^= m->random << 17;
}

void mix_seed(struct mix* m, uint64_t seed) {
    m->random = (seed * 64 + m->client) * 0x9e3779b97f4a7c15ull | 1;
    for (int i = 0; i < 8; ++i) number(m);
}

enum kv_op mix_operation(struct mix* m) {
    uint64_t x = number(m) % 100;
    for (enum kv_op op = KV_GET; op <= KV_SCAN; ++op) {
        if (x < m->shares[op]) return op;
        x -= m->shares[op];
    }
    return KV_PUT;
}

uint32_t mix_key(struct mix* m) {
    if (!m->up_to) return (uint32_t)(number(m) % m->keys);
    const uint64_t x = number(m) % m->up_to[m->keys - 1];
    uint32_t low = 0, high = m->keys - 1;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (x < m->up_to[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

unsigned mix_owner(struct mix* m) { return m->clients > 1 ? (unsigned)(number(m) % m->clients) : m->client; }

static void hex(char* to, uint32_t value, int digits) {
    for (int i = digits; i-- > 0; value >>= 4) to[i] = "0123456789abcdef"[value & 15];
}

void mix_name(unsigned client, uint32_t key, char name[KEY_BYTES]) {
    memcpy(name, "user0000:00000000", KEY_BYTES);
    hex(name + 4, client, 4);
    hex(name + 9, key, 8);
}

int mix_parse(const char* name, size_t bytes, unsigned* client, uint32_t* key) {
    char again[KEY_BYTES];
    if (bytes != KEY_BYTES) return 0;
    *client = *key = 0;
    for (int i = 4; i < 17; ++i) {
        if (i == 8) continue;
        const uint32_t digit = (uint32_t)(name[i] >= 'a' ? name[i] - 'a' + 10 : name[i] - '0');
        if (i < 8)
            *client = *client << 4 | digit;
        else
            *key = *key << 4 | digit;
    }
    mix_name(*client, *key, again);
    return memcmp(again, name, KEY_BYTES) == 0;
}

uint64_t mix_value_seed(unsigned client, uint32_t key, uint32_t version) {
    return 0x4b5600000000ull + ((uint64_t)client << 52) + ((uint64_t)key << 32) + version;
}

size_t mix_value_bytes(const struct mix* m, unsigned client, uint32_t key, uint32_t version) {
    if (m->fixed || m->size == 0) return m->size;
    return 1 + stile_nonce(mix_value_seed(client, key, version), 1u << 20) % m->size;
}

size_t mix_request(const struct mix* m, enum kv_op op, unsigned owner, uint32_t key, uint64_t cursor,
                   void* out) {
    struct kv_request* r = out;
    char* name = (char*)(r + 1);
    *r = (struct kv_request){.cursor = cursor};
    if (op == KV_SCAN) r->value_bytes = 8; /* entries */
    if (op != KV_GET && op != KV_PUT && op != KV_DELETE) return sizeof *r;
    r->key_bytes = KEY_BYTES;
    mix_name(owner, key, name);
    if (op != KV_PUT) return sizeof *r + kv_round(KEY_BYTES);
    const uint32_t version = (m->versions[key] + 1) | 1;
    r->value_bytes = (uint32_t)mix_value_bytes(m, m->client, key, version);
    stile_payload_fill(name + kv_round(KEY_BYTES), r->value_bytes, mix_value_seed(m->client, key, version));
    return sizeof *r + kv_round(KEY_BYTES) + r->value_bytes;
}

void mix_done(struct mix* m, enum kv_op op, uint32_t key, int status) {
    if (status != 0) return;
    if (op == KV_PUT) m->versions[key] = (m->versions[key] + 1) | 1;
    if (op == KV_DELETE) m->versions[key] = (m->versions[key] + 1) & ~1u;
}
