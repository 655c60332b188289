// SPDX-License-Identifier: Apache-2.0
//
// One core of a machine with two, out of order, whose stores are in the cache when the test says so.
#pragma once

#include "model/core/core_impl.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

struct SetTiming : Timing {
    Cycles delay = 1'000'000;  // of the last store so far, from now
    BlockCost block(const BlockRun&, const MemLog&) override { return {10, 0}; }
    BlockCost event(isa::OpClass, const MemLog&) override { return {10, 0}; }
    Cycles stores_drained() const override { return delay; }
};

inline MachineConfig ooo_of_two(unsigned entries = 36) {
    MachineConfig c;
    c.cores = 2;
    c.core.model = CoreModel::ooo;
    c.core.store_buffer = entries;
    return c;
}

// The pages that the tests use have been touched, so that no page walk drains the buffer behind their backs.
class Tso : public testing::Test {
  protected:
    explicit Tso(unsigned entries = 36)
        : rig(ProtectionKind::none, std::make_unique<SetTiming>(), ooo_of_two(entries)) {
        touch_pages(rig);
    }
    static void touch_pages(Rig& rig);
    SetTiming& timing() { return static_cast<SetTiming&>(*rig.core->timing()); }
    StoreBuffer& buffer() { return *rig.core->impl().store_buffer; }
    unsigned waiting() { return buffer().size(); }
    uint64_t in_memory(uint64_t offset = 0) { return rig.at<uint64_t>(data_at + offset); }
    // Blocks of the code from code_at on, so many of them.
    void blocks(std::span<const uint8_t> code, unsigned n) {
        rig.load(code_at, code);
        step(n);
    }
    void step(unsigned n = 1) {
        for (; n > 0; --n) ASSERT_EQ(rig.core->run(rig.core->now() + 1), Stop::until) << rig.core->dump();
    }

    Rig rig;
};

}  // namespace stile::model::test
