// SPDX-License-Identifier: Apache-2.0
//
// Does the out-of-order pipeline follow the formulas of its parameters, to the cycle?
#include "tests/unit/timing/ooo_fixture.h"

namespace stile::test {
namespace {

TEST(Ooo, EveryMicroOpThatIsNotMicrocodeHasAPort) {
    for (unsigned i = 0; i < static_cast<unsigned>(Op::count); ++i) {
        isa::BlockCode code;
        code.uops = {uop(static_cast<Op>(i))};
        code.insns.push_back({0, 1, 0});
        for (const model::OooUop& u : model::make_ooo_block(code, {}, 0).uops) {
            if (u.kind > model::OooUop::store) continue;
            EXPECT_NE(u.ports, 0) << isa::op_info(static_cast<Op>(i)).name;
        }
    }
}

TEST(Ooo, DependentChainTakesItsLatencies) {
    for (const Cycles lat : {1, 2, 5}) {
        MachineConfig c = wide_front();
        latency(c, OpClass::alu) = lat;
        EXPECT_EQ(step(c, chained(Op::add8_ri)), 60 * lat);
    }
}

TEST(Ooo, IndependentMicroOpsFillTheirPorts) {
    EXPECT_EQ(step(wide_front(), free_alu()), 20u) << "p015: three a cycle";
    EXPECT_EQ(step(wide_front(), uop(Op::lea8, RBX)), 30u) << "p01";
    EXPECT_EQ(step(wide_front(), uop(Op::imul8_ri, RBX, RCX)), 60u) << "p1";
    MachineConfig c = wide_front();
    c.core.ooo.ports[static_cast<size_t>(OpClass::alu)] = "p0123456789";
    EXPECT_EQ(step(c, free_alu()), 15u) << "bounded by the width of dispatch";
    c.core.ooo.width = 8;
    EXPECT_EQ(step(c, free_alu()), 15u) << "bounded by the width of retirement";
    c.core.ooo.retire = 6;
    EXPECT_EQ(step(c, free_alu()), 10u);
}

TEST(Ooo, APortIsTakenByTheOldestThatIsReadyAndOthersFillTheHoles) {
    // A multiply every five cycles of a chain leaves port 1 free in between.
    MachineConfig c = wide_front();
    latency(c, OpClass::mul) = 5;
    OooPipeline p(c);
    Uops mixed, alone;
    for (int i = 0; i < 12; ++i) {
        alone.push_back(chained(Op::imul8_ri));
        mixed = mixed + repeat(1, chained(Op::imul8_ri)) + repeat(3, free_alu());
    }
    p.cost({free_alu()});
    EXPECT_EQ(p.cost(mixed), p.cost(alone)) << "the others hide behind the chain";
}

TEST(Ooo, UnpipelinedUnitTakesTheNextOneWhenItIsFree) {
    MachineConfig c = wide_front();
    throughput(c, OpClass::div32) = 10;
    latency(c, OpClass::div32) = 24;
    isa::Uop divide = uop(Op::divsd, isa::XMM0, isa::XMM0 + 1, isa::XMM0 + 2);
    throughput(c, OpClass::fp_div) = 14;
    EXPECT_EQ(step(c, divide), 60u * 14);
}

TEST(Ooo, MissesFurtherApartThanTheReorderBufferDoNotOverlap) {
    const auto cost = [](unsigned rob, unsigned between) {
        MachineConfig c = wide_front();
        c.core.ooo.rob = rob;
        OooPipeline p(c);
        const Uops code = repeat(1, load_to(RBX)) + repeat(between, free_alu()) + repeat(1, load_to(RCX));
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        return p.cost(code, {{0x20000}, {0x30000, 8, MemKind::load, between + 1}});
    };
    const Cycles overlapped = cost(64, 62);
    EXPECT_LT(overlapped, 140u);
    // One entry less, and the second load enters when the first retires: a whole miss later, less what of it
    // had passed before.
    EXPECT_GT(cost(63, 62), overlapped + 80);
    EXPECT_EQ(cost(128, 62), overlapped);
}

TEST(Ooo, AFullSchedulerStopsDispatch) {
    const auto cost = [](unsigned entries) {
        MachineConfig c = wide_front();
        c.core.ooo.scheduler = entries;
        OooPipeline p(c);
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        // Twenty that wait for a miss, then a second miss.
        const Uops code =
            repeat(1, load_to(RAX)) + repeat(20, uop(Op::add8_ri, RDX, RAX)) + repeat(1, load_to(RCX));
        return p.cost(code, {{0x20000}, {0x30000, 8, MemKind::load, 21}});
    };
    const Cycles overlapped = cost(54);
    EXPECT_EQ(cost(22), overlapped) << "room for all that wait and the load";
    EXPECT_GT(cost(20), overlapped + 80) << "the second load is not dispatched until the first is back";
}

TEST(Ooo, TheLoadQueueBoundsLoadsInFlight) {
    const auto cost = [](unsigned entries) {
        MachineConfig c = wide_front();
        c.core.ooo.load_queue = entries;
        OooPipeline p(c);
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        return p.cost(repeat(3, load_to(RBX)), lines(3, 0x20000, 64));
    };
    EXPECT_EQ(cost(3), cost(64));
    EXPECT_GT(cost(2), cost(64) + 90);
}

class OooBranches : public testing::Test {
  protected:
    Cycles jump(OooPipeline& p, bool taken) {
        auto& b = p.make({uop(Op::cmp_jcc8_ri, isa::ZERO, RAX)});
        auto& after = p.make({free_alu()});
        p.settle();
        p.run(b, {}, {BranchKind::conditional, taken, 0x1000, 0x1008, taken ? 0x1000u : 0x1008u});
        return p.run(after).total;
    }
};

TEST_F(OooBranches, MispredictCostsThePenaltyAfterTheBranchHasExecuted) {
    for (const Cycles penalty : {3, 15, 16}) {
        MachineConfig c = wide_front();
        c.core.mispredict = penalty;
        OooPipeline p(c);
        for (int i = 0; i < 40; ++i) jump(p, true);
        const Cycles right = jump(p, true);
        EXPECT_LE(right, 1u);
        EXPECT_EQ(jump(p, false), penalty + 1 + c.core.latency[static_cast<size_t>(OpClass::alu)]);
    }
}

TEST(Ooo, SystemInstructionsWaitForAllAndStopAll) {
    OooPipeline p(wide_front());
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    p.cost({free_alu()});
    const Cycles alone = p.cost({uop(Op::syscall)});
    EXPECT_EQ(p.cost({chained(Op::imul8_ri), chained(Op::imul8_ri), uop(Op::syscall)}),
              alone + 2 * lat(OpClass::mul));
    EXPECT_EQ(p.cost({uop(Op::syscall), free_alu()}), alone + 1 + lat(OpClass::alu));
}

// Its two lookups, through one port, began with the fetch.
TEST(Ooo, CrossingWaitsForTheAplCacheBeyondTheFetch) {
    for (const Cycles apl : {0, 2, 5}) {
        MachineConfig c = wide_front();
        c.apl_cache.latency = apl;
        c.apl_cache.ports = 1;
        OooPipeline p(c);
        p.cost({free_alu()});
        auto& b = p.make({free_alu()});
        p.run(b);
        p.settle();
        const Cycles none = p.run(b).total;
        p.settle();
        p.counters.apl_transfer_lookups += 2;
        EXPECT_EQ(p.run(b).total, none + 1 + apl);
        p.settle();
        EXPECT_EQ(p.run(b).total, none) << "paid once";
        EXPECT_EQ(p.counters.apl_port_stalls, 1u);
    }
}

TEST(OooRename, WhatIsDoneThereTakesASlotAndNoPort) {
    const MachineConfig c = wide_front();
    EXPECT_EQ(step(c, uop(Op::nop)), 15u) << "four a cycle";
    EXPECT_EQ(step(c, uop(Op::mark)), 0u) << "markers take no time";
    EXPECT_EQ(step(c, uop(Op::mov8, RAX, RBX)), 15u);
    EXPECT_EQ(step(c, uop(Op::xor8_rr, RAX, RAX, RAX)), 15u) << "a zero idiom";
    EXPECT_EQ(step(c, uop(Op::xor8_rr, RAX, RAX, RBX)), 60u) << "not one";
    EXPECT_EQ(round(c, {chained(Op::add8_ri), uop(Op::mov8, RBX, RAX), uop(Op::mov8, RAX, RBX)}), 1u)
        << "moves take no time of a chain";
    EXPECT_EQ(round(c, {chained(Op::add8_ri), uop(Op::mov2, RAX, RAX, RBX)}), 2u) << "parts of registers do";
}

TEST(OooRename, ClassesOfSeveralMicroOpsTakeSlotsAndPorts) {
    const MachineConfig c = wide_front();
    EXPECT_EQ(round(c, {chained(Op::adc8_ri)}), 2u);
    EXPECT_EQ(round(c, {uop(Op::shl8_rr, RAX, RBX, RCX), free_alu(), free_alu(), free_alu()}), 2u)
        << "three micro-ops and three more on p015";
    EXPECT_EQ(round(c, {chained(Op::bsf8)}), 3u);
    EXPECT_EQ(round(c, {uop(Op::imul8_ri, RAX, RAX)}), 3u);
    isa::Uop lea = uop(Op::lea8, RAX, RAX, RBX);
    EXPECT_EQ(round(c, {lea}), 1u);
    lea.disp = 8;
    EXPECT_EQ(round(c, {lea}), 3u) << "three parts";
}

TEST(OooRename, AComparisonOrCountFusesWithItsBranch) {
    const auto slots = [](Op op, unsigned cc) {
        isa::Uop jump = uop(Op::jcc);
        jump.aux = static_cast<uint8_t>(cc);
        jump.insn = 1;
        isa::BlockCode code;
        code.uops = {uop(op, RAX, RAX), jump};
        code.insns = {{0, 1, 0}, {1, 1, 1}};
        return model::make_ooo_block(code, {}, 0).slots;
    };
    constexpr unsigned overflow = 0, below = 2, equal = 4, sign = 8, less = 12;
    EXPECT_EQ(slots(Op::dec8, equal), 1u);
    EXPECT_EQ(slots(Op::dec8, less), 1u);
    EXPECT_EQ(slots(Op::dec8, below), 2u) << "inc and dec keep the carry";
    EXPECT_EQ(slots(Op::add8_ri, below), 1u);
    EXPECT_EQ(slots(Op::sub4_rr, sign), 2u);
    EXPECT_EQ(slots(Op::and4_ri, overflow), 1u);
    EXPECT_EQ(slots(Op::or8_ri, equal), 2u) << "does not fuse";
}

// A miss, `between` micro-ops, another miss: do the two overlap?
class OooInFlight : public testing::Test {
  protected:
    static bool overlap(const MachineConfig& c, unsigned between, isa::Uop u, isa::Uop last = load_to(RCX)) {
        OooPipeline p(c);
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        const Uops code = repeat(1, load_to(RBX)) + repeat(between, u) + repeat(1, last);
        return p.cost(code, {{0x20000}, {0x30000, 8, MemKind::load, between + 1}}) < 150;
    }
};

TEST_F(OooInFlight, PhysicalRegistersBoundResults) {
    MachineConfig c = wide_front();
    c.core.ooo.integer_registers = 16 + 30;
    // The two loads' results take one each.
    EXPECT_TRUE(overlap(c, 28, free_alu()));
    EXPECT_FALSE(overlap(c, 29, free_alu()));
    EXPECT_TRUE(overlap(c, 60, uop(Op::nop))) << "no result, no register";
    EXPECT_TRUE(overlap(c, 60, uop(Op::pand, isa::XMM0))) << "of the other file";
    c.core.ooo.vector_registers = 16 + 30;
    const isa::Uop vector_load = uop(Op::vld8, isa::XMM0 + 1);
    EXPECT_TRUE(overlap(c, 29, uop(Op::pand, isa::XMM0), vector_load));
    EXPECT_FALSE(overlap(c, 30, uop(Op::pand, isa::XMM0), vector_load));
}

TEST_F(OooInFlight, BranchesAreBounded) {
    MachineConfig c = wide_front();
    c.core.ooo.branches = 12;
    EXPECT_TRUE(overlap(c, 12, uop(Op::jmp)));
    EXPECT_FALSE(overlap(c, 13, uop(Op::jmp)));
}

// Little's law: n independent misses in flight at a time take latency / n each.
TEST(OooTheory, MemoryLevelParallelismIsTheReorderBufferOverTheDistance) {
    for (const unsigned distance : {20u, 40u, 80u}) {
        MachineConfig c = wide_front();
        c.core.ooo.rob = 160;
        c.core.ooo.integer_registers = 1000;
        c.core.fill_buffers = 64;
        c.core.ooo.scheduler = 1000;
        c.l1d_prefetch = {false, false};
        OooPipeline p(c);
        p.lower.latency = 1000;
        Cycles total = 0;
        uint64_t at = 0x20000;
        auto& block = p.make(repeat(1, load_to(RBX)) + repeat(distance - 1, uop(Op::nop)));
        for (unsigned i = 0; i < 80; ++i, at += 4096 + 64) {
            const Cycles cost = p.run(block, {{at}}).total;
            if (i >= 40) total += cost;
        }
        const double each = static_cast<double>(total) / 40, expected = 1004.0 / (160.0 / distance);
        EXPECT_NEAR(each, expected, expected / 10) << distance;
    }
}

TEST(OooTheory, ThroughputIsTheLeastOfWidthAndPorts) {
    struct Mix {
        unsigned alu, mul, nop;
    };
    for (const Mix m : {Mix{3, 1, 0}, Mix{4, 0, 4}, Mix{1, 2, 1}, Mix{2, 0, 10}, Mix{5, 1, 2}}) {
        Uops body;
        for (unsigned i = 0; i < 3; ++i)
            body = body + repeat(m.alu, free_alu()) + repeat(m.mul, uop(Op::imul8_ri, RBX, RCX)) +
                   repeat(m.nop, uop(Op::nop));
        OooPipeline p(wide_front());
        auto& block = p.make(body);
        Cycles total = 0;
        for (unsigned i = 0; i < 300; ++i) {
            const Cycles cost = p.run(block).total;
            if (i >= 100) total += cost;
        }
        const double all = 3.0 * (m.alu + m.mul + m.nop), ports = m.alu + m.mul;
        const double bound = std::max({all / 4, ports, 3.0 * m.mul});
        EXPECT_NEAR(static_cast<double>(total) / 200, bound, bound / 20) << m.alu << m.mul << m.nop;
    }
}

}  // namespace
}  // namespace stile::test
