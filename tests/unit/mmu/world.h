// SPDX-License-Identifier: Apache-2.0
//
// A small machine without a core: RAM, page tables built by hand, an Mmu and a protection unit.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "abi/platform.h"
#include "model/core/mmu.h"
#include "model/core/observer.h"
#include "model/core/page_walker.h"
#include "model/protection/codoms.h"

namespace stile::model::test {

struct Devices final : MmioPort {
    std::map<uint64_t, uint64_t> registers;
    bool mmio_read(uint64_t paddr, void* out, unsigned bytes) override {
        const auto it = registers.find(paddr);
        if (it == registers.end()) return false;
        std::memcpy(out, &it->second, bytes);
        return true;
    }
    bool mmio_write(uint64_t paddr, const void* in, unsigned bytes) override {
        uint64_t v = 0;
        std::memcpy(&v, in, bytes);
        registers[paddr] = v;
        return true;
    }
};

inline constexpr uint64_t PTE_RWU = pte::P | pte::W | pte::U;
inline constexpr uint64_t ram_bytes = 16 << 20;
inline constexpr uint64_t frames_at = 8 << 20;  // tables grow up from 4 KiB, data frames from here
inline constexpr uint64_t V = 0x400000;         // a page of programs

// Reads and writes through the Mmu as the execution engine does it: the software TLB first.
class World {
  public:
    explicit World(ProtectionKind kind = ProtectionKind::codoms, unsigned apl_entries = 32,
                   unsigned apl_ways = 32)
        : World(make_config(kind, apl_entries, apl_ways)) {}
    // `shared`: the memory of another one, whose page tables are in force; this is then its second core.
    explicit World(const MachineConfig& machine, PhysicalMemory* shared = nullptr)
        : own_memory(shared ? nullptr : std::make_unique<PhysicalMemory>(ram_bytes)),
          memory(shared ? *shared : *own_memory),
          config(machine),
          protection(make_protection(config, counters)) {
        state.cr0 = cr::CR0_PG | cr::CR0_WP | 1;
        state.cr4 = cr::CR4_PCIDE;
        state.efer = cr::EFER_NXE;
        state.cr3 = new_table();
        state.cpl = 3;
        mmu = std::make_unique<Mmu>(state, memory, devices, *protection, log);
    }

    uint64_t new_table() { return (next_table += page_bytes) - page_bytes; }
    uint64_t new_frame() { return (next_frame += page_bytes) - page_bytes; }

    uint64_t& entry(uint64_t paddr) { return *reinterpret_cast<uint64_t*>(memory.host(paddr)); }

    // Physical address of the table entry of vaddr at `level` (1: page, 4: top); makes tables down to there.
    uint64_t slot(uint64_t vaddr, unsigned level, uint64_t root = 0) {
        uint64_t table = (root ? root : state.cr3) & pte::address;
        for (unsigned l = 4;; --l) {
            const uint64_t at = table + ((vaddr >> (12 + 9 * (l - 1))) & 511) * 8;
            if (l == level) return at;
            if (!(entry(at) & pte::P)) entry(at) = new_table() | PTE_RWU;
            table = entry(at) & pte::address;
        }
    }
    void map(uint64_t vaddr, uint64_t paddr, uint64_t bits = PTE_RWU, uint64_t root = 0) {
        entry(slot(vaddr, 1, root)) = paddr | bits;
    }
    void map_large(uint64_t vaddr, uint64_t paddr, uint64_t bits = PTE_RWU) {
        entry(slot(vaddr, 2)) = paddr | bits | pte::PS;
    }
    // A fresh frame at vaddr; returns its physical address.
    uint64_t page(uint64_t vaddr, uint64_t bits = PTE_RWU) {
        const uint64_t frame = new_frame();
        map(vaddr, frame, bits);
        return frame;
    }

    bool load(uint64_t vaddr, uint64_t& value, unsigned bytes = 8) {
        value = 0;
        fault = {};
        const SoftTlb::Entry& e = mmu->soft->e[(vaddr >> 12) % soft_tlb_entries];
        if (e.read == ((vaddr + bytes - 1) & page_mask)) {
            ++soft_hits;
            std::memcpy(&value, reinterpret_cast<void*>(vaddr + e.addend), bytes);
            return true;
        }
        ++soft_misses;
        return mmu->read(vaddr, &value, bytes, fault, 0);
    }
    bool load(uint64_t vaddr) {
        uint64_t v;
        return load(vaddr, v);
    }
    bool store(uint64_t vaddr, uint64_t value = 0, unsigned bytes = 8) {
        fault = {};
        const SoftTlb::Entry& e = mmu->soft->e[(vaddr >> 12) % soft_tlb_entries];
        if (e.write == ((vaddr + bytes - 1) & page_mask)) {
            ++soft_hits;
            std::memcpy(reinterpret_cast<void*>(vaddr + e.addend), &value, bytes);
            return true;
        }
        ++soft_misses;
        return mmu->write(vaddr, &value, bytes, fault, 0);
    }
    bool fetch(uint64_t vaddr, FetchPage* out = nullptr) {
        FetchPage page;
        fault = {};
        const bool ok = mmu->fetch(vaddr, page, fault);
        if (out) *out = page;
        return ok;
    }
    void ring(unsigned cpl) {
        state.cpl = static_cast<uint8_t>(cpl);
        mmu->context_changed();
    }

    // --- domains
    Codoms& codoms() { return static_cast<Codoms&>(*protection); }
    void domains_on(uint16_t current) {
        state.cd.control = 1;
        state.cd.latch = {current, STILE_XFER_SEQ, 0};
        state.cd.saved_latch = state.cd.latch;
        mmu->context_changed();
    }
    // What a kernel does on a miss: the whole record of `tag`, from an APL kept in a plain map.
    std::map<std::pair<uint16_t, uint16_t>, unsigned> apl;
    void fill(uint16_t tag) {
        stile_apl_record r{};
        r.slot = static_cast<uint64_t>(protection->apl_victim());
        r.tag = tag;
        for (unsigned s = 0; s < config.apl_cache.entries; ++s) {
            const int64_t other = protection->apl_tag(s);
            if (other < 0) continue;
            const auto o = static_cast<uint16_t>(other);
            r.row[s / 32] |= static_cast<uint64_t>(right(tag, o)) << (s % 32 * 2);
            r.column[s / 32] |= static_cast<uint64_t>(right(o, tag)) << (s % 32 * 2);
        }
        protection->apl_fill(r);
        mmu->context_changed();
    }
    // The same APLs as a directory that the hardware walks (docs/codoms.md, 3).
    void directory() { state.cd.apl_root = new_table() | STILE_APL_ROOT_ON; }
    void write_directory(uint16_t from, uint16_t to, unsigned r) {
        const auto below = [this](uint64_t& e) {
            if (!(e & STILE_APL_PRESENT)) e = new_table() | STILE_APL_PRESENT;
            return e & pte::address;
        };
        const uint64_t second = below(entry((state.cd.apl_root & pte::address) + 8 * STILE_APL_INDEX1(from)));
        const uint64_t third = below(entry(second + 8 * STILE_APL_INDEX2(from, to)));
        uint64_t& word = entry(third + 8 * STILE_APL_WORD3(to));
        word = (word & ~(3ull << STILE_APL_SHIFT3(to))) | uint64_t{r} << STILE_APL_SHIFT3(to);
    }
    unsigned right(uint16_t from, uint16_t to) const {
        const auto it = apl.find({from, to});
        return it == apl.end() ? unsigned{STILE_RIGHT_NIL} : it->second;
    }
    bool transfer(stile_transfer kind, uint64_t to, uint64_t return_address = 0) {
        FetchPage target;
        if (!fetch(to, &target)) return false;
        state.cd.latch.kind = static_cast<uint8_t>(kind);
        state.cd.latch.return_address = return_address;
        return mmu->arrive(to, target, 0xabc, fault);
    }
    // Retries after each APL miss, as the kernel's handler makes the processor do.
    template <class F>
    bool with_refill(F access) {
        for (int i = 0; i < 12; ++i) {
            if (access()) return true;
            if (fault.vector != STILE_VEC_DOMAIN || STILE_CD_REASON(fault.error) != STILE_CD_APL_MISS)
                return false;
            fill(state.cd.fault_to);
        }
        ADD_FAILURE() << "the APL cache misses for ever";
        return false;
    }
    unsigned reason() const { return fault.vector == STILE_VEC_DOMAIN ? STILE_CD_REASON(fault.error) : 0; }
    // A capability of the first activation; `right` nil: none. It lends the rights of the page at its base,
    // or of `origin`.
    void cap(unsigned i, uint64_t base, uint64_t length, unsigned right) {
        PageAttributes page;
        mmu->probe(base, page);
        cap(i, base, length, right, page.tag);
    }
    void cap(unsigned i, uint64_t base, uint64_t length, unsigned right, uint16_t origin) {
        const auto type = right == STILE_RIGHT_NIL ? STILE_CAP_EMPTY : STILE_CAP_SYNC;
        state.cd.caps[i] = {base, length, 0, 0, STILE_CAP_WORD(origin, 0, right, type)};
        mmu->capabilities_changed();
    }
    // A domain capability stack of one page, `bits` beside present, writable, supervisor.
    void dcs(uint64_t vaddr, uint64_t bits = STILE_PTE_CAP_STORAGE, uint64_t bytes = page_bytes) {
        page(vaddr, pte::P | pte::W | bits);
        state.cd.dcs_base = state.cd.dcs_ptr = vaddr;
        state.cd.dcs_limit = vaddr + bytes;
    }

    static MachineConfig make_config(ProtectionKind kind, unsigned entries, unsigned ways) {
        MachineConfig c;
        c.protection = kind;
        c.apl_cache.entries = entries;
        c.apl_cache.ways = ways;
        return c;
    }

    std::unique_ptr<PhysicalMemory> own_memory;
    PhysicalMemory& memory;
    MachineConfig config;
    Counters counters;
    CpuState state;
    Devices devices;
    MemLog log;
    std::unique_ptr<Protection> protection;
    std::unique_ptr<Mmu> mmu;
    Fault fault;
    unsigned soft_hits = 0, soft_misses = 0;
    uint64_t next_table = page_bytes, next_frame = frames_at;
};

}  // namespace stile::model::test
