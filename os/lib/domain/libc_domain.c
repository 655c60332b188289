/* SPDX-License-Identifier: Apache-2.0
 *
 * What code of a second domain needs of libc. In assembly or through `volatile` where the compiler would see
 * the very function in the loop, and call it.
 */
#include "os/lib/domain/names.h"

void* memcpy(void* to, const void* from, size_t n) {
    void* at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
    return to;
}

void* memset(void* to, int value, size_t n) {
    void* at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
    return to;
}

int memcmp(const void* a, const void* b, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const int d = ((const volatile unsigned char*)a)[i] - ((const volatile unsigned char*)b)[i];
        if (d) return d;
    }
    return 0;
}

int strcmp(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return (unsigned char)*a - (unsigned char)*b;
}
