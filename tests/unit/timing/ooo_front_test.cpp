// SPDX-License-Identifier: Apache-2.0
//
// Does the out-of-order pipeline's front end deliver what its parameters say, to the cycle?
#include "tests/unit/timing/ooo_fixture.h"

namespace stile::test {
namespace {

// Ports and dispatch are not in the way.
MachineConfig wide_back() {
    MachineConfig c;
    c.core.ooo.ports[static_cast<size_t>(OpClass::alu)] = "p0123456789abcdef";
    c.core.ooo.ports[static_cast<size_t>(OpClass::branch)] = "p0123456789abcdef";
    c.core.ooo.width = c.core.ooo.retire = 16;
    return c;
}

TEST(OooFront, DecodersAreBoundedByBytesAndByInstructions) {
    const auto cost = [](unsigned length, unsigned bytes, unsigned width) {
        MachineConfig c = wide_back();
        c.core.ooo.uop_cache.entries = 0;
        c.core.ooo.fetch_bytes = bytes;
        c.core.ooo.decode_width = width;
        OooPipeline p(c);
        return again(p, spread(p.make(repeat(32, free_alu())), length));
    };
    EXPECT_EQ(cost(8, 16, 4), 16u) << "32 x 8 bytes, 16 a cycle";
    EXPECT_EQ(cost(8, 32, 4), 8u);
    EXPECT_EQ(cost(4, 16, 4), 8u) << "both";
    EXPECT_EQ(cost(2, 16, 4), 8u) << "32 instructions, 4 a cycle";
    EXPECT_EQ(cost(2, 16, 8), 4u);
}

TEST(OooFront, TheMicroOpCacheDeliversWhatItHolds) {
    const auto cost = [](unsigned windows, unsigned entries, unsigned width) {
        MachineConfig c = wide_back();
        c.core.ooo.uop_cache = {entries, 8, width};
        OooPipeline p(c);
        return again(p, spread(p.make(repeat(4 * windows, free_alu())), 8));  // four to a window
    };
    constexpr unsigned one_set = 6 * 8;
    EXPECT_EQ(cost(8, one_set, 4), 8u) << "eight lines in eight ways";
    EXPECT_EQ(cost(8, one_set, 8), 4u);
    EXPECT_EQ(cost(9, one_set, 4), 18u) << "the ninth line drives out the next to be used: all decoded";
    EXPECT_EQ(cost(9, 2 * one_set, 4), 9u);
}

TEST(OooFront, AWindowOfMoreThanThreeLinesIsDecodedEachTime) {
    const auto cost = [](unsigned insns) {
        MachineConfig c = wide_back();
        c.core.ooo.decode_width = 1;
        c.core.ooo.uop_cache.width = 1;
        c.core.ooo.fetch_bytes = 1;
        OooPipeline p(c);
        auto& b = spread(p.make(repeat(insns, free_alu())), 1);
        b.code.insns.back().length = 13;  // decoding takes twelve cycles more
        b.code.bytes = insns + 12;
        return again(p, b);
    };
    EXPECT_EQ(cost(18), 18u);
    EXPECT_EQ(cost(19), 19u + 12);
}

TEST(OooFront, ATakenBranchEndsTheCycleAndCostsABubbleOutsideOfShortLoops) {
    const auto cost = [](unsigned slots, unsigned queue, Cycles bubble) {
        MachineConfig c = wide_back();
        c.core.ooo.decode_queue = queue;
        c.core.ooo.taken_bubble = bubble;
        OooPipeline p(c);
        auto& b = p.make(repeat(slots - 1, free_alu()) + repeat(1, uop(Op::jmp)));
        return again(p, b, {BranchKind::direct, true, 0x1000 + slots - 1, 0x1000 + slots, 0x1000});
    };
    EXPECT_EQ(cost(1, 56, 1), 1u);
    EXPECT_EQ(cost(4, 56, 1), 1u);
    EXPECT_EQ(cost(5, 56, 1), 2u);
    EXPECT_EQ(cost(4, 4, 1), 1u) << "fits the queue";
    EXPECT_EQ(cost(4, 3, 1), 2u) << "does not";
    EXPECT_EQ(cost(4, 3, 2), 3u);
    EXPECT_EQ(cost(8, 7, 1), 2u) << "one branch in two cycles is no limit here";
}

TEST(OooFront, AfterAWrongPredictionDecodersTakeLonger) {
    const auto cost = [](unsigned entries, Cycles refill) {
        MachineConfig c;
        c.core.ooo.uop_cache.entries = entries;
        c.core.ooo.decode_refill = refill;
        OooPipeline p(c);
        auto& b = p.make({uop(Op::cmp_jcc8_ri, isa::ZERO, RAX)});
        auto& after = p.make({free_alu()}, 0x2000);
        const auto jump = [&](bool taken) {
            p.run(after);
            p.settle();
            p.run(b, {}, {BranchKind::conditional, taken, 0x1000, 0x1008, taken ? 0x2000u : 0x1008u});
            return p.run(after).total;
        };
        for (int i = 0; i < 40; ++i) jump(true);
        return jump(false);
    };
    const Cycles cached = cost(1536, 4);
    EXPECT_EQ(cost(1536, 9), cached);
    EXPECT_EQ(cost(0, 4), cached + 4);
    EXPECT_EQ(cost(0, 9), cached + 9);
}

TEST(OooFront, TheDecodeQueueHidesWhatTheFetchWaitsFor) {
    // A miss of the instruction cache while a chain keeps the pipeline busy.
    const auto cost = [](unsigned queue, Cycles miss) {
        MachineConfig c;
        c.core.ooo.decode_queue = queue;
        c.core.ooo.scheduler = 8;
        OooPipeline p(c);
        p.lower.latency = miss;
        auto& chain = p.make(repeat(40, uop(Op::imul8_ri, RAX, RAX)));
        auto& far = p.make({free_alu()}, 0x9000);
        for (int i = 0; i < 4; ++i) p.run(chain);
        p.settle();
        const Cycles first = p.run(chain).total;
        return first + p.run(far).total;
    };
    EXPECT_EQ(cost(56, 60), cost(56, 0));
    EXPECT_GT(cost(4, 60), cost(4, 0) + 15);
}

}  // namespace
}  // namespace stile::test
