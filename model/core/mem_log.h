// SPDX-License-Identifier: Apache-2.0
//
// What a block did to memory, in program order: written by the execution engine as it goes, read once per
// block by the timing model. Beside it, what the protection unit read for one of these accesses.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace stile::model {

enum class MemKind : uint8_t { load, store, mmio_load, mmio_store };

struct MemEvent {
    uint64_t vaddr = 0, paddr = 0;
    uint32_t bytes = 0;  // a run of a rep-string instruction is one event per page at most
    MemKind kind = MemKind::load;
    uint8_t insn = 0;  // index within the block
};

// One walk of the APL directory (docs/codoms.md, 3), made before the access at `vaddr`.
struct AplWalk {
    uint64_t vaddr = 0;
    std::array<uint64_t, 3> paddr{};
    unsigned reads = 0;    // the later ones are of pages that the earlier ones name
    bool counter = false;  // not the directory but a revocation counter: one read
};

struct MemLog {
    // A block has at most 255 micro-ops with two events each; a rep-string iteration chunk is bounded
    // likewise.
    static constexpr unsigned capacity = 1024;
    bool on = false;
    unsigned n = 0;
    MemEvent e[capacity];
    std::vector<AplWalk> walks;
    bool empty() const { return n == 0 && walks.empty(); }
    void clear() {
        n = 0;
        walks.clear();
    }
    void add(uint64_t vaddr, uint64_t paddr, uint32_t bytes, MemKind kind, unsigned insn) {
        if (n < capacity) e[n++] = {vaddr, paddr, bytes, kind, static_cast<uint8_t>(insn)};
    }
};

}  // namespace stile::model
