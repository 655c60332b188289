// SPDX-License-Identifier: Apache-2.0
//
// A pipeline on its own: blocks of hand-made micro-ops, hand-made memory events, and a lower memory of one
// latency that remembers what it was asked for.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <vector>

#include "model/timing/inorder.h"
#include "model/timing/ooo.h"

namespace stile::test {

using isa::Op;
using model::Cycles;

struct FlatMemory : model::LowerMemory {
    struct Request {
        uint64_t paddr;
        model::LineRequest request;
        bool operator==(const Request&) const = default;
    };
    Cycles latency = 100;
    std::vector<Request> seen;
    model::LineReply access(uint64_t paddr, unsigned, model::LineRequest request, Cycles) override {
        seen.push_back({paddr, request});
        return {request == model::LineRequest::writeback ? 0 : latency};
    }
};

inline isa::Uop uop(Op op, uint8_t dst = isa::ZERO, uint8_t a = isa::ZERO, uint8_t b = isa::ZERO) {
    isa::Uop u;
    u.op = op;
    u.dst = dst;
    u.a = a;
    u.b = b;
    return u;
}

struct Access {
    uint64_t vaddr;
    unsigned bytes = 8;
    model::MemKind kind = model::MemKind::load;
    unsigned insn = 0;
};

template <class Timing>
class PipelineOf {
  public:
    explicit PipelineOf(const model::MachineConfig& c = {})
        : config(with_settling(c)), memory(16 << 20), timing(config, memory, lower, state, counters) {}
    ~PipelineOf() {
        for (Block& b : blocks_) timing.release(b.slot);
    }

    // A block of its own for each list of micro-ops; one instruction per micro-op.
    struct Block {
        isa::BlockCode code;
        void* slot = nullptr;
        uint64_t address = 0x1000;
    };
    Block& make(std::vector<isa::Uop> uops, uint64_t address = 0x1000) {
        Block& b = blocks_.emplace_back();
        b.address = address;
        for (size_t i = 0; i < uops.size(); ++i) {
            uops[i].insn = static_cast<uint8_t>(i);
            b.code.insns.push_back({static_cast<uint16_t>(i), 1, static_cast<uint8_t>(i)});
        }
        b.code.uops = std::move(uops);
        b.code.bytes = 16;
        return b;
    }
    model::BlockCost run(Block& b, const std::vector<Access>& accesses = {},
                         model::BranchOutcome branch = {}) {
        log.n = 0;
        for (const Access& a : accesses) log.add(a.vaddr, a.vaddr, a.bytes, a.kind, a.insn);
        return timing.block(
            {&b.code, &b.slot, b.address, b.address, static_cast<unsigned>(b.code.uops.size()), branch}, log);
    }
    // Cycles of a block, its code being in the cache and the pipeline empty.
    Cycles cost(const std::vector<isa::Uop>& uops, const std::vector<Access>& accesses = {}) {
        settle();
        return run(make(uops), accesses).total;
    }
    // Everything that is on its way arrives; the next micro-op issues in a cycle of its own.
    void settle() {
        if (!nothing_) nothing_ = &make({});
        run(*nothing_);
        log.n = 0;
        timing.event(isa::OpClass::none, log);
    }

    model::MachineConfig config;
    model::PhysicalMemory memory;
    FlatMemory lower;
    model::CpuState state;
    model::Counters counters;
    model::MemLog log;
    Timing timing;

  private:
    // settle() raises an event of class `none`, whose one cycle ends the issue group.
    static model::MachineConfig with_settling(model::MachineConfig c) {
        c.core.latency[0] = 1;
        c.l1d_prefetch = {false, false};
        return c;
    }

    std::deque<Block> blocks_;
    Block* nothing_ = nullptr;
};

using Pipeline = PipelineOf<model::InorderTiming>;
using OooPipeline = PipelineOf<model::OooTiming>;

}  // namespace stile::test
