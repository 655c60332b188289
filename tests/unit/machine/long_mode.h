// SPDX-License-Identifier: Apache-2.0
//
// A machine's first core before a few bytes of program: ring 0, long mode, 2 MiB pages that map all RAM and
// the device region at their own addresses.
#pragma once

#include <cstring>
#include <span>

#include "abi/platform.h"
#include "model/systemc/machine.h"

namespace stile::model {

inline void boot(Machine& m, std::span<const uint8_t> program) {
    constexpr uint64_t code = 0x10'0000, pml4 = 0x1000, pdpt = pml4 + 0x1000, pd = pdpt + 0x1000,
                       pdpt_io = pd + 0x1000, pd_io = pdpt_io + 0x1000;
    PhysicalMemory& ram = m.memory();
    const auto put = [&ram](uint64_t at, uint64_t value) { std::memcpy(ram.host(at), &value, 8); };
    put(pml4, pdpt | 3);
    put(pdpt, pd | 3);
    for (uint64_t i = 0; i < 512; ++i) put(pd + 8 * i, i << 21 | 0x83);
    put(pml4 + (STILE_MMIO_BASE >> 39) * 8, (STILE_MMIO_BASE >> 39 ? pdpt_io : pdpt) | 3);
    put(pdpt_io + (STILE_MMIO_BASE >> 30 & 511) * 8, pd_io | 3);
    put(pd_io + (STILE_MMIO_BASE >> 21 & 511) * 8, STILE_MMIO_BASE | 0x83);
    std::memcpy(ram.host(code), program.data(), program.size());
    CpuState& s = m.core().state();
    s.cr0 = 0x80050033;
    s.cr4 = 0x6a0;
    s.efer = 0xd01;
    s.cr3 = pml4;
    s.cs = 8;
    s.cpl = 0;
    s.rip = code;
    s.r[isa::RSP] = 0x8'0000;
    m.core().mmu().flush_all();
    m.core().mmu().context_changed();
}

}  // namespace stile::model
