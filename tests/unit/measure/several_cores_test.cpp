// SPDX-License-Identifier: Apache-2.0
//
// Where does the time of a call go, and what does it make happen, when other cores take part?
#include <gtest/gtest.h>

#include <numeric>

#include "abi/marker.h"
#include "sim/measure/measurement.h"
#include "sim/measure/timed_calls.h"
#include "tests/unit/measure/fake_core.h"

namespace stile::sim {
namespace {

using model::Phase;

uint64_t of(const model::Counters& c, Phase phase) { return c.phase[static_cast<size_t>(phase)]; }

// Cores with one clock, driven by hand.
struct Cores {
    explicit Cores(unsigned n) : now(n) {}
    CallRecorder recorder;
    AllCounters now;

    void spend(unsigned core, Phase phase, uint64_t cycles) {
        now[core].cycles += cycles;
        now[core].phase[static_cast<size_t>(phase)] += cycles;
        if (phase != Phase::wait) now[core].instructions += cycles / 2;
    }
    void begin(uint64_t number) { recorder.call_begin(0, number, now); }
    void end(uint64_t number) { recorder.call_end(0, number, now); }
    void halt(bool begins) { recorder.halted(0, begins, now); }
    model::Counters only() { return recorder.summary()->median; }
};

TEST(SeveralCores, TimeWaitedIsWhatTheOtherCoreDid) {
    Cores c(2);
    c.begin(0);
    c.spend(0, Phase::entry_exit, 100);
    c.halt(true);
    c.recorder.switched(1, 0, 7);
    c.spend(1, Phase::wait, 40);  // the message is on its way
    c.spend(1, Phase::schedule, 60);
    c.spend(1, Phase::copy, 200);
    c.spend(0, Phase::wait, 300);
    c.halt(false);
    c.spend(0, Phase::user, 50);
    c.end(0);
    const model::Counters m = c.only();
    EXPECT_EQ(m.cycles, 450u);
    EXPECT_EQ(of(m, Phase::entry_exit), 100u);
    EXPECT_EQ(of(m, Phase::schedule), 60u);
    EXPECT_EQ(of(m, Phase::copy), 200u);
    EXPECT_EQ(of(m, Phase::wait), 40u) << "both wait";
    EXPECT_EQ(of(m, Phase::user), 50u);
}

TEST(SeveralCores, WhatTheOtherCoreDoesBesideTheCallerIsNotOnTheCriticalPath) {
    Cores c(2);
    c.recorder.switched(1, 0, 7);
    c.begin(0);
    c.spend(0, Phase::user, 500);
    c.spend(1, Phase::copy, 500);
    c.end(0);
    EXPECT_EQ(of(c.only(), Phase::copy), 0u);
    EXPECT_EQ(of(c.only(), Phase::user), 500u);
}

// Cores run up to a look-ahead apart, so the other's cycles need not be exactly the caller's.
TEST(SeveralCores, TheOtherCoresCyclesAreScaledToExactlyTheTimeWaited) {
    for (const uint64_t waited : {1u, 7u, 299u, 301u, 1'000'003u}) {
        Cores c(2);
        c.recorder.switched(1, 0, 7);
        c.begin(0);
        c.halt(true);
        c.spend(1, Phase::copy, 100);
        c.spend(1, Phase::schedule, 100);
        c.spend(1, Phase::pt_switch, 100);
        c.spend(0, Phase::wait, waited);
        c.halt(false);
        c.end(0);
        const model::Counters m = c.only();
        EXPECT_EQ(std::accumulate(m.phase.begin(), m.phase.end(), uint64_t{0}), waited);
        EXPECT_EQ(m.cycles, waited);
        EXPECT_NEAR(static_cast<double>(of(m, Phase::copy)), static_cast<double>(waited) / 3, 1);
        EXPECT_EQ(of(m, Phase::wait), 0u);
    }
}

TEST(SeveralCores, WhatAHaltedCoreStillDoesItselfStaysItsOwn) {
    Cores c(2);
    c.recorder.switched(1, 0, 7);
    c.begin(0);
    c.halt(true);
    c.spend(0, Phase::schedule, 7);
    c.spend(1, Phase::copy, 100);
    c.spend(0, Phase::wait, 93);
    c.halt(false);
    c.end(0);
    const model::Counters m = c.only();
    EXPECT_EQ(of(m, Phase::schedule), 7u);
    EXPECT_EQ(of(m, Phase::copy), 93u);
    EXPECT_EQ(of(m, Phase::wait), 0u);
    EXPECT_EQ(m.cycles, 100u);
}

// The caller looked at a halted server and took it to wait until now; a message had come a little earlier.
TEST(SeveralCores, AServerThatWokeBeforeItWasThoughtToHasNotWaitedLessThanNothing) {
    Cores c(2);
    c.recorder.switched(1, 0, 7);
    c.begin(0);
    c.spend(1, Phase::wait, 50);
    c.halt(true);
    c.now[1].phase[static_cast<size_t>(Phase::wait)] -= 50;
    c.now[1].cycles -= 50;
    c.spend(1, Phase::copy, 130);
    c.spend(0, Phase::wait, 100);
    c.halt(false);
    c.end(0);
    EXPECT_EQ(of(c.only(), Phase::copy), 100u);
    EXPECT_EQ(of(c.only(), Phase::wait), 0u);
}

TEST(SeveralCores, OfSeveralTheBusiestIsWaitedFor) {
    Cores c(3);
    c.recorder.switched(1, 0, 7);
    c.recorder.switched(2, 0, 8);
    c.begin(0);
    c.halt(true);
    c.spend(1, Phase::dispatch, 30);
    c.spend(1, Phase::wait, 70);
    c.spend(2, Phase::copy, 90);
    c.spend(2, Phase::wait, 10);
    c.spend(0, Phase::wait, 100);
    c.halt(false);
    c.end(0);
    EXPECT_EQ(of(c.only(), Phase::copy), 90u);
    EXPECT_EQ(of(c.only(), Phase::wait), 10u);
    EXPECT_EQ(of(c.only(), Phase::dispatch), 0u);
}

TEST(SeveralCores, ACoreThatRunsNoThreadIsNobodyThatOneWaitsFor) {
    Cores c(2);
    c.recorder.switched(1, 7, 0);
    c.begin(0);
    c.halt(true);
    c.spend(1, Phase::other, 50);  // its timer
    c.recorder.tick(1);
    c.spend(1, Phase::wait, 50);
    c.spend(0, Phase::wait, 100);
    c.halt(false);
    c.end(0);
    EXPECT_EQ(of(c.only(), Phase::wait), 100u);
    EXPECT_EQ(c.only().instructions, 0u) << "nor are its events the call's";
    EXPECT_EQ(c.recorder.summary()->ticked, 0u);
}

TEST(SeveralCores, ATickOfTheServersCoreIsATickOfTheCall) {
    Cores c(2);
    c.recorder.switched(1, 0, 7);
    c.begin(0);
    c.recorder.tick(1);
    c.spend(0, Phase::user, 10);
    c.end(0);
    EXPECT_EQ(c.recorder.summary()->ticked, 1u);
}

// The server answers, and goes back to its wait while the client goes on: that is the first call's.
TEST(SeveralCores, EventsOfTheServerAfterItsAnswerBelongToTheCall) {
    Cores c(2);
    const auto call = [&](uint64_t number, uint64_t server_after) {
        c.begin(number);
        c.recorder.switched(1, 0, 7);
        c.now[1].syscalls += 1;
        c.now[0].syscalls += 2;
        c.spend(0, Phase::user, 100);
        c.end(number);
        c.now[1].syscalls += server_after;
        c.recorder.switched(1, 7, 0);
    };
    call(0, 1);
    EXPECT_EQ(c.only().syscalls, 3u) << "until now";
    c.recorder.roi_begin(c.now);
    c.recorder.roi_end(0, c.now);
    EXPECT_EQ(c.only().syscalls, 4u);
    call(1, 5);
    c.begin(2);
    c.now[0].cycles += 1000;
    c.end(2);
    // Medians by cycles: calls 0 and 1 have 100, call 2 has 1000; rank 2 of 3 is call 1.
    EXPECT_EQ(c.only().syscalls, 8u);
    EXPECT_EQ(c.only().cycles, 100u) << "time is the caller's alone";
}

// The caller sleeps on one core and wakes up on the other: two stretches, and what ran where it slept.
TEST(SeveralCores, ACallThatMovesToAnotherCoreIsOneCall) {
    Cores c(2);
    c.recorder.switched(0, 0, 5);
    c.begin(0);
    c.spend(0, Phase::user, 100);
    c.recorder.switched(0, 5, 0);
    c.halt(true);
    c.recorder.switched(1, 0, 6);
    c.spend(1, Phase::copy, 150);
    c.spend(0, Phase::wait, 50);
    EXPECT_FALSE(c.recorder.comes_from_elsewhere(1, 6));
    ASSERT_TRUE(c.recorder.comes_from_elsewhere(1, 5));
    c.recorder.came_from_elsewhere(1, 5, c.now);
    c.recorder.switched(1, 6, 5);
    c.spend(1, Phase::dispatch, 30);
    c.recorder.call_end(1, 0, c.now);
    EXPECT_TRUE(c.recorder.warnings().empty());
    const model::Counters m = c.only();
    EXPECT_EQ(m.cycles, 180u);
    EXPECT_EQ(of(m, Phase::user), 100u);
    EXPECT_EQ(of(m, Phase::copy), 50u) << "of the halt";
    EXPECT_EQ(of(m, Phase::dispatch), 30u);
    EXPECT_EQ(m.instructions, 50u + 90u) << "of both cores";
}

// Clocks of 1 and 3 GHz, instants that do not fit: what passed is told in the first one's cycles, exactly.
TEST(SeveralCores, ACallThatMovesIsToldInTheClockThatItBeganOn) {
    Cores c(2);
    c.recorder.clocks({1'000'000'000, 3'000'000'000});
    c.recorder.switched(0, 0, 5);
    c.begin(0);
    c.spend(0, Phase::user, 103);
    c.spend(1, Phase::wait, 300);
    c.recorder.came_from_elsewhere(1, 5, c.now);
    c.recorder.switched(1, 0, 5);
    c.recorder.switched(0, 5, 0);
    c.spend(1, Phase::copy, 160);
    c.spend(1, Phase::stub, 170);
    c.recorder.call_end(1, 0, c.now);
    const TimedCalls t = *c.recorder.summary();
    EXPECT_EQ(t.cycles_mean, 210) << "630 cycles of 3 GHz";
    EXPECT_EQ(std::accumulate(t.phase_mean.begin(), t.phase_mean.end(), 0.0), 210);
    EXPECT_EQ(t.phase_mean[static_cast<size_t>(Phase::user)], 100);
    EXPECT_NEAR(t.phase_mean[static_cast<size_t>(Phase::copy)], 110.0 * 160 / 330, 1);
    EXPECT_FALSE(t.seconds_mean);
}

TEST(SeveralCores, AnEndInAnotherThreadIsNone) {
    Cores c(2);
    c.begin(0);
    c.recorder.call_end(1, 0, c.now);
    EXPECT_FALSE(c.recorder.summary());
    EXPECT_EQ(c.recorder.warnings(), (std::vector<std::string>{"timed call 0 ends that has not begun",
                                                               "timed call 0 has not ended"}));
}

// Two clients of one core: while one's call waits, the other makes its own.
TEST(SeveralCores, CallsOfTwoThreadsOnOneCoreAreKeptApart) {
    Cores c(1);
    c.begin(0);
    c.spend(0, Phase::user, 10);
    c.recorder.switched(0, 5, 6);  // who began is 5
    c.begin(0);
    c.spend(0, Phase::copy, 20);
    c.recorder.switched(0, 6, 5);
    c.spend(0, Phase::user, 30);
    c.end(0);
    c.begin(1);
    c.recorder.switched(0, 5, 6);
    c.spend(0, Phase::user, 40);
    c.end(0);
    c.recorder.switched(0, 6, 5);
    c.spend(0, Phase::user, 10);
    c.end(1);
    EXPECT_TRUE(c.recorder.warnings().empty());
    const TimedCalls t = *c.recorder.summary();
    EXPECT_EQ(t.calls, 3u);
    EXPECT_EQ(t.cycles_worst, 90u)
        << "5's first and what 6 did meanwhile are 60, 6's only one 90, 5's second 50";
    EXPECT_EQ(t.cycles_best, 50u);
    EXPECT_DOUBLE_EQ(t.cycles_mean, 200.0 / 3);
    EXPECT_DOUBLE_EQ(std::accumulate(t.phase_mean.begin(), t.phase_mean.end(), 0.0), t.cycles_mean);
}

// An event cannot be said to be one call's: each is counted once, whoever's.
TEST(SeveralCores, EventsOfOverlappingCallsAreSharedOut) {
    Cores c(2);
    c.recorder.switched(0, 0, 5);
    c.recorder.switched(1, 0, 6);
    for (uint64_t number = 0; number < 4; ++number) {
        for (unsigned core : {0u, 1u}) c.recorder.call_begin(core, number, c.now);
        c.spend(0, Phase::user, 100);
        c.spend(1, Phase::user, 100);
        c.now[0].syscalls += 3;
        c.now[1].syscalls += 5;
        for (unsigned core : {0u, 1u}) c.recorder.call_end(core, number, c.now);
    }
    const TimedCalls t = *c.recorder.summary();
    EXPECT_TRUE(t.overlap);
    EXPECT_EQ(t.calls, 8u);
    EXPECT_EQ(t.median.syscalls, 4u) << "32 over 8";
    EXPECT_EQ(t.median.instructions, 50u);
    EXPECT_EQ(t.median.cycles, 100u);
}

TEST(SeveralCores, CallersWithDifferentClocksHaveTimesOfTheirOwn) {
    Cores c(2);
    c.recorder.clocks({1'000'000'000, 2'000'000'000});
    for (unsigned core : {0u, 1u}) c.recorder.call_begin(core, 0, c.now);
    c.spend(0, Phase::user, 100);
    c.spend(1, Phase::user, 100);
    for (unsigned core : {0u, 1u}) c.recorder.call_end(core, 0, c.now);
    EXPECT_DOUBLE_EQ(*c.recorder.summary()->seconds_mean, 75e-9);
}

TEST(SeveralCores, CallsOfTwoCallersAtOnceAreKeptApart) {
    Cores c(2);
    c.recorder.call_begin(0, 0, c.now);
    c.recorder.call_begin(1, 0, c.now);
    c.spend(0, Phase::user, 10);
    c.spend(1, Phase::user, 30);
    c.recorder.call_end(0, 0, c.now);
    c.recorder.call_end(1, 0, c.now);
    EXPECT_EQ(c.recorder.summary()->calls, 2u);
    EXPECT_DOUBLE_EQ(c.recorder.summary()->cycles_mean, 20);
    EXPECT_TRUE(c.recorder.warnings().empty());
}

TEST(SeveralCores, TheRegionOfInterestHasTheEventsOfAllCores) {
    Cores c(2);
    c.recorder.roi_begin(c.now);
    c.spend(0, Phase::user, 100);
    c.spend(1, Phase::user, 60);
    c.recorder.roi_end(1, c.now);
    EXPECT_EQ(c.recorder.roi()->cycles, 60u) << "of the core that ends it";
    EXPECT_EQ(c.recorder.roi()->instructions, 80u);
}

// A halted core's clock stands still until something wakes it.
TEST(SeveralCores, AHaltedCoreOwesItsWaiting) {
    FakeCore caller(0), server(1);
    server.hertz = 2'000'000'000;
    server.is_halted = true;
    server.now.cycles = 1000;
    caller.now.cycles = 700;
    const model::Counters c = counters_at(server, caller);
    EXPECT_EQ(c.cycles, 1400u) << "twice as fast";
    EXPECT_EQ(of(c, Phase::wait), 400u);
    server.is_halted = false;
    EXPECT_EQ(counters_at(server, caller).cycles, 1000u) << "a running core is where it is";
}

// The same through markers and halts, as a machine sends them.
TEST(SeveralCores, MarkersOfTwoCores) {
    Measurement m({});
    FakeCore client(0), server(1);
    m.attach(std::vector<CoreView*>{&client, &server});
    const auto spend = [](FakeCore& core, Phase phase, uint64_t cycles) {
        core.now.cycles += cycles;
        core.now.phase[static_cast<size_t>(phase)] += cycles;
    };
    m.on_marker(client, STILE_MARK_K_SWITCH, 0, 3, 0);
    server.is_halted = true;
    m.on_marker(client, STILE_MARK_CALL_BEGIN, 0, 0, 0);
    spend(client, Phase::copy, 200);
    m.on_halted(client, true);  // at 200; the server's clock still shows 0
    server.is_halted = false;
    spend(server, Phase::wait, 250);
    m.on_halted(server, false);
    m.on_marker(server, STILE_MARK_K_SWITCH, 0, 4, 0);
    spend(server, Phase::user, 150);
    spend(client, Phase::wait, 200);
    m.on_halted(client, false);
    m.on_marker(client, STILE_MARK_CALL_END, 0, 0, 0);
    EXPECT_EQ(m.result().caller_frequency, client.hertz);
    const TimedCalls t = *m.result().timed;
    EXPECT_EQ(t.cycles_mean, 400);
    EXPECT_EQ(t.phase_mean[static_cast<size_t>(Phase::copy)], 200);
    EXPECT_EQ(t.phase_mean[static_cast<size_t>(Phase::wait)], 50);
    EXPECT_EQ(t.phase_mean[static_cast<size_t>(Phase::user)], 150);
}

// Stores of both cores are watched, whichever arms the census.
TEST(SeveralCores, TheCensusWatchesEveryCore) {
    Measurement m({});
    FakeCore client(0), server(1);
    m.attach(std::vector<CoreView*>{&client, &server});
    m.on_marker(client, STILE_MARK_CENSUS_ARM, 1, 64, 0);
    EXPECT_TRUE(client.watching);
    EXPECT_TRUE(server.watching);
    m.on_marker(server, STILE_MARK_CENSUS_STOP, 0, 0, 0);
    EXPECT_FALSE(client.watching);
    EXPECT_FALSE(server.watching);
}

TEST(SeveralCores, TheRegionOfInterestIsToldAsItComes) {
    Measurement m({});
    FakeCore core(1);
    std::vector<std::pair<Measurement::Region, unsigned>> heard;
    m.on_region([&](Measurement::Region what, unsigned who) { heard.emplace_back(what, who); });
    m.on_marker(core, STILE_MARK_ROI_WARM_UP, 0, 0, 0);
    m.on_marker(core, STILE_MARK_ROI_BEGIN, 0, 0, 0);
    EXPECT_FALSE(m.result().roi);
    EXPECT_TRUE(m.result().roi_begun);
    m.on_marker(core, STILE_MARK_ROI_END, 0, 0, 0);
    using Region = Measurement::Region;
    EXPECT_EQ(heard, (std::vector<std::pair<Region, unsigned>>{
                         {Region::warm_up, 1}, {Region::begin, 1}, {Region::end, 1}}));
    EXPECT_TRUE(m.result().roi);
}

}  // namespace
}  // namespace stile::sim
