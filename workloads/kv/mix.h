/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client of `kv` asks for, and what it knows must be there. Every client has keys of its own, which
 * nobody else changes, so that each knows what its keys hold whatever the others do.
 */
#ifndef STILE_WORKLOADS_KV_MIX_H
#define STILE_WORKLOADS_KV_MIX_H

#include "workloads/kv/service.h"

enum { KEY_BYTES = 17, MOST_KEYS = 65536 };

struct mix {
    unsigned client, clients;
    uint32_t keys;
    size_t size;                  /* of the largest value */
    int fixed;                    /* all values are as large */
    unsigned shares[KV_SCAN + 1]; /* of a hundred, by operation; puts have the rest */
    const uint64_t* up_to;        /* Zipf's law: sum of 2^32 / (i + 1) over keys up to each; NULL: uniform */
    uint64_t random;
    uint32_t* versions; /* by key; what the table must hold is a function of it. Even: nothing */
};

/* The running sums for `keys` keys. */
void mix_zipf(uint64_t* up_to, uint32_t keys);
void mix_seed(struct mix* m, uint64_t seed);

enum kv_op mix_operation(struct mix* m);
uint32_t mix_key(struct mix* m);
/* Whose key a get asks for: anybody's. */
unsigned mix_owner(struct mix* m);

void mix_name(unsigned client, uint32_t key, char name[KEY_BYTES]);
/* 0 unless `name` is one; the key goes to *key and the client to *client. */
int mix_parse(const char* name, size_t bytes, unsigned* client, uint32_t* key);

size_t mix_value_bytes(const struct mix* m, unsigned client, uint32_t key, uint32_t version);
uint64_t mix_value_seed(unsigned client, uint32_t key, uint32_t version);

/* Puts a request into `out`; a put with the value of the version to come. Its length. */
size_t mix_request(const struct mix* m, enum kv_op op, unsigned owner, uint32_t key, uint64_t cursor,
                   void* out);
/* The operation has been done with this result: what holds from now on. */
void mix_done(struct mix* m, enum kv_op op, uint32_t key, int status);

#endif
