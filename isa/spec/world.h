// SPDX-License-Identifier: Apache-2.0
//
// What the rules of docs/codoms.md speak of, and nothing more: pages, rights, memory, and what a core holds
// while it runs a thread. No APL cache, no TLB, nothing remembered: a change here holds for the very next
// access.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "abi/codoms.h"

namespace stile::isa::spec {

inline constexpr uint64_t page_bytes = 4096;

// One 4 KiB page; a 2 MiB page is 512 of them.
struct Page {
    bool writable = true, user = true, executable = true;
    bool privileged = false, cap_storage = false;
    uint16_t tag = 0;
    uint64_t frame = 0;  // number of the physical page; two pages may show the same one
};

// Section 10. True: the rule holds.
struct Checks {
    bool data = true, transfer = true, align = true, ret = true, dcs = true, cap_page = true, straddle = true;
    bool privileged = true, cap_type = true, cap_range = true, cap_origin = true, counter = true,
         frame = true;
    bool saved_latch = true, deputy = true;
};

struct Latch {
    uint16_t tag = 0;
    uint8_t kind = STILE_XFER_SEQ;
    uint64_t return_address = 0;  // of a pending call, else 0
    bool operator==(const Latch&) const = default;
};

// A core and the thread on it.
struct Core {
    unsigned space = 0;  // which page table
    unsigned ring = 3;
    bool domains_on = true;     // CD_CTL bit 0
    bool write_protect = true;  // CR0.WP
    Latch latch, saved_latch;
    uint64_t dcs_ptr = 0, dcs_base = 0, dcs_limit = 0;
    uint64_t kcs = 0, depth = 0;
    std::array<stile_cap, STILE_CAP_REGS> caps{};
};

struct World {
    std::map<std::pair<unsigned, uint64_t>, Page> pages;    // by page table and virtual page number
    std::map<std::pair<uint16_t, uint16_t>, unsigned> apl;  // (from, to): the right; absent: nil
    std::map<uint64_t, uint64_t> memory;                    // by physical address / 8; absent: 0
    uint64_t apl_entries = STILE_APL_MAX_SLOTS;             // a number in cd.aplfill beyond it is refused
    Checks checks;

    const Page* page(const Core& core, uint64_t address) const;  // null: not present
    // Physical memory, of any alignment within a page: for those who set the scene or look at it.
    void peek(uint64_t paddr, void* out, unsigned bytes) const;
    void poke(uint64_t paddr, const void* in, unsigned bytes);
};

}  // namespace stile::isa::spec
