// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/base/printk.h"

#include "abi/marker.h"
#include "abi/platform.h"
#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/arch/trap.h"
#include "os/kernel/base/string.h"

namespace stile::os {
namespace {

struct Sink {
    char* out;
    size_t size, used;
    void put(char c) {
        if (used + 1 < size) out[used] = c;
        used++;
    }
};

void put_number(Sink& s, uint64_t v, unsigned base, int width, char fill, bool minus) {
    char digits[24];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    if (minus && fill == '0') s.put('-');
    for (int i = n + minus; i < width; i++) s.put(fill);
    if (minus && fill != '0') s.put('-');
    while (n) s.put(digits[--n]);
}

}  // namespace

int format_string(char* out, size_t size, const char* f, va_list args) {
    Sink s{out, size, 0};
    for (; *f; f++) {
        if (*f != '%') {
            s.put(*f);
            continue;
        }
        f++;
        char fill = ' ';
        int width = 0;
        if (*f == '0') fill = *f++;
        while (*f >= '0' && *f <= '9') width = width * 10 + (*f++ - '0');
        bool wide = false;
        while (*f == 'l' || *f == 'z') wide = true, f++;
        switch (*f) {
            case 's': {
                const char* t = va_arg(args, const char*);
                for (t = t ? t : "(null)"; *t; t++) s.put(*t);
                break;
            }
            case 'c':
                s.put(static_cast<char>(va_arg(args, int)));
                break;
            case 'd': {
                const int64_t v = wide ? va_arg(args, int64_t) : va_arg(args, int);
                put_number(s, v < 0 ? -static_cast<uint64_t>(v) : v, 10, width, fill, v < 0);
                break;
            }
            case 'u':
                put_number(s, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 10, width, fill, false);
                break;
            case 'x':
                put_number(s, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 16, width, fill, false);
                break;
            case 'p':
                s.put('0');
                s.put('x');
                put_number(s, va_arg(args, uint64_t), 16, width, fill, false);
                break;
            case '%':
                s.put('%');
                break;
            default:
                s.put('?');
                return static_cast<int>(s.used);
        }
    }
    if (size) out[min(s.used, size - 1)] = 0;
    return static_cast<int>(s.used);
}

int format_string(char* out, size_t size, const char* format, ...) {
    va_list args;
    va_start(args, format);
    const int n = format_string(out, size, format, args);
    va_end(args);
    return n;
}

void printk(const char* format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    const int n = format_string(line, sizeof line, format, args);
    va_end(args);
    console_write(line, min<size_t>(n, sizeof line - 1));
}

void panic(const char* format, ...) {
    static char message[256];
    va_list args;
    va_start(args, format);
    format_string(message, sizeof message, format, args);
    va_end(args);
    if (smp()) apic_send_to_others(vec_halt);
    STILE_MARK(STILE_MARK_K_PANIC, message, 0, 0);
    printk("kernel panic: %s\n", message);
    power_off(STILE_POWER_PANIC);
}

}  // namespace stile::os
