// SPDX-License-Identifier: Apache-2.0
//
// Which lines do the prefetchers ask for, when do those arrive, and what do they cost others?
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "model/timing/data_path.h"
#include "model/timing/l2_prefetcher.h"

namespace stile::model {
namespace {

struct Lower : LowerMemory {
    struct Request {
        uint64_t paddr;
        LineRequest request;
        Cycles at;
    };
    Cycles latency = 100;
    bool exclusive = true;
    std::vector<Request> seen;
    LineReply access(uint64_t paddr, unsigned, LineRequest request, Cycles at) override {
        seen.push_back({paddr, request, at});
        return {request == LineRequest::writeback ? 0 : latency, exclusive};
    }
    std::vector<uint64_t> prefetched() const {
        std::vector<uint64_t> lines;
        for (const Request& r : seen)
            if (r.request == LineRequest::prefetch) lines.push_back(r.paddr);
        return lines;
    }
};

MachineConfig with(bool next_line, bool ip_stride) {
    MachineConfig c;
    c.l1d_prefetch = {next_line, ip_stride};
    return c;
}

struct Path {
    explicit Path(const MachineConfig& config) : path(config, lower, counters) {}
    Cycles load(uint64_t paddr, Cycles t, unsigned insn = 0) { return path.load(paddr, 8, t, insn); }
    Lower lower;
    Counters counters;
    DataPath path;
};

using Lines = std::vector<uint64_t>;

TEST(NextLine, FollowsAscendingMissesWithinThePage) {
    Path p(with(true, false));
    p.load(0x1f00, 0);
    EXPECT_EQ(p.lower.prefetched(), Lines{}) << "one miss is no direction";
    p.load(0x1f40, 1000);
    EXPECT_EQ(p.lower.prefetched(), Lines{0x1f80});
    p.load(0x1f80, 2000);  // first use of it
    EXPECT_EQ(p.lower.prefetched(), (Lines{0x1f80, 0x1fc0}));
    p.load(0x1fc0, 3000);
    EXPECT_EQ(p.lower.prefetched().size(), 2u) << "the page ends";
    EXPECT_EQ(p.counters.l1d_prefetches, 2u);
    EXPECT_EQ(p.counters.l1d_prefetches_useful, 2u);
    EXPECT_EQ(p.counters.l1d_prefetches_late, 0u);
    EXPECT_EQ(p.counters.l1d_misses, 2u);
}

TEST(NextLine, DoesNotFollowDescendingMisses) {
    Path p(with(true, false));
    for (unsigned i = 0; i < 8; ++i) p.load(0x1f00 - i * 64, i * 1000);
    EXPECT_EQ(p.lower.prefetched(), Lines{});
}

TEST(NextLine, LineOnItsWayIsWaitedFor) {
    Path p(with(true, false));
    p.load(0x1000, 0);
    p.load(0x1040, 1000);  // asks for 0x1080 when the miss is known: at 1004
    EXPECT_EQ(p.load(0x1080, 1010), 1104u) << "not a cycle earlier";
    EXPECT_EQ(p.counters.l1d_prefetches_late, 1u);
    p.load(0x10c0, 2000);
    EXPECT_EQ(p.load(0x1100, 3000), 3004u) << "a hit";
}

TEST(IpStride, NeedsTheSameDistanceTwice) {
    Path p(with(false, true));
    p.load(0x1000, 0);
    p.load(0x1100, 1000);
    EXPECT_EQ(p.lower.prefetched(), Lines{});
    p.load(0x1200, 2000);
    EXPECT_EQ(p.lower.prefetched(), Lines{0x1300});
    p.load(0x1300, 3000);
    EXPECT_EQ(p.lower.prefetched(), (Lines{0x1300, 0x1400})) << "its first use trains too";
    p.load(0x1a00, 4000);
    EXPECT_EQ(p.lower.prefetched().size(), 2u) << "another distance";
}

TEST(IpStride, TellsInstructionsAndBlocksApart) {
    Path p(with(false, true));
    for (unsigned i = 0; i < 4; ++i) {
        p.path.in_block(0x1000);
        p.load(0x10000 + i * 0x100, i * 1000, 1);
        p.load(0x28000 - i * 0x80, i * 1000 + 300, 2);
        p.path.in_block(0x2000);
        p.load(0x31000 + i * i * 64, i * 1000 + 600, 1);  // no stride
    }
    EXPECT_EQ(p.lower.prefetched(), (Lines{0x10300, 0x27e80, 0x10400, 0x27e00}));
}

TEST(IpStride, StaysInThePage) {
    Path p(with(false, true));
    for (const uint64_t at : {0x1a00, 0x1c00, 0x1e00}) p.load(at, at);
    EXPECT_EQ(p.lower.prefetched(), Lines{});
}

TEST(L1Prefetch, TakesAFillBufferOrIsDropped) {
    MachineConfig c = with(true, false);
    c.core.fill_buffers = 1;
    Path p(c);
    p.load(0x1000, 0);
    p.load(0x1040, 1000);
    EXPECT_EQ(p.lower.prefetched(), Lines{}) << "the only buffer holds the miss itself";
    c.core.fill_buffers = 2;
    Path q(c);
    q.load(0x1000, 0);
    q.load(0x1040, 1000);
    EXPECT_EQ(q.lower.prefetched(), Lines{0x1080});
    EXPECT_EQ(q.load(0x9000, 1010), 1104u + 4 + 100)
        << "a miss waits for a buffer: both are taken until 1104";
}

TEST(L1Prefetch, OffMeansNone) {
    Path p(with(false, false));
    for (unsigned i = 0; i < 32; ++i) p.load(0x1000 + i * 64, i * 1000);
    EXPECT_EQ(p.lower.prefetched(), Lines{});
}

// ---- MESI in the first level

TEST(Mesi, ReaderOfAnExclusiveLineWritesSilently) {
    Path p(with(false, false));
    p.load(0x1000, 0);
    p.path.store(0x1000, 8, 1000);
    ASSERT_EQ(p.lower.seen.size(), 1u);
    EXPECT_TRUE(p.path.snoop(0x1000, Snoop::share).dirty);
}

TEST(Mesi, WriteToASharedLineAsks) {
    Path p(with(false, false));
    p.lower.exclusive = false;
    p.load(0x1000, 0);
    p.lower.exclusive = true;
    p.path.store(0x1000, 8, 1000);
    ASSERT_EQ(p.lower.seen.size(), 2u);
    EXPECT_EQ(p.lower.seen[1].request, LineRequest::upgrade);
    EXPECT_EQ(p.path.drained(), 1000u + 4 + 100 + 1) << "the store waits for the answer";
    EXPECT_EQ(p.counters.l1d_upgrades, 1u);
    EXPECT_EQ(p.load(0x1008, 1001), 1005u) << "and readers do not";
    p.path.store(0x1000, 8, 3000);
    EXPECT_EQ(p.lower.seen.size(), 2u) << "asked once";
}

TEST(Mesi, SnoopsInvalidateAndShare) {
    Path p(with(false, false));
    p.path.store(0x1000, 8, 0);
    const SnoopReply shared = p.path.snoop(0x1000, Snoop::share);
    EXPECT_TRUE(shared.present && shared.dirty);
    EXPECT_FALSE(p.path.snoop(0x1000, Snoop::share).dirty) << "it was handed over";
    EXPECT_EQ(p.load(0x1000, 1000), 1004u) << "and still may be read";
    EXPECT_TRUE(p.path.snoop(0x1000, Snoop::invalidate).present);
    EXPECT_FALSE(p.path.snoop(0x1000, Snoop::invalidate).present);
    EXPECT_EQ(p.load(0x1000, 2000), 2104u);
}

TEST(Mesi, StoreTakesTheLineOutOfTheInstructionCache) {
    const MachineConfig c = with(false, false);
    Lower lower;
    Counters counters;
    Cache code("l1i", c.l1i);
    DataPath path(c, lower, counters, &code);
    path.load(0x1000, 8, 0);
    code.insert(0x1000, Cache::shared);
    path.share_with_code(0x1000);
    path.store(0x1000, 8, 1000);
    EXPECT_EQ(lower.seen.back().request, LineRequest::upgrade);
    EXPECT_FALSE(code.find(0x1000).present);
    path.store(0x2000, 8, 2000);
    code.insert(0x3000, Cache::shared);
    path.store(0x3000, 8, 3000);
    EXPECT_FALSE(code.find(0x3000).present) << "by a miss as well";
}

// ---- second level

struct Streams {
    explicit Streams(const L2PrefetchConfig& c) : prefetcher(c, 64) {}
    Lines see(uint64_t paddr, bool missed = true) {
        Lines wishes;
        prefetcher.observe(paddr, missed, [&](uint64_t line) { wishes.push_back(line); });
        return wishes;
    }
    L2Prefetcher prefetcher;
};

TEST(Adjacent, IsTheOtherHalfOfThePair) {
    Streams s({false, true, 1, 1});
    EXPECT_EQ(s.see(0x1000), Lines{0x1040});
    EXPECT_EQ(s.see(0x1040), Lines{0x1000});
    EXPECT_EQ(s.see(0x1080, false), Lines{}) << "misses only";
}

TEST(Streamer, BeginsWithTheThirdLineAndRunsAhead) {
    Streams s({true, false, 32, 20});
    EXPECT_EQ(s.see(0x1000), Lines{});
    EXPECT_EQ(s.see(0x1040), Lines{});
    EXPECT_EQ(s.see(0x1080), (Lines{0x10c0, 0x1100}));
    EXPECT_EQ(s.see(0x10c0), (Lines{0x1140, 0x1180}));
    EXPECT_EQ(s.see(0x10c0), Lines{}) << "the same line again";
}

TEST(Streamer, GoesDownToo) {
    Streams s({true, false, 32, 20});
    s.see(0x1fc0);
    s.see(0x1f80);
    EXPECT_EQ(s.see(0x1f40), (Lines{0x1f00, 0x1ec0}));
}

TEST(Streamer, KeepsItsDistanceAndItsPage) {
    for (const unsigned distance : {1u, 4u, 20u}) {
        Streams s({true, false, 32, distance});
        uint64_t furthest = 0;
        for (uint64_t line = 0; line < 64; ++line)
            for (const uint64_t wish : s.see(0x1000 + line * 64)) {
                EXPECT_LE((wish - 0x1000) / 64, line + distance);
                EXPECT_LT(wish, 0x2000u);
                EXPECT_GT(wish, furthest) << "each once";
                furthest = wish;
            }
        EXPECT_EQ(furthest, 0x1fc0u);
    }
}

TEST(Streamer, FollowsAsManyPagesAsItHasStreams) {
    for (const unsigned pages : {4u, 5u}) {
        Streams s({true, false, 4, 20});
        size_t wishes = 0;
        for (uint64_t line = 0; line < 8; ++line)
            for (uint64_t page = 1; page <= pages; ++page) wishes += s.see(page << 12 | line * 64).size();
        if (pages == 4)
            EXPECT_EQ(wishes, 4u * 6 * 2);
        else
            EXPECT_EQ(wishes, 0u) << "each is forgotten before it comes again";
    }
}

}  // namespace
}  // namespace stile::model
