// SPDX-License-Identifier: Apache-2.0
//
// Does a sweep give each point what `stile run` gives it, whoever simulates how many at a time, and does it
// say what went wrong with those that did not come out well?
#include "tests/sweep/sweep_fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

// Mechanisms that hardly take time; one of them is refused where there are no protection keys.
constexpr const char* small =
    "extends: " STILE_SOURCE_DIR
    "/configs/runs/compare.yaml\n"
    "workload: {mechanisms: [function, pipe, mpk], policies: [low], sizes: [64 B]}\n"
    "measure: {warmup: 2, repetitions: 3, fast_forward: roi}\n"
    "sweep:\n"
    "  axes:\n"
    "    protection: [mpk, paging]\n"
    "    machine.l1d.latency: [4, 6]\n";

// A guest that does as its arguments say.
constexpr const char* program = "extends: " STILE_SOURCE_DIR
                                "/configs/machines/default.yaml\n"
                                "workload: {name: program, path: guest.elf}\n"
                                "measure: {max_time: 1000 s}\n"
                                "machine: {core: {model: functional}}\n";
constexpr const char* guest =
    "#include <stdlib.h>\n"
    "int main(int c, char** v) {\n"
    "    if (v[1][0] == 'f') for (;;) __asm__ volatile(\"\");\n"
    "    if (v[1][0] == 'a') abort();\n"
    "    return atoi(v[1]);\n"
    "}\n";

class SweepRuns : public Sweep {
  protected:
    void make_guest() {
        write("guest.c", guest);
        ASSERT_EQ(shell(STILE_MUSL_GCC " -static -O1 guest.c -o guest.elf").code, 0);
    }
};

TEST_F(SweepRuns, EachPointIsWhatARunOfItIs) {
    write("s.yaml", small);
    const Output output = stile("sweep s.yaml --out o");
    ASSERT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, HasSubstr("stile: results are in " + folder_ + "/o"));
    const Csv all = results("o");
    ASSERT_EQ(all.rows.size(), 10u) << "mpk is refused where there are no protection keys";
    EXPECT_EQ(
        query("o",
              "SELECT point || ' ' || row || ' ' || mechanism || ' ' || errno FROM refused ORDER BY point"),
        "3 3 mpk 38\n4 3 mpk 38");
    EXPECT_EQ(query("o", "SELECT group_concat(status) FROM points"), "done,done,done,done");
    EXPECT_EQ(all.at(0, "machine.l1d.latency") + all.at(9, "machine.l1d.latency"), "46");
    EXPECT_LT(number(all, 0, "cycles_mean"), number(all, 3, "cycles_mean")) << "a slower cache is slower";
    // The same bytes, whether a point is simulated in its sweep, from its directory, or from the file.
    for (const char* point : {"2", "3"}) {
        ASSERT_EQ(stile(std::string("run s.yaml --out r --point ") + point).code, 0);
        ASSERT_EQ(stile(std::string("run o/config.yaml --out d --point ") + point).code, 0);
        EXPECT_EQ(contents("r/results.csv"), contents("d/results.csv"));
        const Csv one = results("r");
        size_t row = 0;
        for (size_t i = 0; i < all.rows.size(); ++i) {
            if (all.at(i, "point") != point) continue;
            for (const std::string& column : one.header)
                EXPECT_EQ(all.at(i, column), one.at(row, column)) << point << " " << column;
            ++row;
        }
        EXPECT_EQ(row, one.rows.size());
    }
    // Nothing is left of the work.
    EXPECT_TRUE(std::filesystem::is_empty("o/work"));
    EXPECT_FALSE(std::filesystem::exists("o/failed"));
}

TEST_F(SweepRuns, HowManyAtATimeChangesNothing) {
    write("s.yaml", small);
    ASSERT_EQ(stile("sweep s.yaml --out one --jobs 1").code, 0);
    ASSERT_EQ(stile("sweep s.yaml --out four --jobs 4").code, 0);
    EXPECT_EQ(contents("one/results.csv"), contents("four/results.csv"));
    EXPECT_EQ(contents("one/config.yaml"), contents("four/config.yaml"));
    const char* everything =
        "SELECT group_concat(point || row || name || coalesce(value, '')) FROM statistics";
    EXPECT_EQ(query("one", everything), query("four", everything));
}

TEST_F(SweepRuns, SharedBootChangesNoResult) {
    write("s.yaml", small);
    ASSERT_EQ(stile("sweep s.yaml --out shared").code, 0);
    ASSERT_EQ(stile("sweep s.yaml --out own --no-shared-boot").code, 0);
    EXPECT_EQ(contents("shared/results.csv"), contents("own/results.csv"));
    EXPECT_FALSE(std::filesystem::is_empty("shared/boot"));
    EXPECT_FALSE(std::filesystem::exists("own/boot"));
    const Output none = stile("sweep s.yaml --out none --set measure.fast_forward=none");
    EXPECT_THAT(none.err, HasSubstr("every point boots by itself"));
}

TEST_F(SweepRuns, AFailureIsRecordedAndTheOthersGoOn) {
    make_guest();
    write("s.yaml",
          std::string(program) +
              "sweep:\n  axes:\n    workload.args: [[0], [3], [abort], [\"0\", x]]\n    os.seed: [1, 2]\n");
    const Output output = stile("sweep s.yaml --out o");
    EXPECT_EQ(output.code, 1);
    EXPECT_EQ(query("o", "SELECT group_concat(status) FROM (SELECT status FROM points ORDER BY point)"),
              "done,done,failed,failed,failed,failed,done,done");
    EXPECT_THAT(query("o", "SELECT reason FROM points WHERE point = 3"),
                HasSubstr("the main process ended with exit status 3; workload.expect_exit is 0"));
    EXPECT_EQ(query("o", "SELECT attempts FROM host WHERE point = 3"), "1") << "it would fail again";
    EXPECT_THAT(output.err, HasSubstr("stile: point 3 (workload.args: [\"3\"], os.seed: 1): failed: "));
    EXPECT_THAT(contents("o/failed/000005/reason.txt"), HasSubstr("SIGABRT"));
    EXPECT_THAT(contents("o/failed/000003/config.yaml"), HasSubstr("args: [\"3\"]"));
    EXPECT_EQ(stile("run o/failed/000003/config.yaml --out again").code, 1) << "it can be done again alone";
    EXPECT_EQ(query("o", "SELECT count(*) FROM statistics WHERE point = 3"), "0");
    // Those that failed run again, and only they.
    const std::string before =
        query("o", "SELECT group_concat(point || ' ' || seconds) FROM host WHERE point IN (1, 7)");
    EXPECT_EQ(stile("sweep s.yaml --out o --resume").code, 1);
    EXPECT_EQ(query("o", "SELECT group_concat(point || ' ' || seconds) FROM host WHERE point IN (1, 7)"),
              before);
}

TEST_F(SweepRuns, AGuestThatNeverEndsIsGivenUp) {
    make_guest();
    write("s.yaml", std::string(program) +
                        "sweep: {axes: {workload.args: [[forever], [0]]}, timeout: 500 ms, retries: 1}\n");
    const Output output = stile("sweep s.yaml --out o");
    EXPECT_EQ(output.code, 1) << output.err;
    EXPECT_EQ(query("o", "SELECT group_concat(status) FROM points"), "timeout,done");
    EXPECT_EQ(query("o", "SELECT attempts FROM host WHERE point = 1"), "2");
    EXPECT_THAT(query("o", "SELECT reason FROM points WHERE point = 1"),
                HasSubstr("it had not ended after 0.5 s of this computer's time"));
    EXPECT_THAT(contents("o/failed/000001/state.txt"), HasSubstr("guest.elf")) << "what it was doing";
    // Another time limit is no other sweep.
    EXPECT_EQ(stile("sweep s.yaml --out o --resume --set sweep.timeout='300 ms' --set sweep.retries=0").code,
              1);
    EXPECT_THAT(query("o", "SELECT reason FROM points WHERE point = 1"), HasSubstr("0.3 s"));
    EXPECT_THAT(contents("o/config.yaml"), HasSubstr("timeout: 300 ms"));
}

TEST_F(SweepRuns, WhatDoesNotGoTogetherIsToldFirstOrLeftOut) {
    write("s.yaml", std::string(small) + "    machine.l1d.ways: [8, 6]\n");
    const Output refused = stile("sweep s.yaml --out o");
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(
        refused.err,
        HasSubstr(
            "s.yaml:8:27: error: 'machine.l1d' has no power of two of sets: 32 KiB in 6 ways of 64-byte "
            "lines in 4 of 8 points, first with protection: mpk, machine.l1d.latency: 4, "
            "machine.l1d.ways: 6; "));
    EXPECT_FALSE(std::filesystem::exists("o")) << "nothing has been begun";
    const Output skipped = stile("sweep s.yaml --out o --set sweep.invalid=skip");
    EXPECT_EQ(skipped.code, 0) << skipped.err;
    EXPECT_EQ(query("o", "SELECT group_concat(status) FROM (SELECT status FROM points ORDER BY point)"),
              "done,invalid,done,invalid,done,invalid,done,invalid");
    EXPECT_THAT(query("o", "SELECT reason FROM points WHERE point = 2"),
                HasSubstr("no power of two of sets"));
    write("n.yaml", std::string(small) + "    machine.l1d.ways: [6]\n");
    EXPECT_EQ(stile("sweep n.yaml --out n --set sweep.invalid=skip").code, 2) << "nothing would be left";
}

// What a program without timed calls has is its whole run.
TEST_F(SweepRuns, ProgramsAreHeldAgainstEachOtherByTheirWholeRun) {
    make_guest();
    write("s.yaml",
          std::string(program) +
              "sweep: {axes: {workload.args: [['0']], machine.core.model: [functional, inorder, ooo]}}\n");
    const Output output = stile("sweep s.yaml --out o");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv all = results("o");
    ASSERT_EQ(all.rows.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(all.at(i, "calls") + all.at(i, "cycles_mean"), "0");
        EXPECT_EQ(all.at(i, "run_instructions"), all.at(0, "run_instructions"));
        EXPECT_NEAR(number(all, i, "run_ns"), number(all, i, "run_cycles") / 3.1, 0.001);
    }
    EXPECT_GT(number(all, 1, "run_cycles"), number(all, 2, "run_cycles"));
    EXPECT_GT(number(all, 2, "run_cycles"), number(all, 0, "run_cycles"));
    EXPECT_THAT(output.out, testing::StartsWith("Build core.model ooo: "));
    EXPECT_THAT(output.out, HasSubstr(" cycles per run"));
    EXPECT_THAT(output.err, HasSubstr("no row makes timed calls, as cycles_mean needs them: run_cycles is "
                                      "shown instead"));
    const Output one = stile("run s.yaml --point 2 --out p");
    EXPECT_EQ(one.code, 0) << one.err;
    EXPECT_EQ(results("p").at(0, "run_cycles"), all.at(1, "run_cycles"));
    EXPECT_THAT(stile("diff p p --threshold 1").out, HasSubstr("1 rows compared: 1 without a difference"));
}

TEST_F(SweepRuns, RunAndSweepTellEachOther) {
    write("s.yaml", small);
    const Output run = stile("run s.yaml --out o");
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(
        run.err,
        HasSubstr("s.yaml:4:1: error: 'sweep' makes many configurations of this one; 'stile sweep' "));
    const Output sweep = stile("sweep " STILE_SOURCE_DIR "/configs/runs/compare.yaml --out o");
    EXPECT_EQ(sweep.code, 2);
    EXPECT_THAT(sweep.err, HasSubstr("'sweep' is missing; this is one run: 'stile run' does it"));
    EXPECT_EQ(stile("area s.yaml").code, 0) << "of the machine without the axes";
    EXPECT_THAT(stile("run s.yaml --out o --point 5").err,
                HasSubstr("there is no such point; the sweep has 4"));
    EXPECT_THAT(stile("sweep s.yaml --out o --set sweep.report.objective=cycle_mean").err,
                HasSubstr("'sweep.report.objective' cannot be 'cycle_mean'; did you mean 'cycles_mean'?"));
    EXPECT_FALSE(std::filesystem::exists("o"));
}

}  // namespace
}  // namespace stile::sim
