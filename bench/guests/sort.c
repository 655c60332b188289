// SPDX-License-Identifier: Apache-2.0
//
// Quicksort of our own over 64-bit words, the C library's qsort (smoothsort, calls through a pointer), and a
// heap.
#include <string.h>

#include "bench/guests/bench.h"

enum { words = 32768 };
static uint64_t original[words], data[words];

static void quick(uint64_t* a, long n) {
    while (n > 12) {
        const uint64_t pivot = a[n / 2];
        long i = -1, j = n;
        for (;;) {
            do ++i;
            while (a[i] < pivot);
            do --j;
            while (a[j] > pivot);
            if (i >= j) break;
            const uint64_t t = a[i];
            a[i] = a[j];
            a[j] = t;
        }
        quick(a, j + 1);
        a += j + 1;
        n -= j + 1;
    }
    for (long i = 1; i < n; ++i) {
        const uint64_t v = a[i];
        long j = i;
        for (; j > 0 && a[j - 1] > v; --j) a[j] = a[j - 1];
        a[j] = v;
    }
}

static int compare(const void* a, const void* b) {
    const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
    return (x > y) - (x < y);
}

static void sink(uint64_t* a, long i, long n) {
    const uint64_t v = a[i];
    for (long child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && a[child + 1] > a[child]) ++child;
        if (a[child] <= v) break;
        a[i] = a[child];
    }
    a[i] = v;
}

static void heap(uint64_t* a, long n) {
    for (long i = n / 2; i-- > 0;) sink(a, i, n);
    while (--n > 0) {
        const uint64_t t = a[0];
        a[0] = a[n];
        a[n] = t;
        sink(a, 0, n);
    }
}

static uint64_t sum_of(void) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < words; ++i) sum = mix(sum, data[i]);
    return sum;
}

int main(int argc, char** argv) {
    uint64_t seed = 123456789, sum = 0;
    for (long n = rounds(argc, argv, 9); n > 0; --n) {
        for (unsigned i = 0; i < words; ++i) original[i] = random_next(&seed);
        memcpy(data, original, sizeof data);
        quick(data, words);
        sum ^= sum_of();
        memcpy(data, original, sizeof data);
        qsort(data, words, sizeof data[0], compare);
        sum = mix(sum, sum_of());
        memcpy(data, original, sizeof data);
        heap(data, words);
        sum += sum_of();
    }
    return report("sort", sum);
}
