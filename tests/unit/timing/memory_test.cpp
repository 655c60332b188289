// SPDX-License-Identifier: Apache-2.0
//
// Does memory cost what its parameters say: load-to-use, misses in flight, store buffer, string instructions?
#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using isa::RAX;
using isa::RBX;
using model::LineRequest;
using model::MachineConfig;
using model::MemKind;
using Uops = std::vector<isa::Uop>;

const Uops load_and_use{uop(Op::ld8, RAX, RBX), uop(Op::add8_ri, RBX, RAX)};

TEST(Loads, ToUseTakesTheLatencyOfTheLevelThatHits) {
    for (const Cycles l1d : {1, 4, 5}) {
        MachineConfig c;
        c.l1d.latency = l1d;
        Pipeline p(c);
        p.lower.latency = 37;
        EXPECT_EQ(p.cost(load_and_use, {{0x40}}), l1d + 37);
        EXPECT_EQ(p.cost(load_and_use, {{0x78}}), l1d) << "same line";
        EXPECT_EQ(p.counters.l1d_misses, 1u);
        EXPECT_EQ(p.counters.l1d_accesses, 2u);
    }
}

TEST(Loads, TlbLatencyAddsToEachOfThem) {
    MachineConfig c;
    c.dtlb.latency = 3;
    Pipeline p(c);
    p.cost(load_and_use, {{0x40}});
    EXPECT_EQ(p.cost(load_and_use, {{0x40}}), c.l1d.latency + 3);
}

TEST(Loads, AccessAcrossLinesNeedsBoth) {
    Pipeline p;
    p.lower.latency = 50;
    EXPECT_EQ(p.cost(load_and_use, {{0x3c}}), 1u + 4 + 50) << "the second half starts a cycle later";
    EXPECT_EQ(p.cost(load_and_use, {{0x3c}}), 1u + 4);
}

TEST(Loads, MissesOverlapUntilTheFillBuffersAreFull) {
    MachineConfig c;
    c.core.fill_buffers = 2;
    c.core.width = 4;
    Pipeline p(c);
    const Uops three{uop(Op::ld8, RAX), uop(Op::ld8, RAX), uop(Op::ld8, isa::RCX),
                     uop(Op::add8_ri, RBX, RAX)};
    EXPECT_EQ(p.cost(three, {{0x000}, {0x400, 8, MemKind::load, 1}, {0x400, 8, MemKind::load, 2}}), 104u)
        << "two at once";
    const Uops two_and_one{uop(Op::ld8, RBX), uop(Op::ld8, RBX), uop(Op::ld8, RAX),
                           uop(Op::add8_ri, RBX, RAX)};
    EXPECT_EQ(p.cost(two_and_one, {{0x800}, {0xc00, 8, MemKind::load, 1}, {0x1000, 8, MemKind::load, 2}}),
              208u)
        << "the third waits for a buffer";
}

TEST(Loads, HitOnALineUnderwayWaitsForIt) {
    Pipeline p;
    const Uops again{uop(Op::ld8, isa::RCX), uop(Op::ld8, RAX), uop(Op::add8_ri, RBX, RAX)};
    EXPECT_EQ(p.cost(again, {{0x40}, {0x48, 8, MemKind::load, 1}}), 104u);
}

TEST(Loads, MissDelaysItsFirstUseOnly) {
    Pipeline p;
    Uops u{uop(Op::ld8, RAX)};
    for (int i = 0; i < 8; ++i) u.push_back(uop(Op::movi8, isa::RCX));
    EXPECT_EQ(p.cost(u, {{0x40}}), 4u) << "nine micro-ops, two a cycle";
}

TEST(Stores, GoOnePerCycleAndNobodyWaitsForTheirLines) {
    Pipeline p;
    Uops u;
    std::vector<Access> a;
    for (unsigned i = 0; i < 10; ++i) {
        u.push_back(uop(Op::st8));
        a.push_back({0x1000 + i * 64, 8, MemKind::store, i});
    }
    EXPECT_EQ(p.cost(u, a), 9u);
    EXPECT_EQ(p.lower.seen.back().request, LineRequest::read_for_ownership);
}

TEST(Stores, FullBufferStopsThePipeline) {
    MachineConfig c;
    c.core.store_buffer = 2;
    Pipeline p(c);
    Uops u(3, uop(Op::st8));
    // The third finds room when the first, whose line is 104 cycles away, has been written.
    EXPECT_EQ(
        p.cost(u, {{0x40, 8, MemKind::store, 0}, {0x48, 8, MemKind::store, 1}, {0x50, 8, MemKind::store, 2}}),
        105u);
}

TEST(Stores, LockedInstructionWaitsForTheBuffer) {
    Pipeline p;
    const auto lock = p.config.core.latency[static_cast<size_t>(isa::OpClass::lock)];
    p.cost({uop(Op::ldl8, RAX)}, {{0x2000}});
    EXPECT_EQ(p.cost({uop(Op::ldl8, RAX)}, {{0x2000}}), lock + 1 + 4) << "its own access beside it";
    const Uops u{uop(Op::st8), uop(Op::ldl8, RAX)};
    EXPECT_EQ(p.cost(u, {{0x40, 8, MemKind::store, 0}, {0x2000, 8, MemKind::load, 1}}), 105 + lock + 1 + 4);
}

TEST(Stores, DirtyVictimsAreWrittenBack) {
    MachineConfig c;
    c.l1d = {64, 1, 64, 4};
    Pipeline p(c);
    p.cost({uop(Op::st8)}, {{0x40, 8, MemKind::store}});
    p.cost(load_and_use, {{0x80}});
    ASSERT_EQ(p.lower.seen.size(), 4u) << "and a line of code";
    EXPECT_EQ(p.lower.seen[2], (FlatMemory::Request{0x80, LineRequest::read}));
    EXPECT_EQ(p.lower.seen[3], (FlatMemory::Request{0x40, LineRequest::writeback}));
}

TEST(Strings, MoveSixteenBytesACycleAfterTheirStart) {
    Pipeline p;
    isa::Uop movs = uop(Op::movs);
    movs.aux = 1;
    movs.size = 1;
    const auto start = p.config.core.latency[static_cast<size_t>(isa::OpClass::string)];
    for (const unsigned bytes : {16u, 64u, 4096u}) {
        const std::vector<Access> both{{0x10000, bytes}, {0x20000, bytes, MemKind::store}};
        p.cost({movs}, both);
        EXPECT_EQ(p.cost({movs}, both), start + 4 + bytes / 16) << bytes;
    }
    EXPECT_EQ(p.cost({movs}), start) << "a count of zero";
}

TEST(Strings, MissesOverlapByTheConfiguredNumber) {
    for (const unsigned fills : {1u, 4u}) {
        MachineConfig c;
        c.core.string_fills = fills;
        Pipeline p(c);
        p.lower.latency = 26;
        isa::Uop stos = uop(Op::stos);
        stos.aux = 1;
        stos.size = 8;
        EXPECT_EQ(p.cost({stos}, {{0x10000, 4096, MemKind::store}}), 35u + 4096 / 16 + 64 * 26 / fills);
    }
}

TEST(Strings, FaultKeepsTheTimeOfWhatWasDone) {
    Pipeline p;
    isa::Uop movs = uop(Op::movs);
    movs.aux = 1;
    movs.size = 1;
    const std::vector<Access> first_page{{0x10000, 4096}, {0x20000, 4096, MemKind::store}};
    p.cost({movs}, first_page);
    auto& b = p.make({movs});
    p.settle();
    p.log.n = 0;
    for (const Access& a : first_page) p.log.add(a.vaddr, a.vaddr, a.bytes, a.kind, 0);
    EXPECT_EQ(p.timing.block({&b.code, &b.slot, b.address, b.address, 0, {}}, p.log).total, 4u + 4096 / 16);
}

TEST(Events, UseOfTheDomainCapabilityStackIsNotWaitedFor) {
    Pipeline p;
    p.settle();
    p.log.n = 0;
    p.log.add(0x3000, 0x3000, 16, MemKind::store, 0);
    EXPECT_EQ(p.timing.event(isa::OpClass::codoms, p.log).total, 0u);
    EXPECT_EQ(p.lower.seen.back(), (FlatMemory::Request{0x3000, LineRequest::read_for_ownership}));
}

TEST(Events, DeliveryStoresItsFrame) {
    Pipeline p;
    const auto deliver = [&p] {
        p.settle();
        p.log.add(0x3000, 0x3000, 40, MemKind::store, 0);
        return p.timing.event(isa::OpClass::sys_int, p.log).total;
    };
    deliver();
    EXPECT_EQ(deliver(), p.config.core.latency[static_cast<size_t>(isa::OpClass::sys_int)] + 3)
        << "40 bytes, 16 a cycle";
}

TEST(Events, AccessWithoutItsMicroOpDoesNotHideLaterOnes) {
    Pipeline p;
    const Uops u{uop(Op::movi8, RBX), uop(Op::ld8, RAX), uop(Op::add8_ri, RBX, RAX)};
    const std::vector<Access> a{{0x4000, 8, MemKind::store, 0}, {0x5000, 8, MemKind::load, 1}};
    p.cost(u, a);
    EXPECT_EQ(p.counters.l1d_misses, 2u);
    EXPECT_EQ(p.cost(u, a), 1u + 4) << "the store's cycle, then the load";
}

TEST(Devices, UncachedAccessWaitsForTheDevice) {
    Pipeline p;
    p.lower.latency = 60;
    EXPECT_EQ(p.cost(load_and_use, {{0xff00000000, 8, MemKind::mmio_load}}), 60u);
    EXPECT_EQ(p.lower.seen.back().request, LineRequest::mmio_read);
}

TEST(Fetch, MissCostsTheLevelBelowOnceALine) {
    Pipeline p;
    p.lower.latency = 30;
    auto& b = p.make({uop(Op::movi8, RAX)}, 0x5038);  // 16 bytes: two lines
    p.settle();
    EXPECT_EQ(p.run(b).total, 60u);
    EXPECT_EQ(p.counters.l1i_misses, 3u) << "one of them settle()'s";
    p.settle();
    EXPECT_EQ(p.run(b).total, 0u);
}

// A pointer chase over n lines: all of them hit from the second round on, or, one line more, none does.
TEST(Chase, SizeOfTheCacheIsWhereItsLatencyEnds) {
    MachineConfig c;
    c.l1d = {4096, 4, 64, 4};
    for (const unsigned lines : {64u, 80u}) {
        Pipeline p(c);
        auto& step = p.make({uop(Op::ld8, RAX, RAX)});
        const auto round = [&] {
            Cycles total = 0;
            for (unsigned i = 0; i < lines; ++i) total += p.run(step, {{0x10000 + i * 64}}).total;
            return total;
        };
        round();
        p.settle();
        // Each load issues when the one before it is done; the last one's time shows in the next round.
        EXPECT_EQ(round(), (lines - 1) * (lines == 64 ? 4u : 104u)) << lines;
    }
}

}  // namespace
}  // namespace stile::test
