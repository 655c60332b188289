// SPDX-License-Identifier: Apache-2.0
//
// The 4-level page walk (Intel SDM vol. 3, 4.5 to 4.8): 4 KiB and 2 MiB leaves, NX, U/S, WP, SMEP, what the
// protection unit adds to page faults, accessed and dirty bits. CPUID reports no 1 GiB pages, so the PS bit
// of a PDPTE is reserved, as on a real part without them. Leaves carry CODOMs' bits (abi/codoms.h); tables
// above a leaf have [51:40] reserved as on any processor with 40 physical address bits.
#pragma once

#include <cstdint>

#include "model/core/cpu_state.h"
#include "model/core/fault.h"
#include "model/core/mmu.h"
#include "model/memory/physical_memory.h"

namespace stile::model {

class Protection;

inline constexpr uint64_t page_bytes = 4096;
inline constexpr uint64_t page_mask = ~(page_bytes - 1);
inline constexpr unsigned physical_bits = 40;

namespace cr {
enum : uint64_t {
    CR0_WP = 1ull << 16,
    CR0_PG = 1ull << 31,
    CR4_PGE = 1ull << 7,
    CR4_PCIDE = 1ull << 17,
    CR4_SMEP = 1ull << 20,
    CR4_PKE = 1ull << 22,
    EFER_NXE = 1ull << 11,
    CR3_NO_FLUSH = 1ull << 63,
};
}  // namespace cr

namespace pte {
enum : uint64_t {
    P = 1ull << 0,
    W = 1ull << 1,
    U = 1ull << 2,
    A = 1ull << 5,
    D = 1ull << 6,
    PS = 1ull << 7,
    NX = 1ull << 63,
};
inline constexpr uint64_t address = ((1ull << physical_bits) - 1) & page_mask;
inline constexpr unsigned key_shift = 59;  // [62:59]: protection key
}  // namespace pte

inline bool canonical(uint64_t vaddr) {
    return static_cast<uint64_t>(static_cast<int64_t>(vaddr << 16) >> 16) == vaddr;
}

class PageWalker {
  public:
    PageWalker(CpuState& state, PhysicalMemory& memory, const Protection& protection)
        : state_(state), memory_(memory), protection_(protection) {}

    // Who asks: `supervisor` when at ring 0 or when the hardware itself reaches for one of its own
    // structures.
    enum class Who : uint8_t { user, supervisor };

    // Permission checks and A/D updates included. On a fault nothing has been changed.
    bool translate(uint64_t vaddr, Access access, Who who, PageAttributes& out, Fault& fault);

    // What the tables say, without permission checks or side effects.
    bool probe(uint64_t vaddr, PageAttributes& out) const;

    // Told of each update of an accessed or dirty bit, before it lands.
    void (*on_update)(void* arg, uint64_t paddr, unsigned bytes) = nullptr;
    void* on_update_arg = nullptr;

  private:
    struct Path {
        uint64_t paddr[4], entry[4];
        unsigned levels = 0;
        bool present = false, reserved = false;
    };
    void descend(uint64_t vaddr, Path& path, PageAttributes& out) const;
    uint64_t load(uint64_t paddr) const;
    void mark(Path& path, bool dirty);

    CpuState& state_;
    PhysicalMemory& memory_;
    const Protection& protection_;
};

}  // namespace stile::model
