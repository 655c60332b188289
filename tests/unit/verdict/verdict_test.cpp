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

}  // namespace
}  // namespace stile::sim
