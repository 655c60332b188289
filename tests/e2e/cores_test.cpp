// SPDX-License-Identifier: Apache-2.0
//
// Question: do machines with several cores run what one core runs, faster where that is due, and to the byte
// the same every time?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Cores : public Stile {
  protected:
    void compile(const std::string& source) {
        write("p.c", source);
        const Output made = shell(STILE_MUSL_GCC " -static -O2 -pthread -I" STILE_SOURCE_DIR " p.c -o p");
        ASSERT_EQ(made.code, 0) << made.err;
    }
    Output program(const std::string& machine, const std::string& out, const std::string& more = "",
                   const std::string& arguments = "") {
        write(out + ".yaml",
              "workload:\n  name: program\n  path: p\n" + more + "machine: {" + machine + "}\n");
        return stile("run " + out + ".yaml --out " + out + " " + arguments);
    }
    Output placed(const std::string& arguments, const std::string& out) {
        write("run.yaml", "extends: " STILE_SOURCE_DIR
                          "/configs/runs/placement.yaml\nworkload: {sizes: [64 B]}\nmeasure: {warmup: 20, "
                          "repetitions: 20}\n");
        return stile("run run.yaml --out " + out + " " + arguments);
    }
    static double statistic(const std::string& out, const std::string& name) {
        const auto all = nlohmann::json::parse(contents(out + "/stats.json"))["rows"][0]["statistics"];
        return all.contains(name) ? all[name].get<double>() : -1;
    }
    static void expect_same(const std::string& a, const std::string& b) {
        for (const char* name : {"results.csv", "stats.txt", "stats.json", "console.txt", "refused.csv"})
            EXPECT_EQ(contents(a + "/" + name), contents(b + "/" + name)) << a << " " << b << " " << name;
    }
};

// Threads that count in private, then under a lock of their own, then under one for all.
const char* const threads_c =
    "#include \"os/lib/region.h\"\n#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
    "static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;\nstatic long shared, each;\n"
    "static void* work(void* a) { volatile long n = 0; for (long i = 0; i < each; ++i) ++n;\n"
    "for (int i = 0; i < 200; ++i) { pthread_mutex_lock(&lock); ++shared; pthread_mutex_unlock(&lock); }\n"
    "return (void*)n; }\n"
    "int main(int argc, char** argv) { int threads = atoi(argv[1]); pthread_t t[64]; long sum = 0;\n"
    "each = (argc > 2 ? atol(argv[2]) : 240000) / threads; stile_region_begin();\n"
    "for (int i = 0; i < threads; ++i) pthread_create(&t[i], 0, work, 0);\n"
    "for (int i = 0; i < threads; ++i) { void* r; pthread_join(t[i], &r); sum += (long)r; }\n"
    "stile_region_end(); printf(\"%ld %ld\\n\", sum, shared); return 0; }\n";

TEST_F(Cores, FourThreadsOnFourCoresTakeAboutAQuarter) {
    compile(threads_c);
    for (const std::string core : {"functional", "inorder", "ooo"}) {
        const std::string model = "core: {model: " + core + "}, cores: ";
        ASSERT_EQ(program(model + "1", "one", "  args: [4, 900000]\n").code, 0);
        const Output output = program(model + "4", "four", "  args: [4, 900000]\n");
        ASSERT_EQ(output.code, 0) << output.err;
        EXPECT_EQ(contents("four/console.txt"), "900000 800\n");
        EXPECT_EQ(contents("one/console.txt"), "900000 800\n");
        const double ratio = statistic("four", "roi.cycles") / statistic("one", "roi.cycles");
        EXPECT_GT(ratio, 0.25) << core;
        EXPECT_LT(ratio, 0.32) << core;
        // Each core has its own figures, and each did its share.
        for (const std::string n : {"0", "1", "2", "3"})
            EXPECT_GT(statistic("four", "core" + n + ".instructions"), 220'000) << n;
        EXPECT_EQ(statistic("four", "core4.instructions"), -1);
    }
}

TEST_F(Cores, AProgramStaysOnTheCoresThatItIsGiven) {
    compile(threads_c);
    ASSERT_EQ(program("core: {model: functional}, cores: 4", "r", "  args: [4]\n  cores: [1, 2]\n").code, 0);
    EXPECT_EQ(contents("r/console.txt"), "240000 800\n");
    EXPECT_GT(statistic("r", "core1.instructions"), 200'000);
    EXPECT_GT(statistic("r", "core2.instructions"), 200'000);
    EXPECT_LT(statistic("r", "core3.instructions"), 60'000);
    const Output output = program("cores: 2", "no", "  args: [4]\n  cores: [1, 2]\n");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err,
                HasSubstr("no.yaml:5:10: error: 'workload.cores': there is no core 2; machine.cores is 2"));
    EXPECT_THAT(program("cores: 2", "no", "  cores: [one]\n").err, HasSubstr("'one' is no core"));
}

TEST_F(Cores, TheSameRunGivesTheSameBytesWhateverElseTheHostDoes) {
    compile(threads_c);
    for (const std::string cores : {"2", "4"}) {
        const std::string machine = "core: {model: ooo}, cores: " + cores;
        ASSERT_EQ(program(machine, "a", "  args: [4]\n").code, 0);
        // Three at once, so that they get in each other's way.
        const Output output = shell("for i in b c d; do " STILE_PROGRAM " run a.yaml --out $i & done; wait");
        ASSERT_EQ(output.code, 0) << output.err;
        for (const char* other : {"b", "c", "d"}) expect_same("a", other);
    }
}

TEST_F(Cores, PlacedRowsAreTheSameForAnyNumberOfJobs) {
    ASSERT_EQ(placed("--jobs 1", "a").code, 0);
    ASSERT_EQ(placed("--jobs 3", "b").code, 0);
    expect_same("a", "b");
}

TEST_F(Cores, WithOneCoreTheQuantumChangesNothing) {
    compile(threads_c);
    for (const std::string core : {"inorder", "ooo"}) {
        const std::string machine = "core: {model: " + core + "}, cores: 1, quantum: ";
        for (const std::string quantum : {"10000", "1", "1000000"})
            ASSERT_EQ(program(machine + quantum, "q" + quantum, "  args: [2]\n").code, 0);
        for (const std::string quantum : {"1", "1000000"}) expect_same("q10000", "q" + quantum);
    }
}

// With several, all of them are awake for a moment: the kernel starts them. Afterwards one works.
TEST_F(Cores, WithOneRunnableCoreOfFourTheQuantumHardlyMatters) {
    compile(threads_c);
    const std::string machine = "core: {model: ooo}, cores: 4, quantum: ";
    for (const std::string quantum : {"10000", "1"})
        ASSERT_EQ(program(machine + quantum, "q" + quantum, "  args: [2]\n  cores: [0]\n").code, 0);
    EXPECT_NEAR(statistic("q1", "roi.cycles") / statistic("q10000", "roi.cycles"), 1, 0.001);
    EXPECT_EQ(contents("q1/console.txt"), contents("q10000/console.txt"));
}

TEST_F(Cores, OtherCoreRowsAreWithinFivePercentOfQuantumOne) {
    ASSERT_EQ(placed("", "usual").code, 0);
    ASSERT_EQ(placed("--set machine.quantum=1", "one").code, 0);
    const Csv a = results("usual"), b = results("one");
    ASSERT_EQ(a.rows.size(), b.rows.size());
    size_t elsewhere = 0;
    for (size_t i = 0; i < a.rows.size(); ++i) {
        elsewhere += a.at(i, "placement") == "other_core";
        EXPECT_NEAR(number(a, i, "cycles_mean") / number(b, i, "cycles_mean"), 1, 0.05)
            << a.at(i, "mechanism");
    }
    EXPECT_EQ(elsewhere, 2u) << "pipe and binder";
}

TEST_F(Cores, PhasesOfTheCriticalPathSumToItsCyclesOnEveryCoreModel) {
    for (const std::string core : {"functional", "inorder", "ooo"}) {
        ASSERT_EQ(placed("--core " + core, core).code, 0);
        const Csv csv = results(core);
        for (size_t i = 0; i < csv.rows.size(); ++i) {
            double sum = 0;
            for (const char* phase : model::phase_names) {
                const double cycles = number(csv, i, std::string("phase_") + phase);
                EXPECT_LE(cycles, number(csv, i, "cycles_mean")) << core << " " << phase;
                sum += cycles;
            }
            EXPECT_NEAR(sum, number(csv, i, "cycles_mean"), 0.01) << core << " " << csv.at(i, "mechanism");
        }
    }
}

TEST_F(Cores, TheServerOnAnotherCore) {
    ASSERT_EQ(placed("", "r").code, 0);
    const Csv csv = results("r");
    const auto row = [&](const std::string& mechanism, const std::string& placement) {
        for (size_t i = 0; i < csv.rows.size(); ++i)
            if (csv.at(i, "mechanism") == mechanism && csv.at(i, "placement") == placement) return i;
        ADD_FAILURE() << mechanism << " " << placement;
        return size_t{0};
    };
    for (const std::string mechanism : {"pipe", "binder"}) {
        const size_t here = row(mechanism, "same_core"), there = row(mechanism, "other_core");
        EXPECT_EQ(csv.at(there, "checked"), "1");
        // The same copies and system calls, two messages and two more switches (to the idle loops) beside
        // them.
        for (const char* column : {"copies", "copies_kernel", "syscalls"})
            EXPECT_EQ(csv.at(here, column), csv.at(there, column)) << column;
        EXPECT_EQ(csv.at(here, "context_switches"), "2");
        EXPECT_EQ(csv.at(there, "context_switches"), "4");
        EXPECT_GT(number(csv, there, "cycles_mean"), number(csv, here, "cycles_mean"));
        double sum = 0;
        for (const char* phase : model::phase_names) sum += number(csv, there, std::string("phase_") + phase);
        EXPECT_NEAR(sum, number(csv, there, "cycles_mean"), 0.01);
        // What the server does while the client waits is told by what it is.
        EXPECT_LT(number(csv, there, "phase_wait"), number(csv, there, "cycles_mean") / 4);
        EXPECT_GT(number(csv, there, "phase_schedule"), 0);
        EXPECT_GT(number(csv, there, "phase_user"), number(csv, here, "phase_user") / 2);
    }
    const Csv refused = parse_csv(contents("r/refused.csv"));
    ASSERT_EQ(refused.rows.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(refused.at(i, "placement"), "other_core");
        EXPECT_THAT(refused.at(i, "reason"), HasSubstr("the caller's own thread runs the callee"));
    }
    const Output alone = placed("--set machine.cores=1 --set workload.mechanisms=[pipe]", "alone");
    EXPECT_EQ(alone.code, 0) << alone.err;
    EXPECT_THAT(contents("alone/refused.csv"), HasSubstr("this machine has no such core for the server"));
}

TEST_F(Cores, FastForwardSwitchesAllCoresAtOnce) {
    // Six turns of a loop: the exit of eight is at the edge of what the predictor can tell apart, and on
    // which side depends on where code lies and what came before.
    const std::string arguments = "--core ooo --set workload.sizes=[48]";
    ASSERT_EQ(placed(arguments, "whole").code, 0);
    ASSERT_EQ(placed(arguments + " --fast-forward roi", "fast").code, 0);
    const Csv a = results("whole"), b = results("fast");
    ASSERT_EQ(a.rows.size(), b.rows.size());
    for (size_t i = 0; i < a.rows.size(); ++i) {
        EXPECT_EQ(a.at(i, "syscalls"), b.at(i, "syscalls"));
        EXPECT_EQ(a.at(i, "context_switches"), b.at(i, "context_switches"));
        EXPECT_NEAR(number(b, i, "cycles_p50") / number(a, i, "cycles_p50"), 1, 0.1) << a.at(i, "mechanism");
    }
    EXPECT_GT(statistic("fast", "fast_forward.instructions"), 10'000);
}

TEST_F(Cores, TwoKindsOfCoresAreToldApart) {
    compile(threads_c);
    const std::string machine =
        "cores: 2, core: {model: ooo}, little: {cores: 1, frequency: 1 GHz, core: {model: inorder}}";
    ASSERT_EQ(program(machine, "big", "  args: [1]\n  cores: [0]\n").code, 0);
    ASSERT_EQ(program(machine, "little", "  args: [1]\n  cores: [1]\n").code, 0);
    EXPECT_EQ(contents("big/console.txt"), contents("little/console.txt"));
    EXPECT_GT(statistic("little", "sim_seconds"), 2 * statistic("big", "sim_seconds"));
    EXPECT_EQ(nlohmann::json::parse(contents("big/stats.json"))["rows"][0]["key"]["core"], "ooo+inorder");
    ASSERT_EQ(stile("run big/config.yaml --out again").code, 0);
    expect_same("big", "again");
}

// A string instruction retires once, at its end: 8 MiB byte by byte are more than 2 ms.
TEST_F(Cores, AWatchdogEndsWhatRetiresNothing) {
    compile(
        "#include <stdlib.h>\nint main(void) { size_t n = 8 << 20; char* p = malloc(n);\n"
        "for (size_t i = 0; i < n; i += 4096) p[i] = 1;\n"
        "__asm__ volatile(\"rep lodsb\" : \"+S\"(p), \"+c\"(n) : : \"rax\", \"memory\"); return 0; }\n");
    const Output output = program("cores: 2, core: {model: inorder}, watchdog: 1 ms", "r");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("no instruction has retired for"));
    EXPECT_THAT(output.err, HasSubstr("main"));
    const std::string state = contents("r/state.txt");
    for (const char* part : {"core 0: ", "core 1: ", "--- core0\n", "--- core1\n", "--- core0.l2\n",
                             "--- llc\n", " held: ", "interrupts: ", "rip ", "--- console"})
        EXPECT_THAT(state, HasSubstr(part));
    EXPECT_EQ(program("cores: 2, core: {model: inorder}", "calm").code, 0) << "the default has more patience";
    EXPECT_FALSE(std::filesystem::exists("calm/state.txt"));
}

TEST_F(Cores, ADeadlockOfAllCoresIsNoticedAtOnce) {
    compile(
        "#include <pthread.h>\nstatic pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;\n"
        "static void* take(void* a) { pthread_mutex_lock(&m); return a; }\n"
        "int main(void) { pthread_t t[3]; pthread_mutex_lock(&m); for (int i = 0; i < 3; ++i) "
        "pthread_create(&t[i], 0, take, 0);\n"
        "for (int i = 0; i < 3; ++i) pthread_join(t[i], 0); return 0; }\n");
    const Output output = program("cores: 4, core: {model: functional}", "r");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("deadlock"));
    EXPECT_THAT(contents("r/state.txt"), HasSubstr("core 3: halted"));
    EXPECT_LT(statistic("r", "sim_seconds"), 1);
}

TEST_F(Cores, SpeedIsToldOnStderr) {
    compile("int main(void) { return 0; }\n");
    const Output output = program("cores: 2", "r");
    EXPECT_THAT(output.err,
                testing::ContainsRegex("million cycles in [0-9.]+ s: [0-9.]+ MIPS, [0-9]+ kcycles/s"));
    EXPECT_THAT(contents("r/host.json"), HasSubstr("kcycles_per_second"));
}

}  // namespace
}  // namespace stile::sim
