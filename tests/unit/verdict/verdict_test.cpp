// SPDX-License-Identifier: Apache-2.0
//
// Question: which instruction that Stile lacks fails a run, and which is told as a warning?
#include "sim/run/verdict.h"

#include <gtest/gtest.h>

namespace stile::sim {
namespace {

UnsupportedInstruction vaddps() {
    UnsupportedInstruction u;
    u.bytes = {0xc5, 0xfc, 0x58, 0xc0};
    u.text = "vaddps ymm0, ymm0, ymm0";
    u.rip = 0x401000;
    u.symbol = "main+0x0 (/bin/p)";
    u.count = 3;
    return u;
}

RowResult judged(const MeasurementResult& measured, uint32_t power_code = 0) {
    RowResult row;
    row.measured = false;
    End end;
    end.outcome.why = model::Stop::power_off;
    end.outcome.power_code = power_code;
    judge(measured, end, 1'000'000'000, row);
    return row;
}

TEST(Verdict, CaughtByTheGuestItIsAWarning) {
    MeasurementResult measured;
    measured.unsupported = {vaddps()};
    KilledProcess other;
    other.vector = 14;
    other.message = "killed by something else";
    measured.killed = {other};
    const RowResult row = judged(measured);
    EXPECT_EQ(row.status, RowResult::Status::done);
    EXPECT_TRUE(row.failures.empty());
    EXPECT_EQ(row.warnings.at(1),
              "unsupported instruction c5 fc 58 c0 (vaddps ymm0, ymm0, ymm0) at 0x401000 main+0x0 (/bin/p), "
              "3 times");
}

TEST(Verdict, AChildThatWasSentASignalIsNoNews) {
    MeasurementResult measured;
    KilledProcess sent;
    sent.message = "sent SIGPIPE";
    measured.killed = {sent};
    const RowResult row = judged(measured);
    EXPECT_EQ(row.status, RowResult::Status::done);
    EXPECT_TRUE(row.warnings.empty());
}

TEST(Verdict, AProcessThatDiesOfItFailsTheRun) {
    MeasurementResult measured;
    measured.unsupported = {vaddps()};
    measured.unsupported[0].fatal = true;
    KilledProcess killed;
    killed.lacking = true;
    killed.vector = 6;
    killed.message = "killed by it";
    measured.killed = {killed};
    const RowResult row = judged(measured);
    EXPECT_EQ(row.status, RowResult::Status::failed);
    EXPECT_EQ(row.failures.size(), 2u);
    EXPECT_TRUE(row.warnings.empty());
}

TEST(Verdict, InTheKernelItFailsTheRunWhateverBecomesOfIt) {
    MeasurementResult measured;
    measured.unsupported = {vaddps()};
    measured.unsupported[0].in_kernel = true;
    const RowResult row = judged(measured);
    EXPECT_EQ(row.status, RowResult::Status::failed);
    EXPECT_EQ(
        row.failures.at(0),
        "unsupported instruction c5 fc 58 c0 (vaddps ymm0, ymm0, ymm0) at 0x401000 main+0x0 (/bin/p) in the "
        "kernel, 3 times");
}

TEST(Verdict, StatisticsCountByMnemonic) {
    MeasurementResult measured;
    measured.unsupported = {vaddps(), vaddps()};
    measured.unsupported[1].rip = 0x402000;
    std::vector<RowStatistic> statistics;
    add_statistics(measured, statistics);
    ASSERT_EQ(statistics.size(), 1u);
    EXPECT_EQ(statistics[0].path, "core.unsupported.vaddps");
    EXPECT_EQ(statistics[0].value, 6);
}

RowResult ended(const MeasurementResult& measured, End end, bool measured_row = false) {
    RowResult row;
    row.measured = measured_row;
    judge(measured, end, 1'000'000'000, row);
    return row;
}

TEST(Verdict, StoppedWhereItWasToStopItIsDone) {
    End end;
    end.outcome.why = model::Stop::requested;
    end.stopped = true;
    EXPECT_EQ(ended({}, end).status, RowResult::Status::done);
    EXPECT_FALSE(wants_state(end));
    end.stopped = false;
    end.max_time = "10 s";
    EXPECT_EQ(ended({}, end).status, RowResult::Status::failed);
    EXPECT_TRUE(wants_state(end));
}

TEST(Verdict, StoppedEarlyFiguresStandAndUncheckedPayloadIsAWarning) {
    MeasurementResult measured;
    measured.timed = TimedCalls{};
    measured.timed->calls = 3;
    End end;
    end.stopped = true;
    RowResult row;
    row.key.size_bytes = 64;
    judge(measured, end, 1'000'000'000, row);
    EXPECT_EQ(row.status, RowResult::Status::done);
    EXPECT_EQ(row.warnings, std::vector<std::string>{"what arrived was never checked"});
    EXPECT_EQ(row.figures->calls, 3u);
    measured.timed.reset();
    EXPECT_EQ(ended(measured, end, true).failures,
              std::vector<std::string>{"it was stopped before it made a timed call"});
}

TEST(Verdict, ARegionThatNeverBeganOrEndedFailsARunThatCountsOnIt) {
    End end;
    end.outcome.why = model::Stop::power_off;
    MeasurementResult measured;
    EXPECT_EQ(ended(measured, end).status, RowResult::Status::done);
    end.region_wanted = true;
    EXPECT_EQ(ended(measured, end).status, RowResult::Status::failed);
    EXPECT_NE(ended(measured, end).failures.at(0).find("never began"), std::string::npos);
    measured.roi_begun = true;
    EXPECT_EQ(ended(measured, end).status, RowResult::Status::done);
    end.region_end_wanted = true;
    EXPECT_NE(ended(measured, end).failures.at(0).find("never ended"), std::string::npos);
    measured.roi = model::Counters{};
    EXPECT_EQ(ended(measured, end).status, RowResult::Status::done);
}

TEST(Verdict, TheWatchdogSaysWhatRan) {
    End end;
    end.outcome.why = model::Stop::stuck;
    end.watchdog = "100 cycles";
    end.where = "process 3 (/bin/x)";
    EXPECT_EQ(
        ended({}, end).failures.at(0),
        "no instruction has retired for 100 cycles (machine.watchdog); process 3 (/bin/x) was running; see "
        "state.txt");
    EXPECT_TRUE(wants_state(end));
}

// What a workload declares and its guest leaves to the instrument.
TEST(Verdict, QuantilesOfTheTimedCallsAreReportsThatMayBeDeclared) {
    MeasurementResult measured;
    measured.timed = TimedCalls{};
    measured.timed->cycles_best = 3;
    measured.timed->cycles_p90 = 8;
    measured.timed->cycles_worst = 9;
    RowResult row;
    row.reports = {{"cycles_best", 4}};
    add_instrument_reports(measured, {{"cycles_p90"}, {"cycles_best"}, {"misses"}}, row);
    EXPECT_EQ(row.reports.size(), 1u) << "a row without figures has none";
    row.figures.emplace();
    add_instrument_reports(measured, {{"cycles_p90"}, {"cycles_best"}, {"misses"}}, row);
    const std::vector<std::pair<std::string, uint64_t>> expected{{"cycles_best", 4}, {"cycles_p90", 8}};
    EXPECT_EQ(row.reports, expected) << "what the guest says itself stays";
}

}  // namespace
}  // namespace stile::sim
