// SPDX-License-Identifier: Apache-2.0
//
// An in-order pipeline as a scoreboard: micro-ops issue in program order, up to `width` a cycle, each as soon
// as its sources are ready and its unit is free. A load that misses does not stop the pipeline; the first use
// of its result does. Page walks, microcode and wrong predictions do stop it. There is one clock, that of
// issue; results still on their way when a block ends delay their users in later blocks.
#pragma once

#include <algorithm>
#include <array>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/memory/physical_memory.h"
#include "model/timing/branch_predictor.h"
#include "model/timing/cache.h"
#include "model/timing/data_path.h"
#include "model/timing/inorder_plan.h"
#include "model/timing/lower_memory.h"
#include "model/timing/timed_block.h"
#include "model/timing/timing.h"
#include "model/timing/translation.h"

namespace stile::model {

class InorderTiming final : public Timing {
  public:
    // state and counters are the core's; paging follows state.cr0, cr3 and cr4.
    InorderTiming(const MachineConfig& config, const PhysicalMemory& memory, LowerMemory& lower,
                  const CpuState& state, Counters& counters);

    BlockCost block(const BlockRun& run, const MemLog& log) override;
    BlockCost event(isa::OpClass cls, const MemLog& log) override;
    void release(void* slot) override;
    void load_cr3(uint64_t value) override { translation_.load_cr3(value); }
    void invlpg(uint64_t vaddr) override { translation_.invlpg(vaddr); }
    void flush_tlbs() override { translation_.flush(); }
    void resume() override { started_ = false; }
    SnoopReply snoop(uint64_t paddr, Snoop what) override;

  private:
    // Most blocks begin on the line on which the one before them ended.
    void fetch(uint64_t vaddr, uint64_t paddr, unsigned bytes) {
        if (l1i_.line_of(paddr) == fetch_line_ && l1i_.line_of(paddr + bytes - 1) == fetch_line_ &&
            translation_.fetches_from(vaddr)) [[likely]]
            return;
        fetch_anew(vaddr, paddr, bytes);
    }
    void fetch_anew(uint64_t vaddr, uint64_t paddr, unsigned bytes);
    void fetch_line(uint64_t line);
    bool go_as_planned(InorderBlock& block, const MemLog& log);
    bool find_plan(InorderBlock& block);
    void leave_plan(const InorderBlock& block, const Plan& plan, size_t access,
                    Translation::Result translated, Cycles answer, const MemLog& log);
    bool take_up(IssueSlots at);
    bool wait_in_state(IssueSlots at);
    void use_board();
    void issue_varied(const InorderBlock& block, unsigned uops_done, const MemLog& log);
    void issue_all(const TimedBlock& block, size_t from, unsigned uops_done, const MemLog& log,
                   const MemEvent* event);
    IssueSlots issue(const TimedUop& u, IssueSlots at, const MemEvent*& event, const MemEvent* end);
    void wait_until(Cycles t) { at_ = std::max(at_, t << slot_bits); }
    Cycles now() const { return at_ >> slot_bits; }
    void finish(const TimedUop& u, IssueSlots ready) {
        ready_[u.result[0]] = ready;
        ready_[u.result[1]] = ready;
        ready_[u.result[2]] = ready;
    }
    void slow(const TimedUop& u, const MemEvent*& event, const MemEvent* end);
    void unclaimed(uint8_t insn, const MemEvent*& event, const MemEvent* end);
    Cycles load(const MemEvent& e);
    Cycles load_from_device(const MemEvent& e);
    void store(const MemEvent& e);
    // What a data access waits for. There is one walker, and the pipeline waits for it.
    Translation::Result translate(uint64_t vaddr) {
        const Translation::Result r = translation_.data(vaddr, now());
        if (r.done) [[unlikely]]
            wait_for_walk(r.done);
        return r;
    }
    void wait_for_walk(Cycles done) {
        refill_ += done - now();
        wait_until(done);
    }
    Cycles stream(const MemEvent* first, const MemEvent* end, unsigned element);
    Cycles all_ready() const;
    void redirect(const BlockRun& run);
    void wait_for_transfer();
    void domain_stack(const MemLog& log);
    void begin();
    // This clock is the core's. Time that passed without this model (halted) is made up for.
    void keep_up() { wait_until(counters_.cycles); }
    BlockCost end(Cycles start) const { return {now() - start, refill_}; }

    const CoreConfig config_;
    const Cycles itlb_latency_, l1i_latency_;
    const IssueSlots fetch_slots_;  // from a taken branch to what it fetches
    const Cycles hit_;              // from the issue of a load to its data, if all goes well
    Counters& counters_;
    LowerMemory& lower_;

    Cache l1i_;
    DataPath path_;
    Translation translation_;
    BranchPredictor predictor_;

    IssueSlots at_ = 0;    // where the next micro-op may issue
    Cycles refill_ = 0;    // walks of the running block
    Cycles resolved_ = 0;  // when the block's branch knows where it goes

    // What is not ready at state_at_ is either in state_, or, where that is null, on the board.
    PipelineStates states_;
    const PipelineState* state_ = nullptr;
    IssueSlots state_at_ = 0;
    uint8_t edge_ = Plan::no_edge;  // of the plan before
    Scoreboard ready_{};            // when each place is, and each unit
    PlaceSet touched_;              // all that may not be ready
    IssueSlots last_load_ = 0;

    bool started_ = false;
    uint64_t fetch_line_ = ~0ull;
    uint64_t lookups_ = 0;  // for transfers, so far
};

}  // namespace stile::model
