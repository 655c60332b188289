// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/base/string.h"

#include <stdint.h>

#include "os/kernel/base/phase.h"

extern "C" {

PHASE(copy) void* memcpy(void* to, const void* from, size_t n) {
    void* d = to;
    size_t words = n >> 3;
    asm volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
    size_t bytes = n & 7;
    if (bytes) asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

PHASE(copy) void* memmove(void* to, const void* from, size_t n) {
    auto* d = static_cast<uint8_t*>(to);
    const auto* s = static_cast<const uint8_t*>(from);
    if (d <= s || d >= s + n) return memcpy(to, from, n);
    while (n--) {
        asm volatile("" : : : "memory");  // keep the compiler from making this a call of memmove
        d[n] = s[n];
    }
    return to;
}

PHASE(copy) void* memset(void* to, int byte, size_t n) {
    void* d = to;
    size_t words = n >> 3;
    asm volatile("rep stosq"
                 : "+D"(d), "+c"(words)
                 : "a"(0x0101010101010101ull * static_cast<uint8_t>(byte))
                 : "memory");
    size_t bytes = n & 7;
    if (bytes) asm volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(byte) : "memory");
    return to;
}

int memcmp(const void* a, const void* b, size_t n) {
    const auto* x = static_cast<const uint8_t*>(a);
    const auto* y = static_cast<const uint8_t*>(b);
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char* s) {
    size_t n = 0;
    while (*static_cast<const volatile char*>(s + n)) n++;
    return n;
}

int strcmp(const char* a, const char* b) {
    while (*a && *a == *b) a++, b++;
    return static_cast<uint8_t>(*a) - static_cast<uint8_t>(*b);
}

int strncmp(const char* a, const char* b, size_t n) {
    for (; n; n--, a++, b++)
        if (*a != *b || !*a) return static_cast<uint8_t>(*a) - static_cast<uint8_t>(*b);
    return 0;
}

char* strchr(const char* s, int c) {
    for (;; s++) {
        if (*s == static_cast<char>(c)) return const_cast<char*>(s);
        if (!*s) return nullptr;
    }
}

char* strrchr(const char* s, int c) {
    const char* found = nullptr;
    for (;; s++) {
        if (*s == static_cast<char>(c)) found = s;
        if (!*s) return const_cast<char*>(found);
    }
}

void __cxa_pure_virtual() { __builtin_trap(); }
}

// Destructors of the kernel's classes refer to this; objects are freed by kdelete only.
void operator delete(void*) noexcept { __builtin_trap(); }
void operator delete(void*, size_t) noexcept { __builtin_trap(); }

namespace stile::os {
void copy_string(char* to, const char* from, size_t size) {
    size_t i = 0;
    for (; i + 1 < size && from[i]; i++) to[i] = from[i];
    if (size) to[i] = 0;
}
}  // namespace stile::os
