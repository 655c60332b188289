// SPDX-License-Identifier: Apache-2.0
//
// How long it took. The execution engine runs a block, then hands over what happened; the timing model says
// how many cycles passed. It never influences what happens, except through the clock.
#pragma once

#include <cstdint>
#include <vector>

#include "isa/uop.h"
#include "model/config.h"
#include "model/core/mem_log.h"
#include "model/timing/snoop.h"

namespace stile::model {

enum class BranchKind : uint8_t { none, direct, conditional, call, indirect, indirect_call, ret };

struct BranchOutcome {
    BranchKind kind = BranchKind::none;
    bool taken = false;
    uint64_t from = 0;    // virtual address of the branch
    uint64_t next = 0;    // of the instruction after it
    uint64_t target = 0;  // where control went
};

struct BlockRun {
    const isa::BlockCode* code = nullptr;
    void** slot =
        nullptr;  // one pointer per block for the timing model's own precomputed form; freed by release()
    uint64_t vaddr = 0, paddr = 0;
    unsigned uops_done = 0;  // fewer than all when it ended in a fault
    BranchOutcome branch;
};

struct BlockCost {
    Cycles total = 0;
    Cycles refill = 0;  // of them, page walks
};

class Timing {
  public:
    virtual ~Timing() = default;
    virtual BlockCost block(const BlockRun& run, const MemLog& log) = 0;
    // Work done by the hardware itself outside any block: exception delivery, interrupt delivery, memory
    // events in `log` with no instruction (pushes of the frame, descriptor reads).
    virtual BlockCost event(isa::OpClass cls, const MemLog& log) = 0;
    virtual void release(void* slot) {}
    // Translations that the modelled TLBs must forget. Called while the instruction that says so executes,
    // before block() hears of its block.
    virtual void load_cr3(uint64_t value) {}
    virtual void invlpg(uint64_t vaddr) {}
    virtual void flush_tlbs() {}
    // The directory's question to the first-level caches.
    virtual SnoopReply snoop(uint64_t paddr, Snoop what) { return {}; }
    // The core ran without this model for a while and now comes back to it.
    virtual void resume() {}
    // A micro-op of the running block turned out to be of this class, which its operands decide: a return to
    // the same ring, a register of the local APIC, a wide dividend. For block(), which forgets it.
    void variant(unsigned uop, isa::OpClass cls) { variants_.push_back({uop, cls}); }
    // How long after the end of the last block until its last store is in the cache, where other cores can
    // see it.
    virtual Cycles stores_drained() const { return 0; }

  protected:
    struct Variant {
        unsigned uop;
        isa::OpClass cls;
    };
    // `block` (TimedBlock or OooBlock) with its variants, which are forgotten.
    template <class Block>
    Block varied(const Block& block, const CoreConfig& config, unsigned slot_bits) {
        Block copy = block;
        for (const Variant& v : variants_)
            for (auto& u : copy.uops)
                if (u.uop == v.uop) vary(u, v.cls, config, slot_bits);
        variants_.clear();
        return copy;
    }
    std::vector<Variant> variants_;
};

}  // namespace stile::model
