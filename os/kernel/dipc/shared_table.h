// SPDX-License-Identifier: Apache-2.0
//
// The page table that all dIPC processes share, and how its address space is divided (our choice):
//   from slots_base   one slot of 1 GiB per process
//   from system_base  the kernel's own pages that user mode reaches through domains: thread blocks, proxies
#pragma once

#include "os/kernel/dipc/domain.h"
#include "os/kernel/mm/page_table.h"

namespace stile::os {

inline constexpr uint64_t slot_bytes = 1ull << 30;
inline constexpr uint64_t slots_base = 0x100000000000;
inline constexpr uint64_t system_base = 0x7e0000000000;
inline constexpr uint64_t proxies_base = system_base;
inline constexpr uint64_t proxies_bytes = 64ull << 20;
inline constexpr uint64_t blocks_base = system_base + slot_bytes;

PageTable* shared_table();  // nullptr when memory is out
Domain* kcs_domain();       // of all thread blocks
Domain* dcs_domain();       // of all domain capability stacks

// Puts a page of the kernel's where user mode sees it; `bits` beside present, user, accessed and dirty.
Status system_map(uint64_t vaddr, Page* page, uint16_t tag, uint64_t bits);
void system_unmap(uint64_t vaddr);  // does not free the page

}  // namespace stile::os
