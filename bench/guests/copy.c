// SPDX-License-Identifier: Apache-2.0
//
// Copies of all sizes: memcpy as the C library does it (`rep movsq` above a threshold), and loops of words
// and bytes.
#include <string.h>

#include "bench/guests/bench.h"

enum { bytes = 256 * 1024 };
static uint8_t from[bytes + 64], to[bytes + 64];

__attribute__((noinline)) static void copy_words(uint64_t* d, const uint64_t* s, long n) {
    for (long i = 0; i < n; ++i) {
        d[i] = s[i];
        __asm__ volatile("" ::: "memory");  // a loop, not a call of memcpy
    }
}

__attribute__((noinline)) static void copy_bytes(uint8_t* d, const uint8_t* s, long n) {
    for (long i = 0; i < n; ++i) {
        d[i] = s[i];
        __asm__ volatile("" ::: "memory");
    }
}

int main(int argc, char** argv) {
    uint64_t seed = 362436069, sum = 0;
    for (unsigned i = 0; i < bytes; ++i) from[i] = (uint8_t)random_next(&seed);
    for (long n = rounds(argc, argv, 260); n > 0; --n) {
        memcpy(to, from, bytes);
        copy_words((uint64_t*)from, (const uint64_t*)to, bytes / 8);
        copy_bytes(to + 1, from, bytes / 2);
        for (unsigned i = 0; i < 20000; ++i) {  // short ones, as programs make them
            const uint64_t r = random_next(&seed);
            memcpy(to + r % bytes / 2, from + (r >> 20) % (bytes / 2), r >> 40 & 63);
        }
        sum = mix(sum, to[seed % bytes]);
        memset(to + seed % (bytes / 2), (int)n, bytes / 4);
        from[sum % bytes] ^= (uint8_t)n;
    }
    for (unsigned i = 0; i < bytes; ++i) sum = mix(sum, to[i]);
    return report("copy", sum);
}
