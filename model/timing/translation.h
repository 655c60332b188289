// SPDX-License-Identifier: Apache-2.0
//
// A core's TLBs and its page walker, as a pipeline sees them: when is a translation there? Two first-level
// TLBs and a second level that instructions and data share. The TLBs forget at the end of the block whose
// instruction says so: block() hears of a block after all of it was executed.
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/memory/physical_memory.h"
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
        Cycles extra = 0;  // cycles that the access waits for the first- or second-level TLB
        Cycles done = 0;   // where a walk was needed, when it is done; else 0
    };
    // An access at time t. Walks read the tables through the data cache at once.
    Result data(uint64_t vaddr, Cycles t) {
        if (vaddr >> 12 == data_page_ || !paging_) return {dtlb_latency_, 0};
        if (dtlb_.last_used(vaddr, pcid_)) {
            data_page_ = vaddr >> 12;
            return {dtlb_latency_, 0};
        }
        return data_slow(vaddr, t);
    }
    Result fetch(uint64_t vaddr, Cycles t) {
        if (vaddr >> 12 == fetch_page_) return {};
        return fetch_slow(vaddr, t);
    }

    bool fetches_from(uint64_t vaddr) const { return vaddr >> 12 == fetch_page_; }

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
    Result missed(Tlb& first, uint64_t vaddr, Cycles t, Cycles latency);
    void remember(Forget f);
    void forget_now();

    const Cycles dtlb_latency_, stlb_latency_;
    const CpuState& state_;
    Counters& counters_;
    Tlb itlb_, dtlb_, stlb_;
    Walker walker_;
    uint64_t cr3_ = 0;
    unsigned pcid_ = 0;
    bool paging_ = false, global_ = false;
    uint64_t fetch_page_ = ~0ull, data_page_ = ~0ull;
    std::vector<Forget> forget_;
};

}  // namespace stile::model
