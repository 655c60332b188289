// SPDX-License-Identifier: Apache-2.0
//
// Is a sweep that was killed, twice, and went on the same as one that was not, and is it told when it must
// not go on?
#include <sys/resource.h>

#include "tests/sweep/sweep_fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Twelve points of some tenths of a second.
constexpr const char* points =
    "extends: " STILE_SOURCE_DIR
    "/configs/runs/domains.yaml\n"
    "measure: {warmup: 2, repetitions: 20, fast_forward: roi}\n"
    "sweep:\n"
    "  axes:\n"
    "    workload.live: [2, 4, 8]\n"
    "  zip:\n"
    "    - {machine.codoms.apl_cache.entries: [2, 4, 8, 16], machine.codoms.apl_cache.ways: [2, 4, 8, 16]}\n";

class SweepKilled : public Sweep {
  protected:
    SweepKilled() { write("s.yaml", points); }
    Output whole() { return stile("sweep s.yaml --out whole"); }
};

TEST_F(SweepKilled, TwiceAndResumedIsTheSame) {
    ASSERT_EQ(whole().code, 0);
    for (const int at_least : {3, 7}) {
        Running running({"sweep", "s.yaml", "--out", "o", "--resume"});
        ASSERT_TRUE(eventually([&] { return done("o") >= at_least; }));
        // There is a moment between one worker's end and the next one's beginning.
        EXPECT_TRUE(eventually([&] { return !processes_of(folder_ + "/o").empty(); }));
        running.end(SIGKILL);
        EXPECT_TRUE(eventually([&] { return processes_of(folder_ + "/o").empty(); })) << "workers outlive it";
        EXPECT_LT(done("o"), 12) << "it was killed too late to show anything";
    }
    const std::string kept = query("o", "SELECT group_concat(point || ' ' || seconds) FROM host");
    const Output last = stile("sweep s.yaml --out o --resume");
    EXPECT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(contents("o/results.csv"), contents("whole/results.csv"));
    EXPECT_THAT(
        query("o", "SELECT group_concat(point || ' ' || seconds) FROM (SELECT * FROM host ORDER BY rowid)"),
        testing::Not(testing::IsEmpty()));
    for (const char* table : {"statistics", "arrays", "axis_values", "points"}) {
        const auto everything = [&](const char* out) {
            const std::string columns =
                query(out, std::string("SELECT group_concat(quote(name), ' || ') FROM "
                                       "pragma_table_info('") +
                               table + "')");
            std::string quoted = columns;
            std::replace(quoted.begin(), quoted.end(), '\'', '"');
            return query(out, "SELECT " + quoted + " FROM " + table + " ORDER BY 1");
        };
        EXPECT_EQ(everything("o"), everything("whole")) << table;
    }
    // What was done was not done again.
    const std::string after = query("o", "SELECT group_concat(point || ' ' || seconds) FROM host");
    EXPECT_THAT(kept.empty() ? "" : after, HasSubstr(kept.substr(0, kept.find(','))));
}

TEST_F(SweepKilled, AtAnyMomentOfItsBeginning) {
    // From before the directory is there to after the first points.
    for (int ms = 0; ms <= 600; ms += 120) {
        Running running({"sweep", "s.yaml", "--out", "o", "--resume", "--set", "workload.live=3"});
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
        running.end(SIGKILL);
    }
    write("few.yaml", "extends: s.yaml\nsweep: {axes: {workload.live: [2]}}\n");
    const Output last = stile("sweep few.yaml --out p --resume --jobs 2");
    EXPECT_EQ(last.code, 0) << last.err << "--resume of nothing begins";
    const Output o = stile("sweep s.yaml --out o --resume --set workload.live=3");
    EXPECT_EQ(o.code, 0) << o.err;
}

TEST_F(SweepKilled, InterruptedKeepsWhatIsDone) {
    Running running({"sweep", "s.yaml", "--out", "o", "--jobs", "2"});
    ASSERT_TRUE(eventually([&] { return done("o") >= 2; }));
    running.send(SIGINT);
    running.send(SIGINT);
    EXPECT_EQ(running.wait(), 130);
    const int n = done("o");
    EXPECT_GE(n, 2);
    EXPECT_LT(n, 12);
    EXPECT_EQ(results("o").rows.size(), static_cast<size_t>(n)) << "what is done can be looked at";
    EXPECT_TRUE(fs::exists("o/report.html"));
    EXPECT_TRUE(processes_of(folder_ + "/o").empty());
    EXPECT_THAT(contents("running.err"), HasSubstr("--resume goes on from here"));
    ASSERT_EQ(whole().code, 0);
    EXPECT_EQ(stile("sweep s.yaml --out o --resume").code, 0);
    EXPECT_EQ(contents("o/results.csv"), contents("whole/results.csv"));
}

// A program that a worker has started and that would live on goes with it.
TEST_F(SweepKilled, InterruptedEndsWhatItsWorkersStarted) {
    // Where points are prepared it answers at once.
    write("cacti",
          "#!/bin/sh\n"
          "if grep -q -e --worker /proc/$PPID/cmdline; then echo $$ >> started; exec sleep 1000; fi\n"
          "echo 'Access time (ns): 0.5'\necho 'Cycle time (ns): 0.5'\n"
          "echo 'Total dynamic read energy per access (nJ): 0.002'\n"
          "echo 'Total dynamic associative search energy per access (nJ): 0.002'\n"
          "echo 'Total leakage power of a bank (mW): 4'\n"
          "echo 'Cache height x width (mm): 0.2 x 0.4'\n");
    fs::permissions("cacti", fs::perms::owner_all);
    Running running({"sweep", "s.yaml", "--out", "o", "--jobs", "2", "--set", "output.energy=true", "--set",
                     "machine.area.cacti=" + folder_ + "/cacti"});
    ASSERT_TRUE(eventually([&] { return !contents("started").empty(); }));
    const pid_t program = std::atoi(contents("started").c_str());
    running.send(SIGINT);
    EXPECT_EQ(running.wait(), 130);
    EXPECT_TRUE(eventually([&] { return kill(program, 0) != 0; })) << "it outlives them";
    kill(program, SIGKILL);
}

// Many points take a while to look at, before anything runs: that is shown, and can be ended.
TEST_F(SweepKilled, InterruptedWhileItPreparesLeavesNothing) {
    write("many.yaml",
          "extends: s.yaml\nsweep:\n  axes:\n    os.seed: {from: 1, to: 10000, step: 1}\n  zip: []\n");
    // 30,000 points are half a minute's work at least.
    write("on_a_terminal", STILE_PROGRAM
          " sweep many.yaml --out o & p=$!\n"
          "for i in $(seq 600); do grep -q 'preparing point' said && break; sleep 0.1; done\n"
          "kill -INT $p; wait $p; echo code $?\n");
    const Output output = shell("script -qefc 'sh on_a_terminal' said </dev/null >/dev/null; cat said");
    EXPECT_THAT(output.out, testing::ContainsRegex("preparing point [0-9]+ of 30000"));
    EXPECT_THAT(output.out, HasSubstr("stile: interrupted while the points were prepared: nothing was run or "
                                      "written\r\ncode 130\r\n"));
    EXPECT_FALSE(fs::exists("o"));
}

TEST_F(SweepKilled, AWorkerThatWasKilledIsTriedAgain) {
    const std::string one = "extends: " STILE_SOURCE_DIR
                            "/configs/runs/domains.yaml\n"
                            "measure: {warmup: 2, repetitions: 20000, fast_forward: roi}\n"
                            "sweep:\n"
                            "  axes: {workload.live: [2]}\n";
    write("one.yaml", one);
    {
        Running running({"sweep", "one.yaml", "--out", "o"});
        ASSERT_TRUE(eventually([&] { return !processes_of(folder_ + "/o").empty(); }));
        kill(processes_of(folder_ + "/o").front(), SIGKILL);
        EXPECT_EQ(running.wait(), 0);
    }
    EXPECT_EQ(query("o", "SELECT status || attempts FROM points JOIN host USING(point)"), "done2");
    EXPECT_FALSE(fs::exists("o/failed/000001"));
    // Where it may not be tried again it is recorded.
    write("never.yaml", one + "  retries: 0\n");
    Running strict({"sweep", "never.yaml", "--out", "p"});
    ASSERT_TRUE(eventually([&] { return !processes_of(folder_ + "/p").empty(); }));
    kill(processes_of(folder_ + "/p").front(), SIGKILL);
    EXPECT_EQ(strict.wait(), 1);
    EXPECT_EQ(query("p", "SELECT status || attempts FROM points JOIN host USING(point)"), "crashed1");
    EXPECT_THAT(query("p", "SELECT reason FROM points"), HasSubstr("killed by signal 9"));
    EXPECT_THAT(contents("p/failed/000001/reason.txt"), HasSubstr("killed by signal 9"));
    EXPECT_THAT(contents("p/failed/000001/config.yaml"), HasSubstr("live: 2"));
}

TEST_F(SweepKilled, OneCoordinatorAtATime) {
    Running running({"sweep", "s.yaml", "--out", "o", "--set", "measure.repetitions=20000"});
    ASSERT_TRUE(eventually([&] { return !processes_of(folder_ + "/o").empty(); }));
    const Output second = stile("sweep s.yaml --out o --resume --set measure.repetitions=20000");
    EXPECT_EQ(second.code, 2);
    EXPECT_THAT(second.err, HasSubstr("another 'stile sweep' is at work there (process "));
    running.end(SIGKILL);
    // The lock goes with its holder.
    const Output third =
        stile("sweep s.yaml --out o --resume --set measure.repetitions=20000 --set sweep.axes.os.seed=[1]");
    EXPECT_THAT(third.err, HasSubstr("'sweep.axes.os.seed' is [1], the sweep was begun without it"));
}

TEST_F(SweepKilled, AnotherConfigurationIsNotMixedIn) {
    ASSERT_EQ(whole().code, 0);
    EXPECT_THAT(
        stile("sweep s.yaml --out whole").err,
        HasSubstr(
            "/whole: error: this holds a sweep already; --resume goes on with it; another --out begins"));
    const Output other = stile("sweep s.yaml --out whole --resume --set machine.l2.latency=11");
    EXPECT_EQ(other.code, 2);
    EXPECT_THAT(other.err, HasSubstr("'machine.l2.latency' is 11, the sweep was begun with "));
    EXPECT_THAT(stile("sweep s.yaml --out whole --resume --set 'sweep.axes.workload.live=[2, 4]'").err,
                HasSubstr("'sweep.axes.workload.live' is [2, 4], the sweep was begun with [2, 4, 8]"));
    // Its own configuration, from wherever it is read.
    fs::create_directory("elsewhere");
    EXPECT_EQ(
        shell("cd elsewhere && " STILE_PROGRAM " sweep ../whole/config.yaml --resume --out ../whole").code,
        0);
}

TEST_F(SweepKilled, AnotherProgramIsNotMixedIn) {
    // The same one, but for a byte behind its end, with the same plugins.
    const fs::path plugins = fs::path(STILE_PROGRAM).parent_path() / "plugins";
    ASSERT_EQ(shell("cp " STILE_PROGRAM " stile && echo >> stile").code, 0);
    ASSERT_EQ(stile("sweep s.yaml --out o --set 'sweep.axes.workload.live=[2]'").code, 0);
    const std::string command = "STILE_PLUGIN_PATH=" + plugins.string() +
                                " ./stile sweep s.yaml --out o --resume --set 'sweep.axes.workload.live=[2]'";
    const Output other = shell(command);
    EXPECT_EQ(other.code, 2);
    EXPECT_THAT(other.err, HasSubstr("this program is not the one that the sweep was begun with (stile "));
    // Another plugin of the same name.
    fs::create_directory("plugins");
    ASSERT_EQ(shell("cp " + plugins.string() +
                    "/libstile_workload_domains.so plugins && echo >> "
                    "plugins/libstile_workload_domains.so")
                  .code,
              0);
    const Output plugin = shell("STILE_PLUGIN_PATH=$PWD/plugins " STILE_PROGRAM
                                " sweep s.yaml --out o --resume --set 'sweep.axes.workload.live=[2]'");
    EXPECT_EQ(plugin.code, 2);
    EXPECT_THAT(plugin.err, HasSubstr("the workload's plugin is not the one"));
}

TEST_F(SweepKilled, ADamagedResultIsSimulatedAgain) {
    ASSERT_EQ(whole().code, 0);
    {
        Running running({"sweep", "s.yaml", "--out", "o", "--jobs", "1"});
        ASSERT_TRUE(eventually([&] { return done("o") >= 1; }));
        running.end(SIGKILL);
        ASSERT_TRUE(eventually([&] { return processes_of(folder_ + "/o").empty(); }));
    }
    fs::create_directories("o/work");
    std::ofstream("o/work/000011.json") << "{\"point\": 11, \"status\": \"do";
    std::ofstream("o/work/000012.json") << "";
    std::ofstream("o/work/.000010.json.4711") << "half";
    const Output output = stile("sweep s.yaml --out o --resume");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err,
                HasSubstr("work/000011.json is of no use: its text does not fit the hash at its end; its "
                          "point runs again"));
    EXPECT_THAT(output.err, HasSubstr("work/000012.json is of no use"));
    EXPECT_TRUE(fs::is_empty("o/work"));
    EXPECT_EQ(contents("o/results.csv"), contents("whole/results.csv"));
}

TEST_F(SweepKilled, AFullDiskIsSaid) {
    // A file may not grow beyond some kilobytes: neither of coordinator nor worker.
    for (const int blocks : {0, 8, 200}) {
        fs::remove_all("o");
        const Output output =
            shell("ulimit -f " + std::to_string(blocks) +
                  "; " STILE_PROGRAM " sweep s.yaml --out o --set 'sweep.axes.workload.live=[2]'");
        EXPECT_EQ(output.code, 2) << blocks << output.out;
        EXPECT_THAT(contents("stderr.txt") + output.err, testing::Not(HasSubstr("bug"))) << blocks;
        EXPECT_TRUE(processes_of(folder_ + "/o").empty());
    }
    // With room it goes on.
    const Output again = stile("sweep s.yaml --out o --resume --set 'sweep.axes.workload.live=[2]'");
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(done("o"), 4);
}

TEST_F(SweepKilled, PlacesWhereNothingCanBeWritten) {
    for (const char* out : {"/proc/stile", "/dev/null/stile"}) {
        const Output output = stile(std::string("sweep s.yaml --out ") + out);
        EXPECT_EQ(output.code, 2) << out;
        EXPECT_THAT(output.err, HasSubstr(out));
        EXPECT_THAT(output.err, testing::Not(HasSubstr("bug")));
    }
    fs::create_directory("full");
    std::ofstream("full/letter.txt") << "to somebody";
    const Output output = stile("sweep s.yaml --out full");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err,
                HasSubstr("/full: error: this exists and is no sweep directory; name a new folder"));
    EXPECT_EQ(contents("full/letter.txt"), "to somebody");
    fs::create_directory("empty");
    EXPECT_EQ(stile("sweep s.yaml --out empty --set 'sweep.axes.workload.live=[2]'").code, 0);
    fs::create_directory("there");
    fs::create_directory_symlink("there", "link");
    EXPECT_EQ(stile("sweep s.yaml --out link --set 'sweep.axes.workload.live=[2]'").code, 0);
    EXPECT_TRUE(fs::is_symlink("link"));
    EXPECT_EQ(done("there"), 4);
    fs::create_directory_symlink("nowhere", "dangling");
    EXPECT_THAT(stile("sweep s.yaml --out dangling").err,
                HasSubstr("--out dangling: error: this is a link to what is not there"));
}

}  // namespace
}  // namespace stile::sim
