// SPDX-License-Identifier: Apache-2.0
//
// Question: do rows keep their order, and does one that dies take nobody along?
#include "sim/run/row_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/unit/results/rows.h"

namespace stile::sim {
namespace {

std::vector<RowKey> keys(size_t n) {
    std::vector<RowKey> all(n);
    for (size_t i = 0; i < n; ++i) all[i].mechanism = "m" + std::to_string(i);
    return all;
}

using Report = ProgressFunction;

TEST(RowPool, KeepsTheOrderHoweverManyRunAtOnce) {
    for (unsigned jobs : {1u, 3u, 8u}) {
        const auto run = [](size_t i, const Report& report) {
            report({i, i});
            usleep(static_cast<useconds_t>(10'000 * (5 - i)));  // the last ones end first
            return row("m" + std::to_string(i), 0, static_cast<double>(i + 1));
        };
        const PoolResult result = run_rows(keys(5), run, {jobs, 0, {}});
        ASSERT_EQ(result.rows.size(), 5u);
        EXPECT_FALSE(result.interrupted);
        for (size_t i = 0; i < 5; ++i) {
            EXPECT_EQ(result.rows[i].key.mechanism, "m" + std::to_string(i));
            EXPECT_EQ(result.rows[i].figures->cycles_mean, static_cast<double>(i + 1));
        }
    }
}

TEST(RowPool, CrashesStayAlone) {
    const auto run = [](size_t i, const Report&) -> RowResult {
        if (i == 0) raise(SIGKILL);
        if (i == 1) throw std::logic_error("cannot be");
        if (i == 2) _exit(9);
        return row("fine", 0, 1);
    };
    const PoolResult result = run_rows(keys(4), run, {2, 0, {}});
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(result.rows[i].status, RowResult::Status::crashed) << i;
    EXPECT_THAT(result.rows[0].failures.at(0), testing::HasSubstr("signal 9"));
    EXPECT_EQ(result.rows[1].failures.at(0), "cannot be");
    EXPECT_EQ(result.rows[2].failures.at(0), "its process ended with status 9 and no result");
    EXPECT_EQ(result.rows[3].status, RowResult::Status::done);
    EXPECT_EQ(result.rows[0].key.mechanism, "m0");
}

TEST(RowPool, AnInterruptKeepsWhatIsDone) {
    const auto run = [](size_t i, const Report& report) -> RowResult {
        if (i == 1) {
            kill(getppid(), SIGINT);
            for (int n = 0; n < 6000 && report({1, 1}); ++n) usleep(10'000);
            RowResult part = row("m1", 0, 1);
            part.status = RowResult::Status::interrupted;
            part.console = "so far";
            return part;
        }
        return row("m" + std::to_string(i), 0, 1);
    };
    const PoolResult result = run_rows(keys(3), run, {1, 0, {}});
    EXPECT_TRUE(result.interrupted);
    EXPECT_EQ(result.rows[0].status, RowResult::Status::done);
    EXPECT_EQ(result.rows[1].status, RowResult::Status::interrupted);
    EXPECT_EQ(result.rows[1].console, "so far") << "what it had come to";
    EXPECT_EQ(result.rows[2].status, RowResult::Status::interrupted);
}

TEST(RowPool, ASecondInterruptWaitsForNobody) {
    const auto run = [](size_t, const Report&) -> RowResult {
        for (int n = 0; n < 2; ++n) {
            kill(getppid(), SIGINT);
            usleep(300'000);
        }
        for (;;) pause();
    };
    const PoolResult result = run_rows(keys(1), run, {1, 0, {}});
    EXPECT_TRUE(result.interrupted);
    EXPECT_EQ(result.rows[0].status, RowResult::Status::interrupted);
}

TEST(RowPool, ATerminalThatGoesTwiceIsOneInterrupt) {
    signal(SIGHUP, SIG_DFL);  // whatever nohup has left
    const auto run = [](size_t, const Report& report) -> RowResult {
        kill(getppid(), SIGHUP);
        for (int n = 0; n < 6000 && report({1, 1}); ++n) usleep(10'000);
        kill(getppid(), SIGHUP);
        usleep(500'000);
        RowResult part = row("m0", 0, 1);
        part.status = RowResult::Status::interrupted;
        part.console = "so far";
        return part;
    };
    const PoolResult result = run_rows(keys(1), run, {1, 0, {}});
    EXPECT_TRUE(result.interrupted);
    EXPECT_EQ(result.rows[0].console, "so far");
}

TEST(RowPool, LongResultsArrive) {
    const auto run = [](size_t, const Report&) {
        RowResult big = row("big", 0, 1);
        big.console.assign(3'000'000, 'x');
        return big;
    };
    EXPECT_EQ(run_rows(keys(2), run, {2, 0, {}}).rows[1].console.size(), 3'000'000u);
}

}  // namespace
}  // namespace stile::sim
