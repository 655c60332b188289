// SPDX-License-Identifier: Apache-2.0
//
// Chains of pointers, and what following them takes.
#pragma once

#include "tests/fidelity/guest/micro.h"

namespace micro {

// Pointers. A chain through every `step` bytes of `bytes` at `base`, in order or in random order, one cycle.
inline uint64_t* at(uint64_t address) { return reinterpret_cast<uint64_t*>(address); }

inline void chain_in_order(uint64_t base, uint64_t bytes, uint64_t step) {
    for (uint64_t o = 0; o < bytes; o += step) *at(base + o) = base + (o + step < bytes ? o + step : 0);
}

inline constexpr uint64_t order_table = big_data + big_bytes;  // indices of chain_at_random, out of the way
inline void chain_at_random(uint64_t base, uint64_t bytes, uint64_t step) {
    const uint64_t n = bytes / step;
    uint64_t* const order = at(order_table);
    for (uint64_t i = 0; i < n; ++i) order[i] = i;
    Random random;
    for (uint64_t i = n - 1; i > 0; --i) {
        const uint64_t j = random.below(i), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    for (uint64_t i = 0; i < n; ++i) *at(base + order[i] * step) = base + order[(i + 1) % n] * step;
}

inline uint64_t follow(uint64_t from, uint64_t hops) {
    asm volatile(".balign 64\n 1: movq (%0), %0\n decq %1\n jnz 1b" : "+r"(from), "+r"(hops) : : "memory");
    return from;
}
// Cycles of a hop after `warm` of them: of `hops` and of twice as many, the difference.
inline uint64_t hop(uint64_t from, uint64_t warm, uint64_t hops) {
    uint64_t p = warm == 0 ? from : follow(from, warm), begin = 0, middle = 0, end = 0;
    for (uint64_t n = 1;; n = hops) {  // the first round warms the stamps
        begin = now();
        p = follow(p, n);
        middle = now();
        p = follow(p, 2 * n);
        end = now();
        if (n == hops) break;
    }
    return (end - middle - (middle - begin)) * 1000 / hops;
}

}  // namespace micro
