// SPDX-License-Identifier: Apache-2.0
//
// Question: does a run that goes ahead to its region of interest, or stops there, give that region's figures,
// and what does a run cost before it?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Region : public Stile {
  protected:
    // sync_call, warm enough that a cold cache at the region's begin is forgotten. Not at 64 B: the exit of a
    // loop of eight turns is at the edge of what the predictor can tell apart.
    Output measure(const std::string& arguments, const std::string& out) {
        write("run.yaml",
              "extends: " STILE_SOURCE_DIR
              "/configs/runs/compare.yaml\nworkload: {mechanisms: [function, pipe, binder, dipc], "
              "sizes: [48 B]}\nmeasure: {warmup: 50, repetitions: 50}\n");
        return stile("run run.yaml --out " + out + " " + arguments);
    }
    // A program that works for a while, then marks a region of `calls` rounds.
    void compile(const std::string& body) {
        write("p.c",
              "#include \"os/lib/region.h\"\n#include <stdio.h>\n#include <stdlib.h>\n"
              "static void work(long n) { unsigned long s = 1; while (n--) s = s * 31 + n; "
              "printf(\"%lu\\n\", s); fflush(stdout); }\n" +
                  body);
        const Output made = shell(STILE_MUSL_GCC " -static -O2 -I" STILE_SOURCE_DIR " p.c -o p");
        ASSERT_EQ(made.code, 0) << made.err;
        write("program.yaml", "workload: {name: program, path: p}\n");
    }
    Output program(const std::string& arguments, const std::string& out) {
        return stile("run program.yaml --out " + out + " " + arguments);
    }
    static nlohmann::json statistics(const std::string& out, size_t row = 0) {
        return nlohmann::json::parse(contents(out + "/stats.json"))["rows"][row]["statistics"];
    }
};

const char* const three_parts =
    "int main(void) { work(500000); stile_region_begin(); work(90000); stile_region_end(); work(600000); "
    "return 0; }\n";

TEST_F(Region, FastForwardedFiguresAreThoseOfTheTimedCore) {
    for (const std::string core : {"inorder", "ooo"}) {
        ASSERT_EQ(measure("--core " + core, "whole").code, 0);
        const Output fast = measure("--core " + core + " --fast-forward roi", "fast");
        ASSERT_EQ(fast.code, 0) << fast.err;
        const Csv a = results("whole"), b = results("fast");
        ASSERT_EQ(a.rows.size(), 5u);
        ASSERT_EQ(b.rows.size(), 5u);
        for (size_t i = 0; i < 5; ++i) {
            EXPECT_EQ(b.at(i, "core"), core);
            EXPECT_EQ(b.at(i, "checked"), "1");
            // What happens is the same; when it happens depends on where buffers and tables have come to lie.
            for (const char* column : {"syscalls", "context_switches", "page_table_switches", "copies",
                                       "domain_crossings", "instructions"})
                EXPECT_EQ(a.at(i, column), b.at(i, column)) << column << " of " << a.at(i, "mechanism");
            EXPECT_NEAR(number(b, i, "cycles_p50") / number(a, i, "cycles_p50"), 1, 0.05)
                << core << " " << a.at(i, "mechanism");
            const auto s = statistics("fast", i);
            // Nothing but a cycle per instruction, and one for each exception and interrupt that is taken.
            const auto instructions = s["fast_forward.instructions"].get<double>();
            EXPECT_GT(instructions, 10'000);
            EXPECT_LT(s["fast_forward.cycles"].get<double>(), instructions * 1.01);
            EXPECT_GE(s["fast_forward.cycles"].get<double>(), instructions);
        }
    }
}

TEST_F(Region, StoppingAtItsEndGivesTheSameTimesAndChecksNothing) {
    ASSERT_EQ(measure("", "whole").code, 0);
    const Output output = measure("--stop-at roi_end", "part");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, HasSubstr("warning: what arrived was never checked"));
    const Csv a = results("whole"), b = results("part");
    ASSERT_EQ(b.rows.size(), a.rows.size());
    for (size_t i = 0; i < a.rows.size(); ++i) {
        for (const char* column : {"cycles_mean", "cycles_p99", "instructions", "phase_user", "phase_refill"})
            EXPECT_EQ(a.at(i, column), b.at(i, column));
        EXPECT_EQ(b.at(i, "checked"), "");
    }
    // The resolved configuration stops there too.
    ASSERT_EQ(stile("run part/config.yaml --out again").code, 0);
    EXPECT_EQ(contents("part/results.csv"), contents("again/results.csv"));
}

TEST_F(Region, AProgramsOutputIsTheSameWhateverCoreRunsIt) {
    compile(three_parts);
    ASSERT_EQ(program("--core inorder", "inorder").code, 0);
    ASSERT_EQ(program("--core functional", "functional").code, 0);
    ASSERT_EQ(program("--core inorder --fast-forward roi", "fast").code, 0);
    const std::string said = contents("inorder/console.txt");
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3);
    EXPECT_EQ(contents("functional/console.txt"), said);
    EXPECT_EQ(contents("fast/console.txt"), said);
    const auto whole = statistics("inorder"), fast = statistics("fast");
    // The same instructions lie in the region, ticks apart; its time is the timed core's, cold caches apart.
    EXPECT_NEAR(fast["roi.instructions"].get<double>() / whole["roi.instructions"].get<double>(), 1, 0.01);
    EXPECT_NEAR(fast["roi.cycles"].get<double>() / whole["roi.cycles"].get<double>(), 1, 0.05);
    EXPECT_GT(fast["fast_forward.instructions"].get<double>(), 5e5 * 3);
    EXPECT_LT(fast["fast_forward.cycles"].get<double>(),
              fast["fast_forward.instructions"].get<double>() * 1.01);
}

TEST_F(Region, StopsAtItsEnd) {
    compile(three_parts);
    const auto instructions = [](const std::string& out) {
        return nlohmann::json::parse(contents(out + "/stats.json"))["rows"][0]["instructions"].get<double>();
    };
    ASSERT_EQ(program("--core functional", "whole").code, 0);
    const Output output = program("--core functional --stop-at roi_end", "r");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.out, HasSubstr("stopped"));
    const std::string said = contents("r/console.txt");
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << "the third part is not run";
    EXPECT_NEAR(instructions("r") / instructions("whole"), 56.0 / 116, 0.02);
}

TEST_F(Region, AMomentMayBeATime) {
    compile(three_parts);
    const Output stopped = program("--core functional --stop-at '500 us'", "a");
    EXPECT_EQ(stopped.code, 0) << stopped.err;
    // 0.5 ms of 3.1 GHz; a block may go beyond.
    EXPECT_NEAR(statistics("a")["sim_cycles"].get<double>(), 1'550'000, 1000);
    const Output output = program("--core inorder --fast-forward '1 ms'", "b");
    EXPECT_EQ(output.code, 0) << output.err;
    const auto s = statistics("b");
    EXPECT_NEAR(s["fast_forward.cycles"].get<double>(), 3'100'000, 1000);
    EXPECT_THAT(contents("b/config.yaml"), HasSubstr("fast_forward: 1 ms\n"));
    ASSERT_EQ(stile("run b/config.yaml --out c").code, 0);
    EXPECT_EQ(contents("b/stats.txt"), contents("c/stats.txt"));
}

TEST_F(Region, OneThatNeverComesIsAFailure) {
    compile("int main(void) { work(10); return 0; }\n");
    for (const std::string option : {"--fast-forward roi", "--stop-at roi_end"}) {
        const Output output = program("--core functional " + option, "r");
        EXPECT_EQ(output.code, 1) << option;
        EXPECT_THAT(output.err, HasSubstr("the region of interest never began")) << option;
        EXPECT_TRUE(std::filesystem::exists("r/stats.txt"));
    }
    compile("int main(void) { stile_region_begin(); work(10); return 0; }\n");
    const Output output = program("--core functional --stop-at roi_end", "r");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("began but never ended"));
}

TEST_F(Region, MomentsThatAreNoneAreRefused) {
    for (const std::string option :
         {"--fast-forward soon", "--stop-at roi", "--stop-at 5", "--fast-forward '0 s'"}) {
        const Output output = measure(option, "r");
        EXPECT_EQ(output.code, 2) << option;
        EXPECT_THAT(output.err, HasSubstr("measure.")) << option;
    }
    EXPECT_THAT(
        measure("--fast-forward soon", "r").err,
        HasSubstr("'measure.fast_forward' cannot be 'soon'; none, boot or roi, or a time such as 2 ms, is "
                  "expected"));
}

}  // namespace
}  // namespace stile::sim
