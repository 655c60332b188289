// SPDX-License-Identifier: Apache-2.0
//
// Do plans of blocks change nothing? The same blocks in the same order, once with plans and once without: a
// block that is new each time has none.
#include <random>

#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using isa::Op;
using model::BranchKind;
using model::InorderBlock;

struct Step {
    size_t block;
    std::vector<Access> accesses;
    model::BranchOutcome branch;
};

class Plans : public testing::TestWithParam<unsigned> {
  protected:
    static model::MachineConfig small_machine(unsigned width) {
        model::MachineConfig c;
        c.core.width = width;
        c.core.store_buffer = 3;
        c.core.fill_buffers = 2;
        c.l1d = {2048, 2, 64, 4};
        c.l1i = {2048, 2, 64, 0};
        c.dtlb = {8, 2, 1, true, 2, 2};
        c.stlb = {16, 4, 7, false};
        return c;
    }
    // Virtual page n is physical page n; tables at 0x10000.
    static void map(Pipeline& p) {
        const auto put = [&p](uint64_t at, uint64_t value) { std::memcpy(p.memory.host(at), &value, 8); };
        put(0x10000, 0x11000 | 3);
        put(0x11000, 0x12000 | 3);
        put(0x12000, 0x13000 | 3);
        for (uint64_t n = 0; n < 512; ++n) put(0x13000 + n * 8, n << 12 | 3);
        p.state.cr3 = 0x10000;
        p.state.cr0 = 1ull << 31;
    }
    isa::Uop random_uop() {
        static constexpr Op ops[] = {Op::add8_ri, Op::add8_rr, Op::imul8_rr, Op::ld8,
                                     Op::ld8,     Op::st8,     Op::movi8,    Op::addsd,
                                     Op::div4,    Op::mulsd,   Op::lea8,     Op::adc8_rr};
        isa::Uop u = uop(ops[random_() % std::size(ops)]);
        const bool vector = u.op == Op::addsd || u.op == Op::mulsd;
        const auto reg = [&] {
            return static_cast<uint8_t>((vector ? isa::XMM0 : isa::RAX) + random_() % 6);
        };
        u.a = reg();
        if (isa::op_info(u.op).reads_b) u.b = reg();
        if (isa::op_info(u.op).reads_c) u.c = reg();
        if (isa::op_info(u.op).writes_dst) u.dst = reg();
        return u;
    }
    std::mt19937_64 random_{7};
};

TEST_P(Plans, ChangeNoCycle) {
    const model::MachineConfig config = small_machine(GetParam());
    Pipeline with(config), without(config);
    map(with);
    map(without);
    std::vector<std::vector<isa::Uop>> programs;
    std::vector<Pipeline::Block*> kept;
    for (unsigned i = 0; i < 20; ++i) {
        std::vector<isa::Uop> uops(1 + random_() % 8);
        for (isa::Uop& u : uops) u = random_uop();
        uops.push_back(uop(Op::jcc));
        programs.push_back(uops);
        kept.push_back(&with.make(uops, 0x1000 + 0x40 * i));
    }
    uint64_t cycles = 0, planned = 0;
    for (unsigned n = 0; n < 30'000; ++n) {
        const size_t b = random_() % 4 ? n / 50 % programs.size() : random_() % programs.size();
        std::vector<Access> accesses;
        for (size_t i = 0; i < programs[b].size(); ++i) {
            const isa::OpInfo& info = isa::op_info(programs[b][i].op);
            if (!info.load && !info.store) continue;
            // Mostly near; at times beyond the caches, across lines, to a device or missing.
            const uint64_t far = random_() % 16 == 0 ? random_() % 0x80000 : random_() % 0x300;
            const bool store = info.store;
            auto kind = store ? model::MemKind::store : model::MemKind::load;
            if (random_() % 512 == 0) kind = store ? model::MemKind::mmio_store : model::MemKind::mmio_load;
            if (random_() % 512 == 0) continue;
            accesses.push_back({0x20000 + far, 8, kind, static_cast<unsigned>(i)});
        }
        const bool taken = random_() % 3 != 0;
        const uint64_t from = kept[b]->address + 8;
        const model::BranchOutcome branch{BranchKind::conditional, taken, from, from + 8,
                                          taken ? 0x1000 : from + 8};
        auto& fresh = without.make(programs[b], kept[b]->address);
        const model::BlockCost expected = without.run(fresh, accesses, branch);
        const model::BlockCost got = with.run(*kept[b], accesses, branch);
        ASSERT_EQ(got.total, expected.total) << "block " << b << " in step " << n;
        ASSERT_EQ(got.refill, expected.refill) << "block " << b << " in step " << n;
        cycles += got.total;
        // Waits for all that is on its way.
        if (random_() % 16 == 0) {
            with.log.n = without.log.n = 0;
            const model::BlockCost waited = with.timing.event(isa::OpClass::sys_int, with.log);
            ASSERT_EQ(waited.total, without.timing.event(isa::OpClass::sys_int, without.log).total)
                << "after block " << b << " in step " << n;
            cycles += waited.total;
        }
        // The core's clock, which a pipeline follows.
        with.counters.cycles = without.counters.cycles = cycles;
    }
    for (Pipeline::Block* b : kept) planned += static_cast<InorderBlock*>(b->slot)->plans.size();
    EXPECT_GT(planned, 40u) << "plans were made at all";
    EXPECT_EQ(with.counters.l1d_misses, without.counters.l1d_misses);
    EXPECT_EQ(with.counters.stlb_misses, without.counters.stlb_misses);
    EXPECT_GT(with.counters.l1d_misses, 1000u);
    EXPECT_GT(with.counters.stlb_misses, 100u);
}

INSTANTIATE_TEST_SUITE_P(Widths, Plans, testing::Values(1u, 2u, 4u));

TEST(PlansOnce, ARunThatWaitsForAMissIsNotPlanned) {
    Pipeline p;
    auto& b = p.make({uop(Op::ld8, isa::RAX, isa::RBX), uop(Op::add8_ri, isa::RCX, isa::RAX)});
    for (int i = 0; i < 4; ++i) {
        p.settle();
        p.run(b, {{0x2000}});
    }
    p.settle();
    EXPECT_EQ(p.run(b, {{0x2000}}).total, 4u);
    p.settle();
    EXPECT_EQ(p.run(b, {{0x4000}}).total, 4u + p.lower.latency);
    p.settle();
    EXPECT_EQ(p.run(b, {{0x4000}}).total, 4u);
}

}  // namespace
}  // namespace stile::test
