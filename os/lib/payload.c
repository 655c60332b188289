/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "os/lib/stile.h"

void stile_payload_fill(void* data, size_t bytes, uint64_t seed) {
    unsigned char* p = data;
    for (size_t i = 0; bytes > 0; ++i) {
        const uint64_t word = stile_nonce(seed, i);
        const size_t n = bytes < sizeof word ? bytes : sizeof word;
        memcpy(p, &word, n);
        p += n;
        bytes -= n;
    }
}

int stile_payload_matches(const void* data, size_t bytes, uint64_t seed) {
    const unsigned char* p = data;
    for (size_t i = 0; bytes > 0; ++i) {
        const uint64_t word = stile_nonce(seed, i);
        const size_t n = bytes < sizeof word ? bytes : sizeof word;
        if (memcmp(p, &word, n) != 0) return 0;
        p += n;
        bytes -= n;
    }
    return 1;
}

int stile_touch_named(const char* name) {
    if (strcmp(name, "none") == 0) return STILE_TOUCH_NONE;
    if (strcmp(name, "read") == 0) return STILE_TOUCH_READ;
    if (strcmp(name, "write") == 0) return STILE_TOUCH_WRITE;
    return -1;
}

void stile_touch_all(enum stile_touch touch, void* data, size_t bytes, int in_place, void* scratch) {
    const size_t words = bytes / 8, tail = bytes % 8;
    uint64_t* from = data;
    const unsigned char* last = (const unsigned char*)data + words * 8;
    if (touch == STILE_TOUCH_READ) {
        uint64_t sum = 0;
        for (size_t i = 0; i < words; ++i) sum += from[i];
        for (size_t i = 0; i < tail; ++i) sum += last[i];
        __asm__ volatile("" : : "r"(sum));
        return;
    }
    uint64_t* to = in_place ? data : scratch;
    unsigned char* to_last = (unsigned char*)to + words * 8;
    for (size_t i = 0; i < words; ++i) to[i] = from[i] + 1;
    for (size_t i = 0; i < tail; ++i) to_last[i] = (unsigned char)(last[i] + 1);
    __asm__ volatile("" : : "r"(to) : "memory");
}
