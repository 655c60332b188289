// SPDX-License-Identifier: Apache-2.0
//
// What the guest programs of the speed measurement share. Each is plain C that runs natively, under qemu-user
// and in Stile, takes the number of rounds as its argument and prints one checksum, so that the three can be
// compared.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline long rounds(int argc, char** argv, long usual) { return argc > 1 ? atol(argv[1]) : usual; }

// Marsaglia's xorshift64.
static inline uint64_t random_next(uint64_t* state) {
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static inline uint64_t mix(uint64_t sum, uint64_t value) { return (sum ^ value) * 0x9e3779b97f4a7c15u; }

static inline int report(const char* name, uint64_t sum) {
    printf("%s %016llx\n", name, (unsigned long long)sum);
    return 0;
}
