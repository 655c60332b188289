// SPDX-License-Identifier: Apache-2.0
//
// A core's TLBs and its page walker, as a pipeline sees them: when is a translation there? Two first-level
// TLBs and a second level that instructions and data share. The TLBs forget at the end of the block whose
// instruction says so: block() hears of a block after all of it was executed.
// And when has the protection unit said yes? A TLB entry carries the page's domain tag; an access to a page
// of another domain than the one it is made for looks up the APL cache as soon as the translation is there.
// Own pages, which are nearly all, need no lookup and no time of the host.
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/core/mem_log.h"
#include "model/memory/physical_memory.h"
#include "model/timing/apl_ports.h"
#include "model/timing/data_path.h"
#include "model/timing/tlb.h"
#include "model/timing/walker.h"

namespace stile::model {

class Translation {
  public:
    // Paging follows state.cr0, cr3 and cr4 as they were at the last call of adopt().
    Translation(const MachineConfig& config, const PhysicalMemory& memory, DataPath& path,
                const CpuState& state, Counters& counters);

    struct Result {
        uint32_t extra = 0;  // cycles that the access waits for the first- or second-level TLB
        // From then until the APL cache's verdict, where that may come later than the data of a hit; else 0.
        uint32_t late = 0;
        Cycles done = 0;  // where a walk was needed, of the page tables or the APLs, when it is done; else 0
    };
    // An access at time t. Walks read the tables through the data cache at once.
    Result data(uint64_t vaddr, Cycles t) {
        if (vaddr >> 12 == data_page_ || !paging_) return {dtlb_latency_};
        if (dtlb_.last_used(vaddr, pcid_, by_)) {
            data_page_ = vaddr >> 12;
            return {dtlb_latency_};
        }
        return data_slow(vaddr, t);
    }
    Result fetch(uint64_t vaddr, Cycles t) {
        if (vaddr >> 12 == fetch_page_) return {};
        return fetch_slow(vaddr, t);
    }

    bool fetches_from(uint64_t vaddr) const { return vaddr >> 12 == fetch_page_; }

    // --- the APL cache
    // A block's accesses follow, or what the hardware does by itself, which is not checked.
    void begin_block(const MemLog& log) {
        if (const Accessor by = accessor(); by != by_) [[unlikely]]
            access_for(by);
        if (!log.walks.empty()) [[unlikely]]
            walks_ = &log.walks;
    }
    void begin_event() {
        if (by_ != Accessor{}) access_for({});
    }
    // When the verdict on a control transfer is there whose fetch begins at t.
    Cycles transfer(uint64_t lookups, Cycles t);
    // The walks that the accesses so far have not asked for: those of a transfer, of an access that was
    // refused or went to a device. From t on, one after the other; when they are done.
    Cycles other_walks(const MemLog& log, Cycles t);
    bool walks_left() const { return walks_ != nullptr; }

    void load_cr3(uint64_t value) { remember({Forget::context, value}); }
    void invlpg(uint64_t vaddr) { remember({Forget::page, vaddr}); }
    void flush() { remember({Forget::all, 0}); }
    // At the end of a block; adopts what the block changed.
    void forget() {
        if (!forget_.empty()) [[unlikely]]
            forget_now();
    }
    // At the end of an event, and at the start.
    void adopt();

  private:
    struct Forget {
        enum What : uint8_t { context, page, all } what;
        uint64_t value;
    };

    Result data_slow(uint64_t vaddr, Cycles t);
    Result fetch_slow(uint64_t vaddr, Cycles t);
    Result missed(Tlb& first, uint64_t vaddr, Cycles t, uint32_t latency, PageKind& kind);
    Result foreign(uint64_t vaddr, Cycles t, Result translated);
    unsigned origins(uint64_t vaddr, uint16_t domain) const;
    Cycles walk_for(uint64_t vaddr, Cycles t);
    Cycles walk(Cycles t);
    // In whose name the running block touches data (abi/codoms.h).
    Accessor accessor() const {
        if (!has_domains_ || !(state_.cd.control & 1)) return {};
        return {state_.cpl == 0 ? state_.cd.saved_latch.tag : state_.cd.latch.tag, 0xffff};
    }
    void access_for(Accessor by) {
        by_ = by;
        data_page_ = foreign_page_ = ~0ull;
    }
    void remember(Forget f);
    void forget_now();

    const uint32_t dtlb_latency_, stlb_latency_;
    const bool has_domains_;
    const Cycles apl_latency_, itlb_latency_;
    const Cycles hit_;  // of the data cache
    const CpuState& state_;
    Counters& counters_;
    Tlb itlb_, dtlb_, stlb_;
    Walker walker_;
    uint64_t cr3_ = 0;
    unsigned pcid_ = 0;
    bool paging_ = false, global_ = false;
    uint64_t fetch_page_ = ~0ull, data_page_ = ~0ull;
    std::vector<Forget> forget_;

    Accessor by_;
    uint64_t foreign_page_ = ~0ull;  // the last one, while it is the last used of its set
    uint16_t foreign_domain_ = 0;
    AplPorts apl_ports_;
    const std::vector<AplWalk>* walks_ = nullptr;  // of the running block, from next_walk_ on
    size_t next_walk_ = 0;
};

}  // namespace stile::model
