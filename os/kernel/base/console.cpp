// SPDX-License-Identifier: Apache-2.0
//
// The console and the power switch, by their device registers (abi/platform.h) in the direct map.
#include "abi/platform.h"
#include "os/kernel/base/printk.h"

namespace stile::os {

void console_write(const char* bytes, size_t n) {
    auto* data = reinterpret_cast<volatile uint8_t*>(STILE_DIRECT_BASE + STILE_CONSOLE_DATA);
    for (size_t i = 0; i < n; i++) *data = bytes[i];
}

// The next byte of console input, or -1 at its end.
int console_read() {
    const uint64_t v = *reinterpret_cast<volatile uint64_t*>(STILE_DIRECT_BASE + STILE_CONSOLE_DATA);
    return v == ~0ull ? -1 : static_cast<int>(v & 0xff);
}

void power_off(unsigned status) {
    *reinterpret_cast<volatile uint32_t*>(STILE_DIRECT_BASE + STILE_POWER_OFF) = status;
    for (;;) asm volatile("cli; hlt");
}

}  // namespace stile::os
