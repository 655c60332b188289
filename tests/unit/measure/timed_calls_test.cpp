// SPDX-License-Identifier: Apache-2.0
//
// Do the figures of a row follow from its calls?
#include "sim/measure/timed_calls.h"

#include <gtest/gtest.h>

#include <numeric>

namespace stile::sim {
namespace {

struct Calls {
    CallRecorder recorder;
    model::Counters now;
    uint64_t number = 0;

    // A call of so many cycles, half of them (rounded down) in `copy`, and as many instructions as its
    // number.
    void call(uint64_t cycles, bool ticked = false) {
        recorder.call_begin(0, number, {now});
        now.cycles += cycles;
        now.phase[static_cast<size_t>(model::Phase::copy)] += cycles / 2;
        now.phase[static_cast<size_t>(model::Phase::user)] += cycles - cycles / 2;
        now.instructions += 100 + number;
        if (ticked) recorder.tick(0);
        recorder.call_end(0, number++, {now});
        now.cycles += 1000;  // between calls: nobody's
    }
};

TEST(TimedCalls, none_is_nothing) { EXPECT_FALSE(CallRecorder().summary()); }

TEST(TimedCalls, mean_median_and_99th_percentile_by_nearest_rank) {
    Calls c;
    for (uint64_t i = 1; i <= 200; ++i) c.call(i);
    const auto t = *c.recorder.summary();
    EXPECT_EQ(t.calls, 200u);
    EXPECT_DOUBLE_EQ(t.cycles_mean, 100.5);
    EXPECT_EQ(t.cycles_p50, 100);
    EXPECT_EQ(t.cycles_p99, 198);
    EXPECT_EQ(t.cycles_best, 1u);
    EXPECT_EQ(t.cycles_p90, 180u);
    EXPECT_EQ(t.cycles_worst, 200u);
}

TEST(TimedCalls, event_columns_are_those_of_the_median_call) {
    Calls c;
    for (uint64_t cycles : {50, 10, 30, 20, 40}) c.call(cycles);
    const auto t = *c.recorder.summary();
    EXPECT_EQ(t.median.cycles, 30u);
    EXPECT_EQ(t.median.instructions, 102u);
}

TEST(TimedCalls, a_call_with_a_tick_counts_in_the_mean_but_is_never_the_median) {
    Calls c;
    c.call(10);
    c.call(20, true);
    c.call(1000);
    c.call(20, true);
    c.call(30);
    const auto t = *c.recorder.summary();
    EXPECT_EQ(t.ticked, 2u);
    EXPECT_DOUBLE_EQ(t.cycles_mean, 216);
    EXPECT_EQ(t.cycles_p50, 20);
    EXPECT_EQ(t.median.cycles, 30u);
}

TEST(TimedCalls, with_ticks_in_every_call_the_median_is_taken_from_them) {
    Calls c;
    for (uint64_t cycles : {3, 1, 2}) c.call(cycles, true);
    EXPECT_EQ(c.recorder.summary()->median.cycles, 2u);
}

TEST(TimedCalls, a_tick_between_calls_belongs_to_none) {
    Calls c;
    c.call(10);
    c.recorder.tick(0);
    c.call(20);
    EXPECT_EQ(c.recorder.summary()->ticked, 0u);
}

TEST(TimedCalls, phases_sum_to_the_mean) {
    Calls c;
    for (uint64_t i = 1; i <= 7; ++i) c.call(i * i);
    const auto t = *c.recorder.summary();
    EXPECT_DOUBLE_EQ(std::accumulate(t.phase_mean.begin(), t.phase_mean.end(), 0.0), t.cycles_mean);
    EXPECT_DOUBLE_EQ(t.phase_mean[static_cast<size_t>(model::Phase::copy)],
                     (0 + 2 + 4 + 8 + 12 + 18 + 24) / 7.0);
}

TEST(TimedCalls, the_region_of_interest_holds_calls_and_what_lies_between) {
    Calls c;
    c.now.cycles = 500;
    c.recorder.roi_begin({c.now});
    c.call(10);
    c.call(20);
    c.recorder.roi_end(0, {c.now});
    EXPECT_EQ(c.recorder.roi()->cycles, 2030u);
}

TEST(TimedCalls, unpaired_marks_are_reported) {
    Calls c;
    c.recorder.call_end(0, 4, {c.now});
    c.recorder.call_begin(0, 5, {c.now});
    c.recorder.call_begin(0, 6, {c.now});
    c.recorder.roi_end(0, {c.now});
    EXPECT_EQ(c.recorder.warnings(),
              (std::vector<std::string>{
                  "timed call 4 ends that has not begun", "timed call 6 begins before call 5 has ended",
                  "a region of interest ends that has not begun", "timed call 6 has not ended"}));
}

}  // namespace
}  // namespace stile::sim
