// SPDX-License-Identifier: Apache-2.0
//
// Question: do the files have the columns that are promised, and does a row survive its way through CBOR?
#include "sim/results/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/results/sha256.h"
#include "sim/results/stats.h"
#include "sim/results/table.h"
#include "tests/unit/results/rows.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

TEST(Csv, ColumnsAreThePromisedOnes) {
    const Csv csv = parse_csv(results_csv({}));
    std::string header;
    for (const std::string& name : csv.header) header += (header.empty() ? "" : ",") + name;
    EXPECT_EQ(header,
              "mechanism,policy,scope,placement,size_bytes,proxies,protection,core,machine,kernel_profile,"
              "calls,cycles_mean,"
              "cycles_p50,cycles_p99,ns_mean,instructions,kernel_instructions,syscalls,context_switches,page_"
              "table_switches,"
              "bytes_copied,copies,copies_kernel,copies_proxy,copies_user,tlb_misses,apl_misses,domain_"
              "crossings,checked,"
              "phase_user,phase_stub,phase_proxy,phase_entry_exit,phase_dispatch,phase_copy,phase_schedule,"
              "phase_pt_switch,"
              "phase_refill,phase_wait,phase_other,run_cycles,run_ns,run_instructions");
}

TEST(Csv, RowsAreReadBack) {
    RowResult odd = row("pipe", 64, 1234.5);
    odd.key.machine = "a, \"b\"";
    const Csv csv = parse_csv(results_csv({row("function", 0, 12.25), odd}));
    ASSERT_EQ(csv.rows.size(), 2u);
    EXPECT_EQ(csv.at(0, "cycles_mean"), "12.25");
    EXPECT_EQ(csv.at(0, "copies"), "");  // nothing to copy at 0 B
    EXPECT_EQ(csv.at(1, "copies"), "2");
    EXPECT_EQ(csv.at(1, "machine"), "a, \"b\"");
    EXPECT_EQ(csv.at(1, "checked"), "1");
    EXPECT_EQ(csv.at(1, "phase_user"), "411.5");
    EXPECT_THROW(parse_csv("a,b\n1\n"), std::runtime_error);
}

TEST(Csv, DeclaredReportsAreColumnsAfterAllOthers) {
    RowResult first = row("pipe", 64, 1), second = row("pipe", 0, 1);
    first.reports = {{"missed", 2}, {"other", 9}, {"missed", 3}};
    second.reports = {{"late", 0}};
    const Csv csv = parse_csv(results_csv({first, second}, {"missed", "late"}));
    ASSERT_GE(csv.header.size(), 3u);
    EXPECT_EQ(csv.header[csv.header.size() - 3], "run_instructions");
    EXPECT_EQ(csv.header[csv.header.size() - 2], "missed");
    EXPECT_EQ(csv.header[csv.header.size() - 1], "late");
    EXPECT_EQ(csv.at(0, "missed"), "3");  // the last value counts
    EXPECT_EQ(csv.at(0, "late"), "");     // not reported is not 0
    EXPECT_EQ(csv.at(1, "missed"), "");
    EXPECT_EQ(csv.at(1, "late"), "0");
    EXPECT_EQ(csv.at(0, "other"), "");  // not declared: a statistic only
}

// So that every row that was asked for is in one of the three files.
TEST(Csv, WhatFailedIsListedWithItsReasons) {
    RowResult before = row("pipe", 64, 1), after = row("binder", 64, 1, "low"), stopped = row("dipc", 0, 1);
    before.figures.reset();
    before.status = after.status = RowResult::Status::failed;
    before.failures = {"process 2 (server) died of SIGSEGV, in \"run\"", "no timed calls"};
    after.failures = {"WRONG"};
    stopped.figures.reset();
    stopped.status = RowResult::Status::interrupted;
    const Csv csv = parse_csv(failed_csv({before, row("function", 0, 1), after, stopped}));
    ASSERT_EQ(csv.rows.size(), 3u);
    EXPECT_THAT(csv.header,
                testing::ElementsAre("mechanism", "policy", "scope", "placement", "size_bytes", "proxies",
                                     "protection", "core", "machine", "kernel_profile", "status", "reason"));
    EXPECT_EQ(csv.at(0, "mechanism"), "pipe");
    EXPECT_EQ(csv.at(0, "status"), "failed");
    EXPECT_EQ(csv.at(0, "reason"), "process 2 (server) died of SIGSEGV, in \"run\"; no timed calls");
    EXPECT_EQ(csv.at(1, "policy"), "low");
    EXPECT_EQ(csv.at(1, "reason"), "WRONG");
    EXPECT_EQ(csv.at(2, "status"), "interrupted");
    EXPECT_EQ(failed_csv({row("function", 0, 1)}), "") << "no file where nothing failed";
}

TEST(Csv, WhatMakesNoTimedCallsHasALineOfItsOwn) {
    RowResult program = row("program", 0, 1), failed = program;
    program.figures.reset();
    program.cycles = 931575;
    program.ns = 300508.064516;
    program.instructions = 74309;
    program.reports = {{"found", 7}};
    failed.figures.reset();
    failed.status = RowResult::Status::failed;
    const Csv csv = parse_csv(results_csv({failed, program, row("pipe", 0, 5)}, {"found"}));
    ASSERT_EQ(csv.rows.size(), 2u);
    EXPECT_EQ(csv.at(0, "mechanism"), "program");
    EXPECT_EQ(csv.at(0, "calls"), "0");
    for (const char* column : {"cycles_mean", "checked", "phase_user", "phase_other"})
        EXPECT_EQ(csv.at(0, column), "") << column;
    EXPECT_EQ(csv.at(0, "run_cycles"), "931575");
    EXPECT_EQ(csv.at(0, "run_ns"), "300508.064516");
    EXPECT_EQ(csv.at(0, "run_instructions"), "74309");
    EXPECT_EQ(csv.at(0, "found"), "7");
    EXPECT_EQ(csv.at(1, "calls"), "200");
}

TEST(Csv, RefusalsAreApart) {
    RowResult refused = row("syscall", 64, 1);
    refused.figures.reset();
    refused.status = RowResult::Status::refused;
    refused.refused_errno = 22;
    refused.refused_because = "no such core, alas";
    EXPECT_EQ(parse_csv(results_csv({refused})).rows.size(), 0u);
    const Csv csv = parse_csv(refused_csv({refused, row("pipe", 0, 5)}));
    ASSERT_EQ(csv.rows.size(), 1u);
    EXPECT_EQ(csv.at(0, "errno"), "22");
    EXPECT_EQ(csv.at(0, "errno_name"), "EINVAL");
    EXPECT_EQ(csv.at(0, "reason"), "no such core, alas");
}

TEST(Csv, NumbersAreShortAndStable) {
    EXPECT_EQ(number_text(12), "12");
    EXPECT_EQ(number_text(12.5), "12.5");
    EXPECT_EQ(number_text(1.0 / 3), "0.333333");
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(1e9), "1000000000");
}

TEST(RowResult, SurvivesTheWayBetweenProcesses) {
    RowResult sent = row("dipc", 4096, 100.0 / 3, "low");
    sent.console = std::string("\xff\0\n", 3);
    sent.failures = {"a"};
    sent.warnings = {"b"};
    sent.reports = {{"x", 7}};
    sent.exit_status = 256;
    sent.cycles = ~0ull;
    const RowResult got = row_from_json(nlohmann::json::from_cbor(nlohmann::json::to_cbor(to_json(sent))));
    EXPECT_EQ(got.console, sent.console);
    EXPECT_EQ(got.figures->cycles_mean, sent.figures->cycles_mean);
    EXPECT_EQ(results_csv({got}), results_csv({sent}));
    EXPECT_EQ(stats_json({got}), stats_json({sent}));
    EXPECT_EQ(stats_txt({got}), stats_txt({sent}));
}

TEST(Stats, HaveTheFormatOfGem5) {
    const std::string text = stats_txt({row("pipe", 64, 10)});
    EXPECT_THAT(text, HasSubstr("\n---------- Begin Simulation Statistics ----------\n"));
    EXPECT_THAT(text, testing::ContainsRegex("core0.instructions +1234  # instructions retired\n"));
    EXPECT_THAT(text, testing::ContainsRegex("core0.ipc +0.5  # per cycle\n"));
    EXPECT_EQ(nlohmann::json::parse(
                  stats_json({row("pipe", 64, 10)}))["rows"][0]["statistics"]["core0.instructions"],
              1234);
}

TEST(Table, HoldsRowsAgainstAFunctionCallOfTheirSize) {
    const std::string text = result_table(
        {row("function", 0, 10), row("function", 64, 20), row("pipe", 0, 1000), row("pipe", 64, 1000)});
    EXPECT_THAT(text, testing::ContainsRegex("pipe +- +0 B +1000 +323 +100 +2 +0 +- +yes"));
    EXPECT_THAT(text, testing::ContainsRegex("pipe +- +64 B +1000 +323 +50.0 +2 +0 +2 +yes"));
}

TEST(Table, SaysWhatIsMissing) {
    RowResult failed = row("pipe", 0, 1);
    failed.figures.reset();
    failed.status = RowResult::Status::failed;
    RowResult open = failed;
    open.status = RowResult::Status::interrupted;
    const std::string text = result_table({row("pipe", 64, 10), failed, open});
    EXPECT_THAT(text, HasSubstr("FAILED"));
    EXPECT_THAT(text, HasSubstr("not finished"));
    EXPECT_THAT(text, testing::ContainsRegex("64 B +10.0 +3.2 +-"));  // no function row: no ratio
}

// FIPS 180-4 examples, and a message that needs a second padding block.
TEST(Sha256, KnownAnswers) {
    EXPECT_EQ(sha256(std::string("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256(std::string()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256(std::string("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace stile::sim
