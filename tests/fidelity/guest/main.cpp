// SPDX-License-Identifier: Apache-2.0
//
// Runs the row that the boot information names, or says which rows there are.
#include "tests/fidelity/guest/micro.h"

#include "abi/marker.h"
#include "abi/platform.h"

extern "C" const micro::Row rows_begin[], rows_end[];

namespace {

bool same(const char* a, const char* b) {
    for (; *a && *a == *b; ++a, ++b) {
    }
    return *a == *b;
}

[[noreturn]] void power_off(uint32_t status) {
    *reinterpret_cast<volatile uint32_t*>(STILE_DIRECT_BASE + STILE_POWER_OFF) = status;
    for (;;) asm volatile("hlt");
}

}  // namespace

extern "C" void micro_main(const stile_boot_info* info) {
    info = reinterpret_cast<const stile_boot_info*>(STILE_DIRECT_BASE + reinterpret_cast<uint64_t>(info));
    const char* wanted = info->strings + info->processes[0].path;
    micro::setup_rings();
    micro::setup_paging();
    for (const micro::Row* row = rows_begin; row != rows_end; ++row) {
        if (!same(row->name, wanted)) continue;
        const uint64_t value = row->measure();
        STILE_MARK(STILE_MARK_REPORT, row->name, value, 0);
        power_off(0);
    }
    power_off(0x100);
}
