// SPDX-License-Identifier: Apache-2.0
//
// Does the out-of-order pipeline follow the formulas of its parameters, to the cycle?
#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using isa::OpClass;
using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;
using model::BranchKind;
using model::BranchOutcome;
using model::MachineConfig;
using model::MemKind;
using Uops = std::vector<isa::Uop>;
using Accesses = std::vector<Access>;

Cycles& latency(MachineConfig& c, OpClass cls) { return c.core.latency[static_cast<size_t>(cls)]; }
Cycles& throughput(MachineConfig& c, OpClass cls) { return c.core.throughput[static_cast<size_t>(cls)]; }

Uops repeat(unsigned n, isa::Uop u) { return Uops(n, u); }
Uops operator+(Uops a, const Uops& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
isa::Uop free_alu() { return uop(Op::movi8, RBX); }
// What n more micro-ops of a kind cost, far from the ends.
Cycles step(const MachineConfig& c, isa::Uop u, unsigned n = 60) {
    OooPipeline p(c);
    p.cost({free_alu()});  // the code's line
    const Cycles once = p.cost(repeat(60, u));
    return p.cost(repeat(60 + n, u)) - once;
}

isa::Uop chained(Op op) { return uop(op, RAX, RAX); }
isa::Uop load_to(uint8_t dst, uint8_t base = isa::ZERO) { return uop(Op::ld8, dst, base); }

// Every load of `n` loads at instructions 0 .. n-1 from lines `stride` bytes apart.
Accesses lines(unsigned n, uint64_t at, uint64_t stride) {
    Accesses a;
    for (unsigned i = 0; i < n; ++i) a.push_back({at + i * stride, 8, MemKind::load, i});
    return a;
}

TEST(Ooo, EveryMicroOpThatIsNotMicrocodeHasAPort) {
    for (unsigned i = 0; i < static_cast<unsigned>(Op::count); ++i) {
        isa::BlockCode code;
        code.uops = {uop(static_cast<Op>(i))};
        for (const model::OooUop& u : model::make_ooo_block(code, {}).uops) {
            if (u.kind > model::TimedUop::store) continue;
            EXPECT_NE(u.ports, 0) << isa::op_info(static_cast<Op>(i)).name;
        }
    }
}

TEST(Ooo, DependentChainTakesItsLatencies) {
    for (const Cycles lat : {1, 2, 5}) {
        MachineConfig c;
        latency(c, OpClass::alu) = lat;
        EXPECT_EQ(step(c, chained(Op::add8_ri)), 60 * lat);
    }
}

TEST(Ooo, IndependentMicroOpsFillTheirPorts) {
    EXPECT_EQ(step({}, free_alu()), 20u) << "p015: three a cycle";
    EXPECT_EQ(step({}, uop(Op::lea8, RBX)), 30u) << "p01";
    EXPECT_EQ(step({}, uop(Op::imul8_ri, RBX, RCX)), 60u) << "p1";
    MachineConfig c;
    c.core.ooo.ports[static_cast<size_t>(OpClass::alu)] = "p0123456789";
    EXPECT_EQ(step(c, free_alu()), 15u) << "bounded by the width of dispatch";
    c.core.ooo.width = 8;
    EXPECT_EQ(step(c, free_alu()), 15u) << "bounded by the width of retirement";
    c.core.ooo.retire = 6;
    EXPECT_EQ(step(c, free_alu()), 10u);
}

TEST(Ooo, APortIsTakenByTheOldestThatIsReadyAndOthersFillTheHoles) {
    // A multiply every five cycles of a chain leaves port 1 free in between.
    MachineConfig c;
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
    MachineConfig c;
    throughput(c, OpClass::div32) = 10;
    latency(c, OpClass::div32) = 24;
    isa::Uop divide = uop(Op::divsd, isa::XMM0, isa::XMM0 + 1, isa::XMM0 + 2);
    throughput(c, OpClass::fp_div) = 14;
    EXPECT_EQ(step(c, divide), 60u * 14);
}

TEST(Ooo, LoadsAreTwoACycleAndAChainTakesTheCachesLatency) {
    for (const Cycles l1 : {3, 4, 5}) {
        MachineConfig c;
        c.l1d.latency = l1;
        OooPipeline p(c);
        const auto cost = [&](unsigned n, isa::Uop u) {
            Accesses a;
            for (unsigned i = 0; i < n; ++i) a.push_back({0x5000, 8, MemKind::load, i});
            return p.cost(repeat(n, u), a);
        };
        cost(1, load_to(RBX));  // the line
        EXPECT_EQ(cost(40, load_to(RBX)) - cost(20, load_to(RBX)), 10u);
        EXPECT_EQ(cost(40, load_to(RAX, RAX)) - cost(20, load_to(RAX, RAX)), 20 * l1);
    }
}

TEST(Ooo, IndependentMissesOverlapUpToTheFillBuffers) {
    for (const unsigned buffers : {1u, 2u, 4u}) {
        MachineConfig c;
        c.core.fill_buffers = buffers;
        OooPipeline p(c);
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        const Cycles one = p.cost(repeat(1, load_to(RBX)), lines(1, 0x10000, 64));
        const Cycles eight = p.cost(repeat(8, load_to(RBX)), lines(8, 0x20000, 64));
        const Cycles rounds = 8 / buffers - 1;
        // Two loads issue a cycle: a round's last one is (buffers - 1) / 2 cycles later.
        EXPECT_EQ(eight - one, rounds * (p.lower.latency + c.l1d.latency) + (buffers - 1) / 2) << buffers;
    }
}

TEST(Ooo, MissesFurtherApartThanTheReorderBufferDoNotOverlap) {
    const auto cost = [](unsigned rob, unsigned between) {
        MachineConfig c;
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
        MachineConfig c;
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
        MachineConfig c;
        c.core.ooo.load_queue = entries;
        OooPipeline p(c);
        p.cost(repeat(1, load_to(RBX)), lines(1, 0x8000, 64));
        return p.cost(repeat(3, load_to(RBX)), lines(3, 0x20000, 64));
    };
    EXPECT_EQ(cost(3), cost(64));
    EXPECT_GT(cost(2), cost(64) + 90);
}

// A store to 0x5000 and a load that meets it.
class Forwarding : public testing::Test {
  protected:
    Cycles cost(OooPipeline& p, unsigned store_bytes, uint64_t load_at, unsigned load_bytes) {
        isa::Uop st = uop(Op::st8);
        st.c = RCX;
        isa::Uop use = uop(Op::add8_ri, RDX, RBX);
        return p.cost({st, load_to(RBX), use},
                      {{0x5000, store_bytes, MemKind::store, 0}, {load_at, load_bytes, MemKind::load, 1}});
    }
};

TEST_F(Forwarding, ALoadInsideTheStoreTakesTheForwardingLatency) {
    std::vector<Cycles> seen;
    for (const Cycles forward : {5, 6, 9}) {
        MachineConfig c;
        c.core.ooo.forward = forward;
        OooPipeline p(c);
        cost(p, 8, 0x5000, 8);
        cost(p, 8, 0x5000, 8);
        EXPECT_EQ(cost(p, 8, 0x5000, 8), cost(p, 8, 0x5004, 4));
        seen.push_back(cost(p, 8, 0x5000, 8));
    }
    EXPECT_EQ(seen[1] - seen[0], 1u);
    EXPECT_EQ(seen[2] - seen[0], 4u);
}

TEST_F(Forwarding, ALoadThatNeedsMoreThanTheStoreWaitsForTheCache) {
    OooPipeline p;
    cost(p, 8, 0x5000, 8);
    const Cycles hit = cost(p, 8, 0x5000, 8);
    const Cycles blocked = cost(p, 4, 0x5000, 8);
    EXPECT_GE(blocked, hit + p.config.core.ooo.forward_blocked - p.config.core.ooo.forward);
    MachineConfig c;
    c.core.ooo.forward_blocked += 7;
    OooPipeline slower(c);
    cost(slower, 8, 0x5000, 8);
    EXPECT_EQ(cost(slower, 4, 0x5000, 8), blocked + 7);
}

TEST_F(Forwarding, NeighboursAreNotMet) {
    OooPipeline p;
    cost(p, 8, 0x5008, 8);
    const Cycles cached = cost(p, 4, 0x5008, 8);
    EXPECT_EQ(cost(p, 4, 0x5004, 4), cached) << "the same word, other bytes";
}

TEST(Ooo, ALoadPassesAStoreOfUnknownAddressUntilThatWasWrong) {
    MachineConfig c;
    OooPipeline p(c);
    isa::Uop st = uop(Op::st8, isa::ZERO, RAX);  // its address is the result of a chain
    st.c = RCX;
    const Uops code =
        repeat(30, chained(Op::add8_ri)) + Uops{st, load_to(RBX)} + repeat(40, uop(Op::add8_ri, RBX, RBX));
    const Accesses apart{{0x5000, 8, MemKind::store, 30}, {0x5100, 8, MemKind::load, 31}};
    const Accesses meet{{0x5000, 8, MemKind::store, 30}, {0x5000, 8, MemKind::load, 31}};
    auto& block = p.make(code);
    const auto run = [&](const Accesses& a) {
        p.settle();
        return p.run(block, a).total;
    };
    run(apart);
    const Cycles passed = run(apart);
    const Cycles waited = passed + 30;
    EXPECT_LT(passed, 55u) << "two chains side by side";
    run(meet);  // found out after the fact
    const Cycles learnt = run(meet);
    EXPECT_NEAR(static_cast<double>(learnt), static_cast<double>(waited), 6) << "now it waits";
    EXPECT_GT(learnt, passed + 20);
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
        MachineConfig c;
        c.core.mispredict = penalty;
        OooPipeline p(c);
        for (int i = 0; i < 40; ++i) jump(p, true);
        const Cycles right = jump(p, true);
        EXPECT_LE(right, 1u);
        EXPECT_EQ(jump(p, false), penalty + 1 + c.core.latency[static_cast<size_t>(OpClass::alu)]);
    }
}

TEST(Ooo, SystemInstructionsWaitForAllAndStopAll) {
    OooPipeline p;
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    p.cost({free_alu()});
    const Cycles alone = p.cost({uop(Op::syscall)});
    EXPECT_EQ(p.cost({chained(Op::imul8_ri), chained(Op::imul8_ri), uop(Op::syscall)}),
              alone + 2 * lat(OpClass::mul));
    EXPECT_EQ(p.cost({uop(Op::syscall), free_alu()}), alone + 1 + lat(OpClass::alu));
}

TEST(Ooo, StoresRetireWithoutTheirLineUntilTheStoreBufferIsFull) {
    const auto cost = [](unsigned entries) {
        MachineConfig c;
        c.core.store_buffer = entries;
        OooPipeline p(c);
        isa::Uop st = uop(Op::st8);
        st.c = RCX;
        p.cost({free_alu()});
        return p.cost(repeat(4, st), {{0x10000, 8, MemKind::store, 0},
                                      {0x20000, 8, MemKind::store, 1},
                                      {0x30000, 8, MemKind::store, 2},
                                      {0x40000, 8, MemKind::store, 3}});
    };
    EXPECT_LT(cost(4), 20u);
    EXPECT_GT(cost(3), 100u) << "the fourth enters when the first is in the cache";
}

TEST(Ooo, CrossingCostsTheAplCacheLatency) {
    for (const Cycles apl : {0, 2, 5}) {
        MachineConfig c;
        c.apl_cache.latency = apl;
        OooPipeline p(c);
        p.cost({free_alu()});
        auto& b = p.make({free_alu()});
        p.run(b);
        p.settle();
        const Cycles none = p.run(b).total;
        p.settle();
        p.counters.domain_crossings += 2;
        EXPECT_EQ(p.run(b).total, none + 2 * apl);
    }
}

}  // namespace
}  // namespace stile::test
