// SPDX-License-Identifier: Apache-2.0
//
// Does results.sqlite hold what points have come to, exactly, and does a text that is damaged say so?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "sim/results/csv.h"
#include "sim/sqlite/sqlite.h"
#include "sim/sweep/store/store.h"

namespace stile::sim {
namespace {

RowResult row(const std::string& mechanism) {
    RowResult r;
    r.key = {mechanism,  "low",    "cross_process", "same_core", 64,
             "software", "codoms", "ooo",           "default",   "tiny"};
    r.status = RowResult::Status::done;
    Figures f;
    f.calls = 200;
    f.cycles_mean = 1234.333333;
    f.cycles_p50 = 1200;
    f.copies = 1.5;
    f.tlb_misses = 18446744073709551ull;
    f.phase[0] = 0.1;
    r.figures = f;
    r.statistics = {{"core.ipc", 0.1 + 0.2, false, "", "a figure"}, {"core.nothing", NAN, false, "", "none"}};
    r.reports = {{"domain_calls", 320}};
    r.cycles = 1'000'000;
    r.instructions = 400'000;
    r.host_seconds = 0.25;
    r.console = "what no sweep keeps \xff\x01";
    r.proxies = {{0x1000, 0, "\xff\x90"}};
    return r;
}

class StoreTest : public testing::Test {
  protected:
    StoreTest() {
        std::string name = "/tmp/stile-store-XXXXXX";
        folder_ = mkdtemp(name.data());
        path_ = folder_ / "results.sqlite";
        StoredSweep sweep;
        sweep.meta = {{"name", "x"}, {"points", "3"}};
        sweep.axes = {{"machine.l1d.size", "B", std::nullopt}, {"protection", "", 1}};
        sweep.points = {{"c1",
                         "",
                         {{"machine.l1d.size", "8 KiB", 8192}, {"protection", "codoms", std::nullopt}},
                         {{"l1d", 65536, 0.25, 0.5, 12, 3, false}, {"llc", 1, 2, 3, 4, 5, true}}},
                        {"c2", "values that do not go together", {}, {}},
                        {"c3", "", {}, {}}};
        sweep.reports = {"domain_calls"};
        create_store(path_, sweep);
    }
    ~StoreTest() override { std::filesystem::remove_all(folder_); }

    std::string query(const std::string& sql) const {
        std::string all;
        Database(path_, Database::For::reading).query(sql, [&](const Statement& r) {
            all += (all.empty() ? "" : "\n") + r.text(0);
        });
        return all;
    }

    std::filesystem::path folder_, path_;
};

TEST_F(StoreTest, IsThereBeforeAnythingRuns) {
    EXPECT_EQ(query("PRAGMA user_version"), "1");
    EXPECT_EQ(query("SELECT position || key || unit || coalesce(zip_group, '-') FROM axes"),
              "1machine.l1d.sizeB-\n2protection1");
    EXPECT_EQ(query("SELECT value || ' ' || number FROM axis_values WHERE key LIKE 'machine%'"),
              "8 KiB 8192.0");
    EXPECT_EQ(query("SELECT typeof(number) FROM axis_values WHERE key = 'protection'"), "null");
    EXPECT_EQ(query("SELECT point || status || reason FROM points"),
              "2invalidvalues that do not go together");
    EXPECT_EQ(query("SELECT name || area_mm2 || shared FROM arrays"), "l1d0.250\nllc2.01");
}

TEST_F(StoreTest, TextOfAPointComesBackWhole) {
    PointResult result = judge_point(3, {row("dipc")});
    result.config_sha256 = "c3";
    result.program_sha256 = "p";
    const std::string text = to_text(result);
    const PointResult back = point_from_text(text);
    EXPECT_EQ(to_text(back), text);
    EXPECT_EQ(back.point, 3u);
    EXPECT_EQ(back.status, PointResult::Status::done);
    EXPECT_EQ(results_csv(back.rows), results_csv({row("dipc")}));
    EXPECT_EQ(back.rows.at(0).statistics.at(0).value, 0.1 + 0.2) << "to the last bit";
    EXPECT_TRUE(std::isnan(back.rows.at(0).statistics.at(1).value));
    EXPECT_EQ(back.rows.at(0).console, "");
    EXPECT_TRUE(back.rows.at(0).proxies.empty()) << "bytes that no JSON text can hold";
}

TEST_F(StoreTest, DamagedTextIsTold) {
    PointResult result = judge_point(3, {row("dipc")});
    const std::string text = to_text(result);
    const auto why = [](const std::string& damaged) {
        try {
            point_from_text(damaged);
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("nothing");
    };
    EXPECT_EQ(why(text), "nothing");
    // Every byte matters, and every length.
    for (size_t i = 0; i < text.size(); i += 7) {
        std::string damaged = text;
        damaged[i] ^= 1;
        ASSERT_EQ(why(damaged), "its text does not fit the hash at its end") << i;
        ASSERT_NE(why(text.substr(0, i)), "nothing") << i;
    }
    EXPECT_NE(why(""), "nothing");
}

TEST_F(StoreTest, PointsAreRecordedAndReplaced) {
    Store store(path_);
    PointResult failed;
    failed.point = 1;
    failed.status = PointResult::Status::timeout;
    failed.reason = "too slow";
    store.record(failed, {"domain_calls"});
    EXPECT_EQ(store.statuses(), (std::map<size_t, std::string>{{1, "timeout"}, {2, "invalid"}}));

    RowResult refused = row("codoms");
    refused.status = RowResult::Status::refused;
    refused.refused_errno = 95;
    refused.figures.reset();
    PointResult result = judge_point(1, {row("dipc"), refused, row("pipe")});
    result.attempts = 2;
    store.record(result, {"domain_calls"});
    EXPECT_EQ(store.statuses().at(1), "done");
    EXPECT_EQ(query("SELECT row || mechanism FROM results ORDER BY row"), "1dipc\n3pipe");
    EXPECT_EQ(query("SELECT row || mechanism || errno || reason FROM refused"), "2codoms95EOPNOTSUPP");
    EXPECT_EQ(query("SELECT attempts FROM host"), "2");
    EXPECT_EQ(query("SELECT value FROM statistics WHERE name = 'run.cycles' AND row = 1"), "1000000.0");
    EXPECT_EQ(query("SELECT value FROM statistics WHERE name = 'report.domain_calls' AND row = 1"), "320.0");
    EXPECT_EQ(query("SELECT typeof(value) FROM statistics WHERE name = 'core.nothing' AND row = 1"), "null");

    // The columns are those of a run's results.csv, and so are the cells.
    const Csv csv = parse_csv(results_csv({row("dipc")}, {"domain_calls"}));
    const Database database(path_, Database::For::reading);
    std::vector<std::string> columns = database.columns("results");
    columns.erase(columns.begin(), columns.begin() + 2);
    EXPECT_EQ(columns, csv.header);
    database.query("SELECT * FROM results WHERE row = 1", [&](const Statement& r) {
        for (size_t i = 0; i < csv.header.size(); ++i)
            EXPECT_EQ(r.cell(static_cast<int>(i) + 2), csv.rows[0][i]) << csv.header[i];
    });
    EXPECT_EQ(query("SELECT typeof(cycles_mean) || typeof(calls) || typeof(copies_kernel) FROM results WHERE "
                    "row = 1"),
              "realintegernull");
}

TEST_F(StoreTest, WhatIsNotCommittedIsUndone) {
    {
        Database database(path_, Database::For::writing);
        const Transaction transaction(database);
        database.execute("DELETE FROM meta");
    }
    EXPECT_EQ(query("SELECT value FROM meta WHERE key = 'name'"), "x");
}

TEST_F(StoreTest, AnotherSchemaIsRefused) {
    Database(path_, Database::For::writing).execute("PRAGMA user_version = 9");
    EXPECT_THROW({ Store store(path_); }, DatabaseError);
}

TEST(JudgePoint, TellsTheHostsFaultsFromTheGuests) {
    RowResult good = row("pipe"), bad = row("dipc"), slow = row("file"), killed = row("fifo");
    bad.status = RowResult::Status::failed;
    bad.failures = {"it panicked", "and how"};
    slow.status = RowResult::Status::failed;
    slow.trouble = RowResult::Trouble::timeout;
    slow.failures = {"too slow"};
    killed.status = RowResult::Status::crashed;
    killed.trouble = RowResult::Trouble::signal;

    const PointResult failed = judge_point(1, {good, bad});
    EXPECT_EQ(failed.status, PointResult::Status::failed);
    EXPECT_EQ(failed.reason, "dipc low 64 B: it panicked; and how");
    EXPECT_FALSE(failed.of_host);
    EXPECT_TRUE(failed.rows.empty()) << "a failed point has no lines";
    EXPECT_EQ(judge_point(1, {good, slow}).status, PointResult::Status::timeout);
    EXPECT_TRUE(judge_point(1, {good, slow}).of_host);
    EXPECT_EQ(judge_point(1, {killed, slow}).status, PointResult::Status::crashed);
    EXPECT_TRUE(judge_point(1, {killed, slow}).of_host);
    EXPECT_FALSE(judge_point(1, {bad, slow}).of_host) << "it would fail again";
    EXPECT_EQ(judge_point(1, {good}).status, PointResult::Status::done);
    EXPECT_NEAR(judge_point(1, {good, good}).mips, 1.6, 1e-9);
}

}  // namespace
}  // namespace stile::sim
