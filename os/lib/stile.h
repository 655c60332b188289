/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest program may want from Stile besides its libc: system calls without libc's wrappers, payloads
 * that can be recognised, and the section of stubs. Everything here also works natively on Linux.
 */
#ifndef STILE_OS_LIB_STILE_H
#define STILE_OS_LIB_STILE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/marker.h"

/* Code between a program and a mechanism: its cycles are counted as phase `stub`. */
#define STILE_STUB __attribute__((section(".text.stub")))

/* The result is the kernel's: -errno on failure. libc's wrappers add cancellation points and errno, which
 * belong to no mechanism. */
static inline long stile_syscall3(long n, long a, long b, long c) {
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}

static inline long stile_syscall6(long n, long a, long b, long c, long d, long e, long f) {
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}

/* The calling thread runs on this core only, from now on. 0 or -errno: -EINVAL where there is no such core.
 */
long stile_run_on(unsigned core);

/* Fill with, or compare to, the nonces of `seed`; a last part of a word is the nonce's first bytes. */
void stile_payload_fill(void* data, size_t bytes, uint64_t seed);
int stile_payload_matches(const void* data, size_t bytes, uint64_t seed);

/* What a receiver does with a payload. */
enum stile_touch { STILE_TOUCH_NONE, STILE_TOUCH_READ, STILE_TOUCH_WRITE };
/* Name -> value, or -1. */
int stile_touch_named(const char* name);
/* Loads every word, or adds one to every word. `scratch` takes the new words where `in_place` is 0, because
 * what arrived may not be written (a Binder mapping). */
void stile_touch_all(enum stile_touch touch, void* data, size_t bytes, int in_place, void* scratch);
static inline void stile_touch(enum stile_touch touch, void* data, size_t bytes, int in_place,
                               void* scratch) {
    if (touch != STILE_TOUCH_NONE && bytes > 0) stile_touch_all(touch, data, bytes, in_place, scratch);
}

#endif
