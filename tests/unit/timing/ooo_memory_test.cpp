// SPDX-License-Identifier: Apache-2.0
//
// Do the out-of-order pipeline's loads and stores take what the parameters say, to the cycle?
#include "tests/unit/timing/ooo_fixture.h"

namespace stile::test {
namespace {

TEST(Ooo, LoadsAreTwoACycleAndAChainTakesTheCachesLatency) {
    for (const Cycles l1 : {3, 4, 5}) {
        MachineConfig c = wide_front();
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
        MachineConfig c = wide_front();
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
        MachineConfig c = wide_front();
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
    OooPipeline p(wide_front());
    cost(p, 8, 0x5000, 8);
    const Cycles hit = cost(p, 8, 0x5000, 8);
    const Cycles blocked = cost(p, 4, 0x5000, 8);
    EXPECT_GE(blocked, hit + p.config.core.ooo.forward_blocked - p.config.core.ooo.forward);
    MachineConfig c = wide_front();
    c.core.ooo.forward_blocked += 7;
    OooPipeline slower(c);
    cost(slower, 8, 0x5000, 8);
    EXPECT_EQ(cost(slower, 4, 0x5000, 8), blocked + 7);
}

TEST_F(Forwarding, NeighboursAreNotMet) {
    OooPipeline p(wide_front());
    cost(p, 8, 0x5008, 8);
    const Cycles cached = cost(p, 4, 0x5008, 8);
    EXPECT_EQ(cost(p, 4, 0x5004, 4), cached) << "the same word, other bytes";
}

TEST(Ooo, ALoadPassesAStoreOfUnknownAddressUntilThatWasWrong) {
    MachineConfig c = wide_front();
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

TEST(Ooo, StoresRetireWithoutTheirLineUntilTheStoreBufferIsFull) {
    const auto cost = [](unsigned entries) {
        MachineConfig c = wide_front();
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

TEST_F(Forwarding, AChainThroughMemoryTakesTheForwardingLatencyEachTime) {
    const Uops body{store_of(RAX), load_to(RAX)};
    const Accesses accesses{{0x5000, 8, MemKind::store, 0}, {0x5000, 8, MemKind::load, 1}};
    EXPECT_EQ(round(wide_front(), body, accesses), 5u) << "osaca: 5";
    isa::Uop vector_store = uop(Op::vst16a), vector_load = uop(Op::vld16a, isa::XMM0);
    vector_store.c = isa::XMM0;
    EXPECT_EQ(round(wide_front(), {vector_store, vector_load},
                    {{0x5000, 16, MemKind::store, 0}, {0x5000, 16, MemKind::load, 1}}),
              6u)
        << "osaca: 6";
}

TEST_F(Forwarding, AStoreOfAnotherPageIsMetByMistakeButHidesNone) {
    MachineConfig c = wide_front();
    OooPipeline p(c);
    const auto cost = [&p](uint64_t first, uint64_t second, uint64_t from) {
        const Uops code{store_of(RCX), store_of(RCX), load_to(RBX), uop(Op::add8_ri, RDX, RBX)};
        return p.cost(
            code,
            {{first, 8, MemKind::store, 0}, {second, 8, MemKind::store, 1}, {from, 8, MemKind::load, 2}});
    };
    for (const uint64_t line : {0x5000, 0x6000, 0x7000, 0x7040}) cost(line, line, line);
    const Cycles apart = cost(0x5000, 0x6000, 0x7040);
    EXPECT_EQ(cost(0x5000, 0x6000, 0x7000), apart + c.core.ooo.alias);
    EXPECT_EQ(cost(0x5000, 0x6000, 0x7008), apart) << "other bytes of the page";
    EXPECT_EQ(cost(0x5000, 0x6000, 0x5000), cost(0x5000, 0x6040, 0x5000)) << "the older one is found";
}

TEST(OooLoads, AddressesOfSeveralPartsAndVectorsTakeLonger) {
    const MachineConfig c = wide_front();
    const Accesses at{{0x5000, 8, MemKind::load, 0}};
    isa::Uop load = load_to(RAX, RAX);
    EXPECT_EQ(round(c, {load}, at), c.l1d.latency);
    load.disp = 2047;
    EXPECT_EQ(round(c, {load}, at), c.l1d.latency);
    load.disp = 2048;
    EXPECT_EQ(round(c, {load}, at), c.l1d.latency + c.core.ooo.complex_address);
    load.disp = 0;
    load.b = RCX;
    EXPECT_EQ(round(c, {load}, at), c.l1d.latency + c.core.ooo.complex_address);
    // Through a vector register and back.
    MachineConfig v = c;
    latency(v, OpClass::vec_to_int) = 2;
    EXPECT_EQ(round(v, {uop(Op::vld8, isa::XMM0, RAX), uop(Op::vtog8, RAX, isa::XMM0)}, at),
              c.l1d.latency + c.core.ooo.vector_load + 2);
}

TEST(OooLoads, AcrossTwoLinesOrPagesTheSecondOneIsLater) {
    const MachineConfig c = wide_front();
    const Uops chain{load_to(RAX, RAX)};
    EXPECT_EQ(round(c, chain, {{0x5038, 8, MemKind::load, 0}}), c.l1d.latency) << "up to the line's end";
    EXPECT_EQ(round(c, chain, {{0x5039, 8, MemKind::load, 0}}), c.l1d.latency + c.core.ooo.line_split);
    EXPECT_EQ(round(c, chain, {{0x5ffc, 4, MemKind::load, 0}, {0x6000, 4, MemKind::load, 0}}),
              c.l1d.latency + c.core.ooo.page_split);
    // Each takes a load port twice.
    OooPipeline p(c);
    const auto cost = [&p](uint64_t at) {
        const Cycles few = p.cost(repeat(40, load_to(RBX)), lines(40, at, 0));
        return p.cost(repeat(200, load_to(RBX)), lines(200, at, 0)) - few;
    };
    cost(0x5039);
    EXPECT_EQ(cost(0x5038), 80u);
    EXPECT_NEAR(static_cast<double>(cost(0x5039)), 160, 4);
}

TEST(OooLoads, ALoadThatComputesTakesTheUnitOfItsClass) {
    MachineConfig c = wide_front();
    throughput(c, OpClass::fp_div) = 9;
    isa::Uop divide = uop(Op::fdiv_m, isa::X87);
    divide.c = isa::X87;
    latency(c, OpClass::fp_div) = 4;
    EXPECT_EQ(round(c, {divide}, {{0x5000, 8, MemKind::load, 0}}), 9u) << "not pipelined";
    latency(c, OpClass::fp_div) = 11;
    EXPECT_EQ(round(c, {divide}, {{0x5000, 8, MemKind::load, 0}}), 11u) << "chained by the x87 stack alone";
}

TEST(OooFences, OnlyMfenceWaitsForStoresToReachTheCache) {
    const auto cost = [](unsigned kind) {
        MachineConfig c = wide_front();
        latency(c, OpClass::fence) = 0;
        OooPipeline p(c);
        isa::Uop fence = uop(Op::fence);
        fence.aux = static_cast<uint8_t>(kind);
        p.cost({free_alu()});
        return p.cost({store_of(RCX), fence}, {{0x20000, 8, MemKind::store, 0}});
    };
    EXPECT_LT(cost(0), 10u) << "lfence";
    EXPECT_LT(cost(2), 10u) << "sfence";
    EXPECT_GT(cost(1), 100u) << "mfence";
}

// Never speculative, and nothing younger runs ahead of it; stores need not be in the cache (Intel SDM vol. 2,
// WRPKRU).
TEST(OooFences, ARightsRegisterIsWrittenInOrder) {
    MachineConfig c = wide_front();
    latency(c, OpClass::sys_pkru_write) = 23;
    OooPipeline p(c);
    p.cost({free_alu()});
    const isa::Uop write = uop(Op::wrpkru);
    EXPECT_LT(p.cost({store_of(RBX), write}, {{0x20000, 8, MemKind::store, 0}}), 23u + 10);
    const Cycles one = p.cost({write}), two = p.cost({write, write});
    EXPECT_GE(one, 23u);
    EXPECT_GE(two - one, 23u);
    // Independent chains before and behind it, which would otherwise run side by side.
    const Uops chain = repeat(40, uop(Op::imul8_ri, RBX, RBX));
    const Uops other = repeat(40, uop(Op::imul8_ri, RDX, RDX));
    const Cycles mixed = p.cost(chain + other), apart = p.cost(chain + Uops{write} + other);
    EXPECT_GE(apart, mixed + 60u);
}

}  // namespace
}  // namespace stile::test
