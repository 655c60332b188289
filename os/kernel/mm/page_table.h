// SPDX-License-Identifier: Apache-2.0
//
// Four-level page tables. The upper half of every table is the kernel's and the same in all: its top-level
// entries are made once at boot and copied into each new table.
#pragma once

#include "abi/codoms.h"
#include "os/kernel/base/list.h"
#include "os/kernel/mm/page.h"

namespace stile::os {

struct AddressSpace;

enum Pte : uint64_t {
    pte_present = 1,
    pte_write = 2,
    pte_user = 4,
    pte_write_through = 8,
    pte_no_cache = 0x10,
    pte_accessed = 0x20,
    pte_dirty = 0x40,
    pte_large = 0x80,
    pte_global = 0x100,
    pte_no_exec = 1ull << 63
};
inline constexpr unsigned pte_key_shift = 59;  // [62:59]: protection key
inline constexpr uint64_t pte_address = 0x000000fffffff000ull;  // 40 bits; [51:40] hold the domain tag

struct PageTable {
    uint64_t* root = nullptr;
    uint64_t root_phys = 0;
    uint32_t refs = 1;
    uint16_t pcid = 0;  // 0: shared by all that found no other; always flushed at load
    // CPUs, by bit, that must flush what they know of its PCID when they load it: entries changed while it
    // was not in their CR3, or they have yet to forget the PCID's last table.
    uint64_t flush_at_load = ~0ull;
    uint64_t active = 0;  // CPUs that have it in CR3, running or idling; kept with several CPUs only
    bool shared = false;  // the dIPC processes' common table

    // The leaf entry of vaddr; nullptr if a level is missing and `create` is false or memory is out.
    uint64_t* entry(uint64_t vaddr, bool create);
    // The leaf entry of the first page at or after vaddr, below end, whose leaf table exists; nullptr: none.
    // Moves vaddr there, past whole missing levels, so that a walk takes as long as what is mapped is large.
    uint64_t* next_entry(uint64_t& vaddr, uint64_t end);
    // Forget cached translations of one page: here at once if this table is in CR3, else at its next load; on
    // other CPUs before the big lock is let go (mm/shootdown.h).
    void invalidate(uint64_t vaddr);
    void invalidate_all();
    // Only here: enough when rights grew or this CPU alone was mistaken; others find out by a fault.
    void invalidate_here(uint64_t vaddr);
    void flush_here();  // it is in CR3
    // Gives back the levels below whole, empty gigabytes of a table that lives on.
    void free_levels(uint64_t from, uint64_t to);
};

PageTable* page_table_create();
void page_table_put(PageTable* table);       // at the last reference frees the levels; leaves must be gone
void page_table_activate(PageTable* table);  // CR3 load unless it is there already
void page_table_activate_single(PageTable* table);  // the same where there is one CPU
void page_table_leave();                            // for the kernel's own one, at another CPU's request

// The kernel's own half, with final rights: text read-only and executable, the rest not executable.
void kernel_page_table_init();
PageTable* kernel_page_table();

}  // namespace stile::os
