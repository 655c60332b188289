// SPDX-License-Identifier: Apache-2.0
//
// Does issue follow the formulas of its parameters: width, latencies, units, predictions?
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
using Uops = std::vector<isa::Uop>;

Cycles& latency(MachineConfig& c, OpClass cls) { return c.core.latency[static_cast<size_t>(cls)]; }
Cycles& throughput(MachineConfig& c, OpClass cls) { return c.core.throughput[static_cast<size_t>(cls)]; }

// n micro-ops, each needing the one before, and one more that needs the last: it issues when all are done.
Uops chain(Op op, unsigned n) {
    Uops u(n, uop(op, RAX, RAX));
    u.push_back(uop(Op::add8_ri, RBX, RAX));
    return u;
}

TEST(Pipeline, DependentChainTakesItsLatencies) {
    for (const Cycles lat : {1, 2, 5}) {
        MachineConfig c;
        latency(c, OpClass::alu) = lat;
        Pipeline p(c);
        for (const unsigned n : {1u, 7u, 100u}) EXPECT_EQ(p.cost(chain(Op::add8_ri, n)), n * lat) << n;
    }
}

TEST(Pipeline, IndependentMicroOpsFillTheWidth) {
    for (const unsigned width : {1u, 2u, 4u}) {
        MachineConfig c;
        c.core.width = width;
        Pipeline p(c);
        for (const unsigned n : {1u, 8u, 9u, 64u})
            EXPECT_EQ(p.cost(Uops(n, uop(Op::movi8, RAX))), (n - 1) / width) << width << ' ' << n;
    }
}

TEST(Pipeline, UnitTakesTheNextOneWhenItIsFree) {
    MachineConfig c;
    throughput(c, OpClass::mul) = 1;
    Pipeline p(c);
    EXPECT_EQ(p.cost(Uops(10, uop(Op::imul8_ri, RAX, RBX))), 9u) << "one a cycle, although two could issue";
    throughput(c, OpClass::mul) = 3;
    Pipeline slow(c);
    EXPECT_EQ(slow.cost(Uops(10, uop(Op::imul8_ri, RAX, RBX))), 27u);
}

TEST(Pipeline, AllDividersAreOneUnit) {
    MachineConfig c;
    throughput(c, OpClass::div32) = 10;
    throughput(c, OpClass::fp_div) = 14;
    latency(c, OpClass::div32) = latency(c, OpClass::fp_div) = 1;
    Pipeline p(c);
    EXPECT_EQ(p.cost({uop(Op::div4, RAX, RBX), uop(Op::divsd, isa::XMM0, isa::XMM0, isa::XMM0 + 1)}), 10u);
}

TEST(Pipeline, FlagsAndHiddenRegistersAreDependencies) {
    MachineConfig c;
    latency(c, OpClass::alu) = 3;
    latency(c, OpClass::mul) = 7;
    Pipeline p(c);
    EXPECT_EQ(p.cost({uop(Op::cmp8_ri, isa::ZERO, RBX), uop(Op::setcc, RCX)}), 3u);
    EXPECT_EQ(p.cost({uop(Op::mulw8, RAX, RBX), uop(Op::add8_ri, RCX, RDX)}), 7u) << "upper half in rdx";
    EXPECT_EQ(p.cost({uop(Op::add8_ri, RAX, RAX), uop(Op::mulw8, RAX, RBX)}), 3u) << "rax is an operand";
}

TEST(Pipeline, ZeroIdiomWaitsForNothing) {
    MachineConfig c;
    latency(c, OpClass::mul) = 50;
    Pipeline p(c);
    EXPECT_EQ(p.cost({uop(Op::imul8_ri, RAX, RAX), uop(Op::xor4_rr, RAX, RAX, RAX)}), 0u);
    EXPECT_EQ(p.cost({uop(Op::imul8_ri, RAX, RAX), uop(Op::xor4_rr, RBX, RAX, RAX)}), 50u);
}

TEST(Pipeline, ResultsOnTheirWayDelayLaterBlocks) {
    Pipeline p;
    auto& produce = p.make({uop(Op::div8, RAX, RBX)});
    auto& use = p.make({uop(Op::add8_ri, RCX, RAX)});
    p.settle();
    EXPECT_EQ(p.run(produce).total, 0u);
    EXPECT_EQ(p.run(use).total, p.config.core.latency[static_cast<size_t>(OpClass::div64)]);
}

TEST(Pipeline, MarkersTakeNoTime) {
    Pipeline p;
    EXPECT_EQ(p.cost({uop(Op::movi8, RAX), uop(Op::nop), uop(Op::nop), uop(Op::nop), uop(Op::movi8, RBX)}),
              0u);
}

TEST(Pipeline, SystemInstructionsWaitForAllAndStopAll) {
    Pipeline p;
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    EXPECT_EQ(p.cost({uop(Op::syscall)}), lat(OpClass::sys_syscall));
    EXPECT_EQ(p.cost({uop(Op::div8, RAX, RBX), uop(Op::syscall)}),
              lat(OpClass::div64) + lat(OpClass::sys_syscall));
    EXPECT_EQ(p.cost({uop(Op::swapgs)}), lat(OpClass::sys_swapgs));
    EXPECT_EQ(p.cost({uop(Op::fence)}), lat(OpClass::lfence)) << "aux 0: lfence";
}

TEST(Pipeline, PkruIsWrittenAtOnceAndReadLikeARegister) {
    Pipeline p;
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    EXPECT_EQ(p.cost({uop(Op::wrpkru)}), lat(OpClass::sys_pkru_write));
    EXPECT_EQ(p.cost({uop(Op::wrpkru), uop(Op::wrpkru)}), 2 * lat(OpClass::sys_pkru_write));
    EXPECT_EQ(p.cost({uop(Op::rdpkru)}), lat(OpClass::sys_pkru_read));
    // Not serialising: a product that nobody reads goes on, one that makes the value is waited for.
    EXPECT_EQ(p.cost({uop(Op::imul8_ri, RBX, RBX), uop(Op::wrpkru)}), lat(OpClass::sys_pkru_write));
    EXPECT_EQ(p.cost({uop(Op::imul8_ri, RAX, RBX), uop(Op::wrpkru)}),
              lat(OpClass::mul) + lat(OpClass::sys_pkru_write));
}

TEST(Pipeline, OperandsMayDecideTheClass) {
    Pipeline p;
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    auto& b = p.make({uop(Op::nop), uop(Op::wrmsr)});
    const auto cost = [&](OpClass cls) {
        p.settle();
        if (cls != OpClass::none) p.timing.variant(1, cls);
        return p.run(b).total;
    };
    EXPECT_EQ(cost(OpClass::none), lat(OpClass::sys_msr_write));
    EXPECT_EQ(cost(OpClass::sys_apic_icr), lat(OpClass::sys_apic_icr));
    EXPECT_EQ(cost(OpClass::none), lat(OpClass::sys_msr_write)) << "said of one run of the block only";
    auto& divide = p.make({uop(Op::div8, RAX, RBX), uop(Op::add8_ri, RCX, RAX)});
    p.settle();
    p.timing.variant(0, OpClass::div_wide);
    EXPECT_EQ(p.run(divide).total, lat(OpClass::div_wide));
}

TEST(Pipeline, AccessToTheLocalApicDoesNotWaitForWhatIsOlder) {
    Pipeline p;
    const auto lat = [&p](OpClass cls) { return p.config.core.latency[static_cast<size_t>(cls)]; };
    auto& b = p.make({uop(Op::div8, RAX, RBX), uop(Op::wrmsr)});
    p.settle();
    EXPECT_EQ(p.run(b).total, lat(OpClass::div64) + lat(OpClass::sys_msr_write));
    p.settle();
    p.timing.variant(1, OpClass::sys_apic_write);
    EXPECT_EQ(p.run(b).total, lat(OpClass::sys_apic_write));
}

TEST(Pipeline, EventTakesItsClass) {
    Pipeline p;
    p.settle();
    p.log.n = 0;
    EXPECT_EQ(p.timing.event(OpClass::sys_int, p.log).total,
              p.config.core.latency[static_cast<size_t>(OpClass::sys_int)]);
}

class Branches : public testing::Test {
  protected:
    // A conditional branch at 0x1000, its prediction learnt as taken.
    void train(Pipeline& p) {
        for (int i = 0; i < 40; ++i) jump(p, true);
    }
    Cycles jump(Pipeline& p, bool taken) {
        auto& b = p.make({uop(Op::cmp_jcc8_ri, isa::ZERO, RAX)});
        p.settle();
        return p.run(b, {}, {BranchKind::conditional, taken, 0x1000, 0x1008, taken ? 0x1000u : 0x1008u})
            .total;
    }
};

TEST_F(Branches, MispredictCostsThePenaltyAfterTheBranchIsResolved) {
    for (const Cycles penalty : {3, 15, 16}) {
        MachineConfig c;
        c.core.mispredict = penalty;
        Pipeline p(c);
        train(p);
        EXPECT_EQ(jump(p, true), 0u);
        EXPECT_EQ(jump(p, false), penalty + c.core.latency[static_cast<size_t>(OpClass::branch)]);
        EXPECT_EQ(p.counters.branches, 42u);
    }
}

TEST_F(Branches, UnknownTargetOfADirectBranchCostsTheResteer) {
    MachineConfig c;
    c.core.resteer = 6;
    Pipeline p(c);
    auto& b = p.make({uop(Op::jmp)});
    p.settle();
    const BranchOutcome out{BranchKind::direct, true, 0x1000, 0x1002, 0x2000};
    EXPECT_EQ(p.run(b, {}, out).total, 6u);
    p.settle();
    EXPECT_EQ(p.run(b, {}, out).total, 0u);
}

TEST_F(Branches, TakenBranchEndsTheIssueGroup) {
    Pipeline p;
    auto& b = p.make({uop(Op::jmp)});
    const BranchOutcome out{BranchKind::direct, true, 0x1000, 0x1002, 0x1000};
    p.run(b, {}, out);
    p.settle();
    Cycles total = 0;
    for (int i = 0; i < 10; ++i) total += p.run(b, {}, out).total;
    EXPECT_EQ(total, 9u) << "one jump a cycle";
}

TEST_F(Branches, FetchLatencyShowsAtEveryRedirect) {
    for (const Cycles l1i : {0, 1, 3}) {
        MachineConfig c;
        c.l1i.latency = l1i;
        Pipeline p(c);
        train(p);
        EXPECT_EQ(jump(p, true), l1i);
        EXPECT_EQ(jump(p, false), l1i + c.core.mispredict + 1);
    }
}

TEST(Pipeline, CrossingWaitsForTheAplCacheBeyondTheFetch) {
    for (const Cycles l1i : {0, 3}) {
        for (const Cycles apl : {0, 2, 3, 5}) {
            MachineConfig c;
            c.l1i.latency = l1i;
            c.apl_cache.latency = apl;
            Pipeline p(c);
            p.cost({uop(Op::movi8, RAX)});
            p.counters.apl_transfer_lookups += 1;
            EXPECT_EQ(p.run(p.make({})).total, apl - std::min(apl, l1i));
            EXPECT_EQ(p.run(p.make({})).total, 0u) << "paid once";
        }
    }
}

TEST(Pipeline, CrossingsUnderAnotherModelAreNotCharged) {
    MachineConfig c;
    c.apl_cache.latency = 5;
    Pipeline p(c);
    p.cost({uop(Op::movi8, RAX)});
    p.counters.apl_transfer_lookups += 1000;
    p.timing.resume();
    EXPECT_EQ(p.cost({uop(Op::movi8, RAX)}), 0u);
}

TEST(Pipeline, ABlockCutShortByAFaultCostsWhatRan) {
    Pipeline p;
    auto& b = p.make(chain(Op::add8_ri, 20));
    p.settle();
    p.log.n = 0;
    const auto cost = p.timing.block({&b.code, &b.slot, b.address, b.address, 5, {}}, p.log);
    EXPECT_EQ(cost.total, 4u);
}

}  // namespace
}  // namespace stile::test
