// SPDX-License-Identifier: Apache-2.0
//
// An out-of-order pipeline, by events: for each micro-op, in program order, the cycles in which it is
// dispatched, issues, completes and retires. Nothing is stepped from cycle to cycle; what limits a micro-op
// is looked up in what earlier ones left behind:
//   dispatch  `width` a cycle, when the front end has it, and the reorder buffer, the scheduler and the load
//             queue or store buffer have room
//   issue     when its sources are ready, at the first cycle that has one of its ports free
//   complete  after its latency; loads when the cache or an older store has the data
//   retire    in order, `retire` a cycle; this is the clock that the rest of the machine sees
// Loads pass older stores whose addresses are not known, unless the same load was wrong with that before.
// After a wrong prediction the front end goes on when the branch has executed; the wrong path is not fetched
// (our choice: it would touch caches too).
// ooo.cpp: the micro-op's way; ooo_memory.cpp: what waits for memory, and microcode; ooo_front.cpp: the front
// end.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/memory/physical_memory.h"
#include "model/timing/branch_predictor.h"
#include "model/timing/cache.h"
#include "model/timing/data_path.h"
#include "model/timing/issue_window.h"
#include "model/timing/lower_memory.h"
#include "model/timing/ooo_block.h"
#include "model/timing/store_queue.h"
#include "model/timing/supply.h"
#include "model/timing/timing.h"
#include "model/timing/translation.h"

namespace stile::model {

// When each of the last `entries` users left a structure that has so many places.
class LeaveRing {
  public:
    explicit LeaveRing(unsigned entries)
        : entries_(std::max(1u, entries)), mask_(std::bit_ceil(entries_) - 1), left_(mask_ + 1) {}
    Cycles room() const { return left_[(next_ - entries_) & mask_]; }
    // For all of the next n.
    Cycles room_for(unsigned n) const {
        return n <= entries_ ? left_[(next_ - entries_ + n - 1) & mask_] : ~0ull;
    }
    void add(Cycles leaves) { left_[next_++ & mask_] = leaves; }

  private:
    unsigned entries_, next_ = 0, mask_;
    std::vector<Cycles> left_;
};

class OooTiming final : public Timing {
  public:
    // state and counters are the core's; paging follows state.cr0, cr3 and cr4.
    OooTiming(const MachineConfig& config, const PhysicalMemory& memory, LowerMemory& lower,
              const CpuState& state, Counters& counters);

    BlockCost block(const BlockRun& run, const MemLog& log) override;
    BlockCost event(isa::OpClass cls, const MemLog& log) override;
    void release(void* slot) override;
    void load_cr3(uint64_t value) override { translation_.load_cr3(value); }
    void invlpg(uint64_t vaddr) override { translation_.invlpg(vaddr); }
    void flush_tlbs() override { translation_.flush(); }
    void resume() override { started_ = false; }
    SnoopReply snoop(uint64_t paddr, Snoop what) override;
    Cycles stores_drained() const override {
        return path_.drained() > retired_ ? path_.drained() - retired_ : 0;
    }

  private:
    // What a micro-op does once it has its operands.
    struct Done {
        Cycles complete = 0;
        Cycles walk = 0;  // of them, the page walk
    };

    template <bool crowded>
    void run_uops(const OooBlock& block, unsigned uops_done, const MemEvent*& event, const MemEvent* end);
    template <bool crowded>
    void step(const OooUop& u, const MemEvent*& event, const MemEvent* end);
    template <bool crowded>
    Cycles dispatch(const OooUop& u);
    bool room_for(const OooBlock& block) const;
    Cycles sources_ready(const OooUop& u, Cycles t) const;
    void finish(const OooUop& u, Cycles ready);
    void retire(const OooUop& u, Done done);
    void retire(Done done);
    Done load(const OooUop& u, Cycles issue, const MemEvent*& event, const MemEvent* end);
    Cycles load_data(const OooUop& u, const MemEvent& e, Cycles t);
    Cycles load_met(const OooUop& u, const MemEvent& e, Cycles t, StoreQueue::Meeting met);
    Cycles cached(const OooUop& u, const MemEvent& e, Cycles t);
    Done microcode(const OooUop& u, Cycles at, const MemEvent*& event, const MemEvent* end);
    void commit_stores(const OooUop& u, Cycles known, Cycles data, const MemEvent*& event,
                       const MemEvent* end);
    Done stream(const MemEvent* first, const MemEvent* end, unsigned element, Cycles t);
    Cycles device(const MemEvent& e, Cycles t);
    void fetch(const BlockRun& run, OooBlock& block);
    void supply(OooBlock& block);
    void redirect(const BlockRun& run);
    void wait_for_transfer();
    void domain_stack(const MemLog& log);
    void push(const MemEvent& e);
    void pop(const MemEvent& e);
    bool in_short_loop(const BranchOutcome& branch);
    void orphans(const OooUop& u, const MemEvent*& event, const MemEvent* end, Cycles t);
    void hold_front(Cycles t) { front_ = std::max(front_, t); }
    // Nothing is fetched before t.
    void restart(Cycles t) {
        hold_front(t);
        supply_.wait(t);
    }
    void begin();
    // The clock of retirement is the core's. Time that passed without this model (halted) is made up for.
    void keep_up() {
        if (counters_.cycles <= retired_) [[likely]]
            return;
        retired_ = counters_.cycles;
        restart(retired_);
    }
    BlockCost end(Cycles start);

    const CoreConfig config_;
    const Cycles itlb_latency_, l1i_latency_;
    const uint64_t line_bytes_;  // of the first-level data cache
    Counters& counters_;
    LowerMemory& lower_;

    Cache l1i_;
    DataPath path_;
    Translation translation_;
    BranchPredictor predictor_;
    const uint16_t store_address_ports_;
    IssueWindow window_;
    StoreQueue stores_, pushes_;  // pushes_: onto the domain capability stack

    Cycles front_ = 0;       // when the front end delivers the next micro-op
    Cycles front_walk_ = 0;  // of the wait for it, the page walk
    Cycles dispatched_ = 0;  // cycle of the last dispatch, and how many were dispatched in it
    unsigned in_group_ = 0;
    Cycles retired_ = 0;  // likewise of retirement
    unsigned retired_in_group_ = 0;
    Cycles barrier_ = 0;   // no load issues before
    Cycles resolved_ = 0;  // when the block's branch has executed
    Cycles refill_ = 0;    // page walks that retirement waited for, in the running block
    uint64_t block_vaddr_ = 0;
    LeaveRing rob_, loads_, branches_;
    LeaveRing integers_, vectors_;  // physical registers beyond the architectural ones
    std::array<Cycles, OOO_PLACES> ready_{};
    std::array<Cycles, static_cast<size_t>(isa::OpClass::count)> unit_free_{};

    bool started_ = false;
    uint64_t fetch_line_ = ~0ull;
    Supply supply_;
    UopCache uop_cache_;
    bool decoding_ = true;                    // the last micro-ops came from the decoders
    bool refilling_ = true;                   // the next ones are the first after a wrong prediction
    uint64_t slots_ = 0;                      // dispatched so far
    uint64_t loop_ = ~0ull, loop_slots_ = 0;  // where the last backward branch went, and slots_ then
    bool looping_ = false;
    uint64_t lookups_ = 0;  // for transfers, so far
    const OooUop push_, pop_;
};

}  // namespace stile::model
