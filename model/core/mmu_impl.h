// SPDX-License-Identifier: Apache-2.0
//
// The insides of the Mmu, shared by its source files:
//   mmu.cpp          accesses: resolve each page touched, then move the bytes
//   mmu_context.cpp  the pool of software TLBs, and who drops what from them
//   mmu_fetch.cpp    fetch translation, arrival in another domain, the domain capability stack
//   mmu_capabilities.cpp  revocation counters, ranges that capabilities open
//
// A context is what the answer to "may this access go ahead?" depends on besides the address: PCID, ring and
// what the protection unit goes by (CODOMs: the domain in whose name the access is made; protection keys:
// PKRU). Each context in use owns one software TLB out of a fixed
// pool; the least recently selected one gives way. Anything that takes a right away (INVLPG, a CR3 write
// without the no-flush bit, an APL cache entry replaced, a capability register changed) drops entries at
// once, so the software TLBs never allow more than the architecture does. They may forget more than hardware
// would: a guest that relies on stale translations being dropped is not caught, one that relies on them
// being kept does not exist.
#pragma once

#include <array>
#include <bitset>
#include <vector>

#include "abi/platform.h"
#include "model/core/exec/store_buffer.h"
#include "model/core/mmu.h"
#include "model/core/observer.h"
#include "model/core/page_walker.h"
#include "model/protection/protection.h"

namespace stile::model {

// Bytes of a page that a capability has opened.
struct OpenRange {
    uint64_t from = 0, to = 0;
    uint64_t addend = 0;  // as in SoftTlb
    bool write = false;
};

struct Context {
    static constexpr uint64_t no_key = ~0ull;
    uint64_t key = no_key;
    uint64_t last_selected = 0;
    // Entries that only a capability register may have allowed (at some time since the registers last
    // changed).
    std::vector<uint16_t> by_capability;
    std::bitset<soft_tlb_entries> capability_entry;
    // Entries of other domains' pages: what may hang on the APL cache. Those by capability are among them.
    std::vector<uint16_t> foreign;
    std::bitset<soft_tlb_entries> foreign_entry;
    // What small capabilities have opened: every access there comes to the slow path, which need not ask
    // again.
    std::array<OpenRange, 8> ranges{};
    unsigned next_range = 0;
    bool any_range = false;
    const OpenRange* range_of(uint64_t vaddr, unsigned bytes, bool write) const;
    void open_range(const OpenRange& range);
    void close_ranges();
    SoftTlb tlb;
    void clear();
    void drop_by_capability();
    void drop_foreign();
};

struct Mmu::Impl final : Protection::DcsMemory, Protection::AplMemory, Protection::Revocation {
    Impl(Mmu& mmu, CpuState& state, PhysicalMemory& memory, MmioPort& mmio, Protection& protection,
         MemLog& log);

    // --- accesses (mmu.cpp)
    struct Piece {  // the part of an access that lies on one page
        uint64_t vaddr = 0, paddr = 0;
        uint8_t* host = nullptr;  // null: not RAM
        unsigned bytes = 0;
    };
    bool resolve(uint64_t vaddr, unsigned bytes, Access access, Fault& fault, Piece piece[2], unsigned& n);
    bool in_open_range(Piece& piece, Access access);
    bool resolve_piece(Piece& piece, Access access, Fault& fault);
    void remember(const Piece& piece, Access access, Verdict verdict, bool foreign);
    bool read(uint64_t vaddr, void* out, unsigned bytes, Access access, Fault& fault, unsigned insn);
    bool write(uint64_t vaddr, const void* in, unsigned bytes, Access access, Fault& fault, unsigned insn);
    void store(const Piece& piece, const uint8_t* from, unsigned insn);
    void load(const Piece& piece, uint8_t* to, unsigned insn);
    void drain_stores() {
        if (mmu.store_buffer) mmu.store_buffer->drain();
    }

    // --- contexts (mmu_context.cpp)
    uint64_t context_key() const;
    void select(uint64_t key);
    void controls_changed();
    void drop_tlbs();  // every software TLB entry
    void drop_pcid(unsigned pcid);
    void drop_page(uint64_t vaddr);
    void drop_writes_to(uint64_t paddr);
    void drop_all_writes();
    uint64_t generation_of(unsigned pcid, unsigned ring);
    unsigned pcid() const { return state.cr4 & cr::CR4_PCIDE ? state.cr3 & 0xfff : 0; }
    // In whose name data is touched (abi/codoms.h).
    uint16_t domain() const { return state.cpl == 0 ? state.cd.saved_latch.tag : state.cd.latch.tag; }

    void drop_foreign();  // protection.stale

    // --- APL directory (mmu_fetch.cpp)
    bool read_word(uint64_t paddr, uint64_t& value) override;
    void walked(const AplWalk& walk) override;

    // --- fetch and domain capability stack (mmu_fetch.cpp)
    bool fetch(uint64_t vaddr, FetchPage& out, Fault& fault);
    bool push(uint64_t vaddr, const stile_cap& c, uint32_t flags, bool any_page, Fault& fault) override {
        return dcs_store(vaddr, c, flags, any_page, fault, 0);
    }
    bool read(uint64_t vaddr, stile_cap& c, uint32_t flags, bool any_page, Fault& fault) override {
        return dcs_load(vaddr, c, flags, any_page, fault, 0);
    }
    bool dcs_store(uint64_t vaddr, const stile_cap& c, uint32_t flags, bool any_page, Fault& fault,
                   unsigned insn);
    bool dcs_load(uint64_t vaddr, stile_cap& c, uint32_t flags, bool any_page, Fault& fault, unsigned insn);
    bool locate_dcs(uint64_t vaddr, Access access, uint32_t flags, bool any_page, Piece& piece, Fault& fault);

    // --- capabilities (mmu_capabilities.cpp)
    bool stands(unsigned reg, const stile_cap& c, bool any_page, uint64_t vaddr) override;
    void forget_counters();
    struct CounterWatch {
        uint64_t line = 0;  // physical address of the counter's cache line
        bool verified = false;
    };
    std::array<CounterWatch, STILE_CAP_REGS> watch{};
    Counters* counters = nullptr;
    bool remembers_capabilities = false;  // some context may hold an answer by capability

    bool is_code_page(uint64_t paddr) const {
        const uint64_t page = paddr >> 12;
        return page < code_pages.size() && code_pages[page];
    }

    Mmu& mmu;
    CpuState& state;
    PhysicalMemory& memory;
    MmioPort& mmio;
    Protection& protection;
    MemLog& log;
    PageWalker walker;

    static constexpr unsigned pool_size = 16;
    std::vector<Context> pool;
    Context* current = nullptr;
    uint64_t selections = 0;
    static constexpr unsigned hints = 64;
    std::array<uint8_t, hints> hint{};  // where a key was found last

    // Paging controls that the remembered answers were made under.
    uint64_t seen_cr0 = 0, seen_cr4 = 0, seen_efer = 0, seen_cd = 0;

    // 2 MiB regions in which some entry came from a large leaf (hashed: may err towards yes), so that INVLPG
    // of one of its addresses drops them all.
    std::bitset<1024> large_regions;
    static unsigned region_bit(uint64_t vaddr) { return (vaddr >> 21 ^ vaddr >> 31) & 1023; }

    // Fetch generations: one per (PCID, ring), renewed on the first use after a flush.
    struct Generation {
        uint64_t value = 0, epoch = 0;
    };
    std::vector<Generation> generations;
    uint64_t next_generation = 1, epoch = 1;

    struct FetchEntry {
        uint64_t generation = 0;
        FetchPage page;
    };
    static constexpr unsigned fetch_entries = 256;
    std::vector<FetchEntry> fetches;

    // The page of the domain capability stack touched last.
    struct DcsPage {
        uint64_t vpage = ~0ull, generation = 0;
        PageAttributes page;
        bool dirty = false;
    } dcs_page;

    std::vector<bool> code_pages;     // by physical page
    std::vector<bool> writable_seen;  // some software TLB may hold a write entry for this physical page
    Observer* watcher = nullptr;
    Core* watched_core = nullptr;
};

}  // namespace stile::model
