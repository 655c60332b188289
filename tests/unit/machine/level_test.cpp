// SPDX-License-Identifier: Apache-2.0
//
// What do the second and the last level make requests wait for, to the cycle: ports, misses to the same line,
// miss registers, write-back buffers, other cores? Each wait is a formula of the parameters.
#include <gtest/gtest.h>

#include <memory>

#include "model/systemc/cache_module.h"
#include "model/systemc/last_level_module.h"
#include "model/systemc/memory_module.h"

namespace stile::model {
namespace {

constexpr uint64_t line_bytes = 64;

// Two cores' second levels, last level, memory of one latency.
class Levels : public testing::Test {
  protected:
    struct Master : sc_core::sc_module, SnoopTarget {
        Master(sc_core::sc_module_name name, const CacheConfig& config, const L2PrefetchConfig& prefetch,
               const Clock& clock)
            : sc_module(name), l2("l2", config, prefetch, clock) {
            socket.bind(l2.above);
        }
        SnoopReply snoop(uint64_t paddr, Snoop what) override {
            ++snoops;
            return l2.snoop(paddr, what);
        }
        tlm_utils::simple_initiator_socket<Master> socket{"socket"};
        CacheModule l2;
        unsigned snoops = 0;
    };

    void build(unsigned cores = 1) {
        memory = std::make_unique<MemoryModule>("memory", MemoryConfig{1 << 20, memory_latency, {}}, clock);
        llc = std::make_unique<LastLevelModule>("llc", llc_config, coherence, clock);
        llc->below.bind(memory->socket);
        for (unsigned i = 0; i < cores; ++i) {
            masters.push_back(std::make_unique<Master>(i ? "core1" : "core0", l2_config, prefetch, clock));
            llc->attach(masters.back()->l2.below, *masters.back());
        }
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    // Cycles that a request takes which comes at cycle `at`.
    Cycles ask(uint64_t line, Cycles at, LineRequest request = LineRequest::read, unsigned core = 0) {
        const Ticks start = clock.time(at).value();
        const Ticks done = payload.send(masters[core]->socket, line * line_bytes, line_bytes, request, start);
        exclusive = payload.reply().exclusive;
        return clock.cycles(sc_core::sc_time::from_value(done - start));
    }
    uint64_t figure(const StatisticsSource& m, const std::string& name) {
        std::vector<Statistic> all;
        StatisticsSink sink(all);
        m.statistics(sink);
        for (const Statistic& s : all)
            if (s.path == name) return static_cast<uint64_t>(s.value);
        ADD_FAILURE() << "no statistic " << name;
        return 0;
    }

    const Clock clock{1'000'000'000};
    CacheConfig l2_config{4096, 4, line_bytes, 8, 0, 16, 8},
        llc_config{64 << 10, 16, line_bytes, 18, 0, 32, 16};
    L2PrefetchConfig prefetch{false, false, 32, 20};
    CoherenceConfig coherence;
    Cycles memory_latency = 200;
    std::unique_ptr<MemoryModule> memory;
    std::unique_ptr<LastLevelModule> llc;
    std::vector<std::unique_ptr<Master>> masters;
    LinePayload payload;
    bool exclusive = false;
};

TEST_F(Levels, PortOfTheSecondLevelPassesOneLinePerInterval) {
    l2_config.interval = 3;
    build();
    ask(0, 0);
    for (Cycles i = 0; i < 20; ++i) EXPECT_EQ(ask(0, 3000), 8 + 3 * i);
    EXPECT_EQ(figure(masters[0]->l2, "port_waits"), 19u);
    EXPECT_EQ(ask(0, 3063), 8u) << "it is free again";
}

TEST_F(Levels, PortOfTheLastLevelPassesOneLinePerIntervalToEachCore) {
    l2_config.size = 0;
    llc_config.interval = 5;
    build(2);
    ask(0, 0);
    ask(1, 1000, LineRequest::read, 1);
    for (Cycles i = 0; i < 20; ++i) {
        EXPECT_EQ(ask(0, 5000), 18 + 5 * i);
        EXPECT_EQ(ask(1, 5000, LineRequest::read, 1), 18 + 5 * i) << "a port of its own";
    }
}

// A region's share of what lies below the core is told from the core's own counters.
TEST_F(Levels, RequestsAreCountedForTheCoreThatMakesThem) {
    prefetch.adjacent = true;
    build(2);
    Counters one, other;
    payload.charge(&one);
    ask(0, 1000);                          // misses both, and wishes for line 1
    ask(0, 2000);                          // hits; the wish is sent first
    ask(1, 3000);                          // the prefetched line
    ask(0, 3000, LineRequest::writeback);  // no line is asked for
    payload.charge(&other);
    ask(0, 4000, LineRequest::read, 1);  // of the last level, where core 0 has put it
    EXPECT_EQ(one.l2_accesses, 3u);
    EXPECT_EQ(one.l2_misses, 1u);
    EXPECT_EQ(one.llc_accesses, 2u);
    EXPECT_EQ(one.llc_misses, 2u);
    EXPECT_EQ(other.l2_accesses, 1u);
    EXPECT_EQ(other.l2_misses, 1u);
    EXPECT_EQ(other.llc_misses, 0u);
    EXPECT_EQ(one.llc_accesses + other.llc_accesses, figure(*llc, "accesses"));
}

TEST_F(Levels, MissesOfOneLineAreOne) {
    build();
    EXPECT_EQ(ask(7, 1000), 226u);
    EXPECT_EQ(ask(7, 1001), 225u);
    EXPECT_EQ(ask(7, 1217), 9u) << "a cycle before the line is there";
    EXPECT_EQ(ask(7, 1218), 8u);
    EXPECT_EQ(figure(*memory, "reads"), 1u);
}

TEST_F(Levels, FullMissRegistersOfTheSecondLevelMakeMissesWait) {
    l2_config.mshrs = 2;
    build();
    EXPECT_EQ(ask(1, 1000), 226u);
    EXPECT_EQ(ask(2, 1000), 226u);
    EXPECT_EQ(ask(3, 1000), 226u + 218) << "until the first is there";
    EXPECT_EQ(ask(4, 1217), 227u) << "a cycle too early for the second's";
    EXPECT_EQ(ask(5, 1436), 226u) << "exactly in time for the third's";
    EXPECT_EQ(figure(masters[0]->l2, "mshr_waits"), 2u);
}

TEST_F(Levels, FullMissRegistersOfTheLastLevelMakeMissesWait) {
    llc_config.mshrs = 1;
    build();
    EXPECT_EQ(ask(1, 1000), 226u);
    EXPECT_EQ(ask(2, 1000), 226u + 200) << "memory serves one at a time";
    EXPECT_EQ(ask(3, 5000), 226u);
    EXPECT_EQ(ask(4, 5200), 226u) << "exactly when the register is free";
    EXPECT_EQ(ask(5, 5399), 227u);
}

// Theory: n misses through m registers take their latency times n / m.
TEST_F(Levels, ThroughputOfMissesIsRegistersOverLatency) {
    l2_config.mshrs = 4;
    build();
    constexpr unsigned n = 64;
    Cycles end = 0;
    for (unsigned i = 0; i < n; ++i) end = std::max(end, ask(i, 1000));
    EXPECT_EQ(end, 8 + n / 4 * 218u);
}

TEST_F(Levels, FullWriteBackBuffersMakeTheNextMissWait) {
    l2_config = {64, 1, line_bytes, 8, 0, 16, 1};
    llc_config.interval = 50;  // the last level takes a line every 50 cycles
    build();
    for (unsigned i = 0; i < 8; ++i) ask(i, 1000 + i * 1000);
    ask(0, 20'000);
    ask(0, 20'500, LineRequest::writeback);  // modified
    EXPECT_EQ(ask(1, 21'000), 26u) << "its place is made at once";
    ask(1, 21'000, LineRequest::writeback);
    const Cycles third = ask(2, 21'000);
    EXPECT_GT(third, 26u + 50) << "the buffer is still on its way down";
    EXPECT_EQ(figure(masters[0]->l2, "write_waits"), 1u);
}

TEST_F(Levels, PrefetchThatFindsNoRegisterIsDropped) {
    prefetch.adjacent = true;
    l2_config.mshrs = 1;
    build();
    ask(0, 1000);
    ask(0, 2000);
    EXPECT_EQ(figure(masters[0]->l2, "prefetches_dropped"), 1u);
    EXPECT_EQ(figure(masters[0]->l2, "prefetches"), 0u);
}

TEST_F(Levels, PrefetchedLineIsThereOrOnItsWay) {
    prefetch.adjacent = true;
    build();
    ask(0, 1000);  // and line 1, when the miss is known: at 1008, 218 cycles
    EXPECT_EQ(ask(1, 1100), 126u) << "late";
    EXPECT_EQ(ask(1, 1300), 8u);
    ask(2, 3000);
    EXPECT_EQ(ask(3, 4000), 8u);
    const CacheModule& l2 = masters[0]->l2;
    EXPECT_EQ(figure(l2, "prefetches"), 2u);
    EXPECT_EQ(figure(l2, "prefetches_useful"), 2u);
    EXPECT_EQ(figure(l2, "prefetches_late"), 1u);
    EXPECT_EQ(figure(l2, "misses"), 2u);
}

TEST_F(Levels, OneCoreIsNeverAsked) {
    build();
    for (unsigned i = 0; i < 64; ++i) ask(i, i * 1000, LineRequest::read_for_ownership);
    EXPECT_EQ(masters[0]->snoops, 0u);
    EXPECT_EQ(llc->directory().sharers(0), 0u);
}

TEST_F(Levels, ReaderWaitsForWhoeverMayHaveModifiedTheLine) {
    build(2);
    ask(1, 1000);
    EXPECT_TRUE(exclusive);
    EXPECT_EQ(ask(1, 2000, LineRequest::read, 1), 26u + coherence.snoop_latency) << "clean there";
    EXPECT_FALSE(exclusive);
    ask(2, 3000, LineRequest::read_for_ownership);
    ask(2, 3500, LineRequest::writeback);
    EXPECT_EQ(ask(2, 4000, LineRequest::read, 1), 26u + coherence.dirty_latency) << "modified there";
    EXPECT_EQ(ask(2, 5000), 8u) << "who had it keeps a copy";
    EXPECT_FALSE(exclusive);
    EXPECT_EQ(figure(*llc, "snoops"), 2u);
    EXPECT_EQ(figure(*llc, "snoops_dirty"), 1u);
    EXPECT_EQ(figure(*memory, "reads"), 2u);
}

TEST_F(Levels, WriterTakesTheLineFromReaders) {
    build(2);
    ask(1, 1000);
    ask(1, 2000, LineRequest::read, 1);
    EXPECT_EQ(ask(1, 3000, LineRequest::upgrade), 26u + coherence.snoop_latency);
    EXPECT_TRUE(exclusive);
    EXPECT_FALSE(masters[1]->l2.cache().find(line_bytes).present);
    EXPECT_EQ(ask(1, 4000, LineRequest::read_for_ownership), 8u) << "its own now";
    EXPECT_EQ(ask(1, 5000, LineRequest::read, 1), 26u + coherence.snoop_latency);
}

TEST_F(Levels, EvictionFromAnInclusiveLastLevelReachesThePrivateOne) {
    llc_config = {128, 2, line_bytes, 18, 0, 32, 16};
    build();
    ask(0, 1000);
    ask(1, 2000);
    ask(2, 3000);
    EXPECT_FALSE(masters[0]->l2.cache().find(0).present);
    EXPECT_EQ(ask(0, 4000), 226u);
    EXPECT_EQ(figure(*llc, "recalled"), 2u);
}

TEST_F(Levels, EvictionFromAnotherLastLevelDoesNot) {
    llc_config = {128, 2, line_bytes, 18, 0, 32, 16};
    coherence.inclusion = Inclusion::none;
    build();
    ask(0, 1000);
    ask(1, 2000);
    ask(2, 3000);
    EXPECT_EQ(ask(0, 4000), 8u);
    EXPECT_EQ(figure(*llc, "recalls"), 0u);
}

TEST_F(Levels, ModifiedLineThatIsRecalledGoesToMemory) {
    llc_config = {128, 2, line_bytes, 18, 0, 32, 16};
    build();
    ask(0, 1000, LineRequest::read_for_ownership);
    ask(0, 1500, LineRequest::writeback);  // modified in the second level
    ask(1, 2000);
    EXPECT_EQ(figure(*memory, "writes"), 0u);
    ask(2, 3000);
    EXPECT_EQ(figure(*memory, "writes"), 1u);
}

TEST_F(Levels, WithoutALastLevelCoresStillAskEachOther) {
    llc_config.size = 0;
    build(2);
    EXPECT_EQ(ask(1, 1000, LineRequest::read_for_ownership), 8u + 200);
    ask(1, 1500, LineRequest::writeback);
    EXPECT_EQ(ask(1, 2000, LineRequest::read, 1), 8u + coherence.dirty_latency);
    EXPECT_EQ(figure(*memory, "writes"), 1u) << "which memory hears of too";
}

}  // namespace
}  // namespace stile::model
