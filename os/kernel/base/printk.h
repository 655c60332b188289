// SPDX-License-Identifier: Apache-2.0
//
// The kernel's own voice. Formats: %s %c %d %u %x %lx %ld %lu %p %%, with width and zero fill.
#pragma once

#include <stdarg.h>

#include "os/kernel/base/types.h"

namespace stile::os {

void console_write(const char* bytes, size_t n);

[[gnu::format(printf, 1, 2)]] void printk(const char* format, ...);
int format_string(char* out, size_t size, const char* format, va_list args);
[[gnu::format(printf, 3, 4)]] int format_string(char* out, size_t size, const char* format, ...);

// The kernel cannot go on: marker K_PANIC, message on the console, machine off.
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);
[[noreturn]] void power_off(unsigned status);

#define STILE_KERNEL_ASSERT(cond)                                                                     \
    do {                                                                                              \
        if (__builtin_expect(!(cond), 0)) ::stile::os::panic("%s:%d: %s", __FILE__, __LINE__, #cond); \
    } while (0)

}  // namespace stile::os
