// SPDX-License-Identifier: Apache-2.0
//
// Recursion (Fibonacci), and direct and indirect calls of small functions.
#include "bench/guests/bench.h"

__attribute__((noinline)) static uint64_t fib(unsigned n) {
    __asm__ volatile("");  // both calls stay calls
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

#define FUNCTION(i, body) \
    __attribute__((noinline)) static uint64_t f##i(uint64_t a, uint64_t b) { return body; }
FUNCTION(0, a + b)
FUNCTION(1, a ^ b << 3)
FUNCTION(2, a - (b | 5))
FUNCTION(3, (a << 7 | a >> 57) + b)
FUNCTION(4, a* b + 1)
FUNCTION(5, a > b ? a : b + 17)
FUNCTION(6, f0(a, b) ^ f3(b, a))
FUNCTION(7, f6(f1(a, b), f2(b, a)))

static uint64_t (*volatile table[8])(uint64_t, uint64_t) = {f0, f1, f2, f3, f4, f5, f6, f7};

int main(int argc, char** argv) {
    const long n = rounds(argc, argv, 26);
    uint64_t seed = 2463534242u, sum = 0;
    for (long i = 0; i < n; ++i) {
        sum = mix(sum, fib(25));
        for (unsigned k = 0; k < 200000; ++k) {
            const uint64_t r = random_next(&seed);
            sum = f7(sum, r);
            sum = table[r & 7](sum, k);
        }
    }
    return report("calls", sum);
}
