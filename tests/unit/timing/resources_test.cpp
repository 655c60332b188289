// SPDX-License-Identifier: Apache-2.0
//
// Ports, miss registers and the directory: who waits, for whom, and exactly how long?
#include <gtest/gtest.h>

#include "model/timing/directory.h"
#include "model/timing/miss_registers.h"
#include "model/timing/slots.h"

namespace stile::model {
namespace {

TEST(Slots, ServeOneRequestPerInterval) {
    for (const Ticks interval : {1u, 3u, 1612u}) {
        Slots s(interval);
        for (Ticks i = 0; i < 100; ++i) EXPECT_EQ(s.take(10 * interval), (10 + i) * interval);
    }
}

TEST(Slots, IdleOnesServeAtOnce) {
    Slots s(10);
    EXPECT_EQ(s.take(107), 107u);
    EXPECT_EQ(s.take(107), 110u) << "the next slot begins";
    EXPECT_EQ(s.take(1003), 1003u);
}

TEST(Slots, EarlierRequestsFindGaps) {
    Slots s(10);
    EXPECT_EQ(s.take(100), 100u);
    EXPECT_EQ(s.take(50), 50u);
    EXPECT_EQ(s.take(90), 90u);
    EXPECT_EQ(s.take(90), 110u) << "90 and 100 are taken";
}

TEST(Slots, NoIntervalNoLimit) {
    Slots s(0);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(s.take(5), 5u);
}

TEST(MissRegisters, FullOnesMakeWait) {
    MissRegisters m(2);
    EXPECT_EQ(m.room(100), 100u);
    m.hold(1, 300);
    EXPECT_EQ(m.room(100), 100u);
    m.hold(2, 250);
    EXPECT_EQ(m.room(100), 250u);
    EXPECT_EQ(m.room(249), 250u);
    EXPECT_EQ(m.room(251), 251u);
    m.hold(3, 400);
    EXPECT_EQ(m.room(100), 300u) << "the other entry";
}

TEST(MissRegisters, RequestsForTheSameLineShareItsArrival) {
    MissRegisters m(4);
    m.hold(7, 300);
    EXPECT_EQ(m.arrival(7, 100), 300u);
    EXPECT_EQ(m.arrival(7, 301), 301u);
    EXPECT_EQ(m.arrival(8, 100), 100u);
}

struct Recorder : SnoopTarget {
    SnoopReply reply;
    std::vector<std::pair<uint64_t, Snoop>> seen;
    SnoopReply snoop(uint64_t paddr, Snoop what) override {
        seen.emplace_back(paddr, what);
        return reply;
    }
};

class DirectoryTest : public testing::Test {
  protected:
    DirectoryTest() {
        for (Recorder& c : cores) targets.push_back(&c);
    }
    void forget() {
        for (Recorder& c : cores) c.seen.clear();
    }
    Recorder cores[64];
    std::vector<SnoopTarget*> targets;
    Directory directory{64};
};

TEST_F(DirectoryTest, OnlyReaderIsExclusive) {
    const auto v = directory.request(3, 0x1040, false, targets);
    EXPECT_TRUE(v.exclusive);
    EXPECT_FALSE(v.asked);
    EXPECT_EQ(directory.sharers(0x1040), 8u);
    EXPECT_TRUE(directory.owned(0x1040));
    EXPECT_EQ(directory.sharers(0x1080), 0u);
}

TEST_F(DirectoryTest, SecondReaderMakesTheOwnerShare) {
    directory.request(0, 0, false, targets);
    cores[0].reply = {true, true};
    const auto v = directory.request(63, 0, false, targets);
    EXPECT_FALSE(v.exclusive);
    EXPECT_TRUE(v.dirty);
    ASSERT_EQ(cores[0].seen.size(), 1u);
    EXPECT_EQ(cores[0].seen[0].second, Snoop::share);
    EXPECT_EQ(directory.sharers(0), 1ull << 63 | 1);
    EXPECT_FALSE(directory.owned(0));
    forget();
    EXPECT_FALSE(directory.request(5, 0, false, targets).asked) << "nobody can have modified it";
    EXPECT_TRUE(cores[0].seen.empty());
}

TEST_F(DirectoryTest, OwnerThatDroppedTheLineIsReplaced) {
    directory.request(0, 0, false, targets);
    const auto v = directory.request(1, 0, false, targets);
    EXPECT_TRUE(v.exclusive);
    EXPECT_TRUE(v.asked);
    EXPECT_FALSE(v.found);
    EXPECT_EQ(directory.sharers(0), 2u);
}

TEST_F(DirectoryTest, WriterTakesItFromEverybody) {
    for (Recorder& c : cores) c.reply = {true, false};
    for (unsigned i = 0; i < 64; ++i) directory.request(i, 0x40, false, targets);
    forget();
    const auto v = directory.request(7, 0x40, true, targets);
    EXPECT_TRUE(v.exclusive);
    for (unsigned i = 0; i < 64; ++i) {
        ASSERT_EQ(cores[i].seen.size(), i == 7 ? 0u : 1u);
        if (i == 7) continue;
        EXPECT_EQ(cores[i].seen[0].second, Snoop::invalidate);
    }
    EXPECT_EQ(directory.sharers(0x40), 1u << 7);
    EXPECT_TRUE(directory.owned(0x40));
}

TEST_F(DirectoryTest, RecalledLinesHaveNoSharers) {
    cores[2].reply = {true, true};
    directory.request(2, 0x80, true, targets);
    EXPECT_TRUE(directory.recall(0x80, targets).dirty);
    EXPECT_EQ(directory.sharers(0x80), 0u);
    forget();
    directory.recall(0x80, targets);
    EXPECT_TRUE(cores[2].seen.empty());
}

}  // namespace
}  // namespace stile::model
