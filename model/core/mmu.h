// SPDX-License-Identifier: Apache-2.0
//
// From virtual address to host memory. The architectural work (page walk, permissions, protection unit) is
// done once per page and remembered in a software TLB whose entry already says "allowed"; the execution
// engine tests one tag per access. Entries are kept apart by context: (PCID, ring, domain), because the
// answer depends on who asks. What the modelled TLBs cost is the timing model's affair, not this file's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/core/cpu_state.h"
#include "model/core/fault.h"
#include "model/core/mem_log.h"
#include "model/memory/physical_memory.h"

namespace stile::model {

class Protection;
class Observer;
class Core;
class StoreBuffer;
struct Counters;

// cap_read and cap_write are those of the instructions that load and store capabilities.
enum class Access : uint8_t { read, write, fetch, cap_read, cap_write };

// What a leaf page-table entry says, CODOMs bits included.
struct PageAttributes {
    uint64_t page_paddr = 0;  // of the 4 KiB page
    uint16_t tag = 0;
    uint8_t key = 0;  // of protection keys
    bool writable = false, user = false, executable = false;
    bool privileged = false, cap_storage = false;
    bool large = false;  // mapped by a 2 MiB entry
};

struct FetchPage {
    uint64_t vpage = ~0ull;
    const uint8_t* host = nullptr;  // first byte of the page
    PageAttributes page;
};

inline constexpr unsigned soft_tlb_entries = 512;
struct SoftTlb {
    // Tags are the page's virtual address, or `none`. Index by the page of the first byte, compare with the
    // page of the last: an access that leaves its page misses, so one test covers both.
    static constexpr uint64_t none = 1;
    struct alignas(32) Entry {  // a power of two: found by shift and mask
        uint64_t read = none, write = none;
        uint64_t addend = 0;  // host address = virtual address + addend
    };
    Entry e[soft_tlb_entries];
};

// What the core cannot reach in RAM: reads and writes of devices.
class MmioPort {
  public:
    virtual ~MmioPort() = default;
    virtual bool mmio_read(uint64_t paddr, void* out, unsigned bytes) = 0;  // false: nobody there
    virtual bool mmio_write(uint64_t paddr, const void* in, unsigned bytes) = 0;
};

class Mmu {
  public:
    Mmu(CpuState& state, PhysicalMemory& memory, MmioPort& mmio, Protection& protection, MemLog& log);
    ~Mmu();

    // The software TLB of the running context; valid until the next change of context.
    SoftTlb* soft = nullptr;

    // Whole accesses of any size up to 64 bytes and any alignment, devices included. On a fault nothing has
    // been read or written. They log their memory events for the timing model when the log is on.
    bool read(uint64_t vaddr, void* out, unsigned bytes, Fault& fault, unsigned insn,
              bool will_write = false);
    bool write(uint64_t vaddr, const void* in, unsigned bytes, Fault& fault, unsigned insn);

    // The same for cd.capld, cd.capst, cd.save and cd.restore: the memory must be capability storage, or a
    // supervisor page touched from ring 0.
    bool read_capability(uint64_t vaddr, void* out, unsigned bytes, Fault& fault, unsigned insn);
    bool write_capability(uint64_t vaddr, const void* in, unsigned bytes, Fault& fault, unsigned insn);

    // The domain capability stack: an entry at its pointer, the one below it. The pointer stays.
    bool push_capability(const stile_cap& c, bool any_page, Fault& fault, unsigned insn);
    bool read_top_capability(stile_cap& c, bool any_page, Fault& fault, unsigned insn);
    // cd.caprev: counts up the 8 aligned bytes at vaddr, unless they belong to a capability.
    bool revoke(uint64_t vaddr, bool check_cell, Fault& fault, unsigned insn, bool& in_capability);
    // Capability register `reg` := c. What was remembered because of it is forgotten.
    void set_capability(unsigned reg, const stile_cap& c);
    void capability_registers_loaded();  // all of them at once
    // A store to these bytes of a watched page, by anyone: is it to a revocation counter? Is there one left?
    void counter_stored(uint64_t paddr, unsigned bytes);
    bool watches_counter(uint64_t paddr) const;
    void (*on_watch)(void* arg, uint64_t paddr) = nullptr;  // arg: on_code_store_arg

    // Translation for a fetch: presence, NX, U/S, SMEP. No domain check.
    bool fetch(uint64_t vaddr, FetchPage& out, Fault& fault);

    // The pending transfer state.cd.latch arrives at vaddr in `target`: the protection unit's checks and
    // their effects (return capability pushed or popped). On success latch becomes {target tag, seq} and the
    // context follows it. Must be asked at every crossing: the answer has effects and is not to be
    // remembered.
    bool arrive(uint64_t vaddr, const FetchPage& target, uint64_t from_rip, Fault& fault);

    // Page walk without side effects on the TLBs; for observers and debuggers.
    bool probe(uint64_t vaddr, PageAttributes& out) const;
    bool probe_read(uint64_t vaddr, void* out, uint64_t bytes) const;

    // Call after any change of ring, CR0/CR4/EFER paging bits, current domain, saved latch, CD_CTL or PKRU, and
    // after cd.aplfill and cd.aplinv. A few nanoseconds when nothing changed or the context was seen lately.
    void context_changed();
    void capabilities_changed();  // drops what only a capability had allowed
    void load_cr3(
        uint64_t value);  // mov cr3 whole: sets state.cr3 without the no-flush bit, drops, re-selects
    void invlpg(uint64_t vaddr);
    void flush_all();

    // Accesses of ring 3 that came here because the software TLB did not answer.
    uint64_t slow_accesses = 0;

    // Every store takes the slow path and is reported.
    void watch_stores(Observer* observer, Core* core);
    bool watches_stores() const;
    // Pages whose stores must be seen because code was translated from them (self-modifying code).
    void protect_code_page(uint64_t paddr);
    void unprotect_code_page(uint64_t paddr);
    // Called with the physical range of each store into a protected page, before the store lands.
    void (*on_code_store)(void* arg, uint64_t paddr, unsigned bytes) = nullptr;
    void* on_code_store_arg = nullptr;

    // Plain stores of this core that are not in memory yet: drained before every access that comes here and
    // every page walk; null where there is none. before_store: one of them lands now.
    StoreBuffer* store_buffer = nullptr;
    void count_in(Counters* counters);
    void before_store(uint64_t paddr, unsigned bytes);

    // Names the set of fetch translations in force: one value per (address space, ring), a new one after
    // every flush. What was translated under a value holds whenever this value is current again.
    uint64_t fetch_generation() const { return fetch_generation_; }

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    uint64_t fetch_generation_ = 1;
};

}  // namespace stile::model
