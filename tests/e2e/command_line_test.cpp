// SPDX-License-Identifier: Apache-2.0
//
// Question: do commands, options and their mistakes end in the promised exit codes?
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST_F(Stile, BadInputEndsInTwoWithEveryFault) {
    write("bad.yaml",
          "workload: sync_call\nmachine:\n  l1d: {latnecy: 4}\n  cores: many\nprotection: codmos\n");
    const Output output = stile("run bad.yaml --set measure.warmup=-1");
    EXPECT_EQ(output.code, 2);
    EXPECT_EQ(
        output.err,
        "bad.yaml:3:9: error: unknown key 'latnecy' in 'machine.l1d'; did you mean 'latency'?\n"
        "bad.yaml:4:10: error: 'machine.cores' cannot be 'many'; a whole number is expected, such as 1\n"
        "bad.yaml:5:13: error: 'protection' cannot be 'codmos'; did you mean 'codoms'?\n"
        "--set measure.warmup=-1: error: 'measure.warmup' is out of range: -1; valid is 0 to 1000000\n");
    EXPECT_EQ(output.out, "");
    EXPECT_FALSE(std::filesystem::exists("out"));
}

TEST_F(Stile, MissingAndEmptyFilesEndInTwo) {
    EXPECT_EQ(stile("run absent.yaml").code, 2);
    write("empty.yaml", "");
    const Output empty = stile("run empty.yaml");
    EXPECT_EQ(empty.code, 2);
    EXPECT_THAT(empty.err, HasSubstr("empty.yaml:1:1: error: the file is empty"));
    write("dup.yaml", "workload: sync_call\nworkload: program\n");
    EXPECT_THAT(stile("run dup.yaml").err, HasSubstr("dup.yaml:2:1: error: key 'workload' appears twice"));
}

TEST_F(Stile, AConfigurationMayComeThroughAPipe) {
    run("--set workload.mechanisms=[function] --set workload.sizes=[0]", "file");
    const Output piped =
        shell("cat run.yaml | " STILE_PROGRAM
              " run /dev/stdin --set workload.mechanisms=[function] --set workload.sizes=[0] --out piped");
    EXPECT_EQ(piped.code, 0) << piped.err;
    EXPECT_EQ(contents("piped/results.csv"), contents("file/results.csv"));
}

TEST_F(Stile, UnknownWorkloadsAndMechanismsEndInTwo) {
    write("w.yaml", "workload: sync_cal\n");
    const Output workload = stile("run w.yaml");
    EXPECT_EQ(workload.code, 2);
    EXPECT_THAT(workload.err, HasSubstr("w.yaml:1:11: error: "));
    EXPECT_THAT(workload.err,
                HasSubstr("no workload 'sync_cal'; did you mean 'sync_call'? Otherwise there are: "));
    EXPECT_THAT(workload.err, HasSubstr("/libstile_workload_sync_cal.so: no such file"));
    const Output option = stile("run w.yaml --set workload.name=throughputs");
    EXPECT_THAT(option.err, HasSubstr("did you mean 'throughput'?"));
    write("m.yaml", "workload: {name: sync_call, mechanisms: [pip]}\n");
    const Output mechanism = stile("run m.yaml");
    EXPECT_EQ(mechanism.code, 2);
    EXPECT_THAT(mechanism.err,
                HasSubstr("m.yaml:1:42: error: 'workload.mechanisms' cannot be 'pip'; did you mean 'pipe'?"));
}

TEST_F(Stile, CommandLineMistakesEndInTwo) {
    for (const char* arguments : {"", "rnu x.yaml", "run", "run x.yaml --jobs 0", "run x.yaml --nonsense",
                                  "list", "list colours", "report absent", "disasm absent", "disasm ."}) {
        const Output output = stile(arguments);
        EXPECT_EQ(output.code, 2) << arguments << "\n" << output.err;
        EXPECT_FALSE(output.err.empty()) << arguments;
    }
}

TEST_F(Stile, UnknownCommandsAndOptionsNameTheNearest) {
    EXPECT_EQ(stile("rnu x.yaml").err, "stile: error: there is no command 'rnu'; did you mean 'run'?\n");
    EXPECT_EQ(stile("run x.yaml --max-tiem=1ms").err,
              "stile run: error: there is no option --max-tiem; did you mean '--max-time'?\n");
    EXPECT_EQ(stile("report --verbose x").err,
              "stile report: error: there is no option --verbose; valid is --help\n");
    EXPECT_THAT(stile("run a.yaml b.yaml").err, HasSubstr("b.yaml"));
}

// A script's variable that is not set must not pass for an option that is not there.
TEST_F(Stile, EmptyValuesEndInTwo) {
    write("r.yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/hello.yaml\n");
    for (const char* option :
         {"--save", "--restore", "--out", "--core", "--fast-forward", "--max-time", "--set"}) {
        const Output output = stile(std::string("run r.yaml --fast-forward boot ") + option + " ''");
        EXPECT_EQ(output.code, 2) << option;
        EXPECT_THAT(output.err, testing::StartsWith(std::string(option) + ": the value is empty\n"));
    }
    EXPECT_THAT(stile("run ''").err, testing::StartsWith("CONFIG: the value is empty\n"));
}

TEST_F(Stile, NothingOfTheUsersIsOverwritten) {
    std::filesystem::create_directory("mine");
    write("mine/thesis.tex", "x");
    const Output output = run("", "mine");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("--out mine: error: this exists and is no run directory"));
    EXPECT_TRUE(std::filesystem::exists("mine/thesis.tex"));
}

TEST_F(Stile, FoldersThatTakeNothingEndInTwoBeforeAnythingIsSimulated) {
    for (const char* out : {"/proc/stile", "/dev/null/stile"}) {
        const Output output = run("", out);
        EXPECT_EQ(output.code, 2) << out;
        EXPECT_THAT(output.err,
                    testing::HasSubstr(std::string("--out ") + out + ": error: nothing can be written in"));
        EXPECT_EQ(output.out, "");
    }
}

TEST_F(Stile, ATableThatNobodyGetsIsAFailure) {
    const Output output =
        run("--set workload.mechanisms=[function] --set workload.sizes=[0] >/dev/full", "r");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err,
                testing::HasSubstr("the table: standard output cannot be written: No space left"));
    EXPECT_TRUE(std::filesystem::exists("r/results.csv"));
}

TEST_F(Stile, WhatStandardOutputDoesNotTakeIsAFailure) {
    write("c.yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/smoke.yaml\n");
    for (const char* command : {"list parameters", "schema", "--version", "run --help", "area c.yaml"}) {
        const Output output = stile(std::string(command) + " >/dev/full");
        EXPECT_EQ(output.code, 1) << command;
        EXPECT_THAT(output.err, testing::StartsWith("stile: standard output cannot be written")) << command;
    }
}

// Messages that nobody gets stop nothing, and go into no file.
TEST_F(Stile, StandardErrorMayBeClosedOrFull) {
    for (const char* where : {"2>&-", "2>/dev/full"}) {
        const Output output =
            run(std::string("--set workload.mechanisms=[function] --set workload.sizes=[0] ") + where, "r");
        EXPECT_EQ(output.code, 0) << where;
        EXPECT_THAT(output.out, HasSubstr("function")) << where;
        for (const auto& file : std::filesystem::directory_iterator("r"))
            EXPECT_THAT(contents(file.path()), Not(HasSubstr("results are in"))) << where << file.path();
    }
}

// A file that may not grow fails as on a full disk: the figures are kept, and what is missing is said.
TEST_F(Stile, AFullDiskKeepsWhatFits) {
    run("--set workload.mechanisms=[function] --set workload.sizes=[0]", "whole");
    const Output output = shell("ulimit -f 20; " STILE_PROGRAM
                                " run run.yaml --set workload.mechanisms=[function] --set workload.sizes=[0] "
                                "--out r");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.out, HasSubstr("function"));
    EXPECT_THAT(output.err, HasSubstr("stile: r/stats.txt cannot be written: File too large\n"));
    EXPECT_THAT(output.err, Not(HasSubstr("bug in Stile")));
    EXPECT_EQ(contents("r/results.csv"), contents("whole/results.csv"));
    EXPECT_FALSE(std::filesystem::exists("r/stats.txt"));
}

TEST_F(Stile, TheDirectoryMayBeTheCurrentOne) {
    run("--set workload.mechanisms=[function] --set workload.sizes=[0]", "r");
    const std::string before = contents("r/results.csv");
    for (const char* here : {".", "./", "../r", "$PWD"}) {
        write("r/old.txt", "of an older run");
        const Output again =
            shell(std::string("cd r && " STILE_PROGRAM " run config.yaml --out ") + here + " && ls");
        EXPECT_EQ(again.code, 0) << here << again.err;
        EXPECT_THAT(again.out, HasSubstr("results.csv")) << here;
        EXPECT_EQ(contents("r/results.csv"), before) << here;
        EXPECT_FALSE(std::filesystem::exists("r/old.txt")) << here;
        for (const auto& entry : std::filesystem::directory_iterator("."))
            EXPECT_NE(entry.path().filename().string()[0], '.') << entry.path();
    }
}

TEST_F(Stile, ALinkAsTheDirectoryStaysOne) {
    const std::string one = "--set workload.mechanisms=[function] --set workload.sizes=[0]";
    std::filesystem::create_directory("there");
    std::filesystem::create_directory_symlink("there", "link");
    EXPECT_EQ(run(one, "link").code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink("link"));
    EXPECT_TRUE(std::filesystem::exists("there/results.csv"));
    std::filesystem::create_directory_symlink("nowhere", "dangling");
    const Output output = run(one, "dangling");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("--out dangling: error: this is a link to what is not there"));
    const Output length = run(one, std::string(255, 'x'));
    EXPECT_EQ(length.code, 2);
    EXPECT_THAT(length.err, HasSubstr("File name too long"));
}

TEST_F(Stile, ListsSaySomething) {
    EXPECT_THAT(stile("list machines").out,
                testing::AllOf(HasSubstr("default "), HasSubstr("xeon-e3-1220v2")));
    const std::string mechanisms = stile("list mechanisms").out;
    for (const char* name : {"function", "syscall", "pipe", "binder", "dipc"})
        EXPECT_THAT(mechanisms, HasSubstr(name));
    EXPECT_THAT(stile("list workloads").out, testing::AllOf(HasSubstr("program"), HasSubstr("sync_call")));
    EXPECT_THAT(stile("list parameters").out, HasSubstr("machine.codoms.apl_cache.entries\n"));
    EXPECT_THAT(stile("list stats").out, HasSubstr("core0.dcache.misses"));
    const std::string instructions = stile("list instructions").out;
    EXPECT_THAT(instructions, testing::StartsWith("mnemonic "));
    EXPECT_THAT(instructions, HasSubstr("cd.aplfill"));
    EXPECT_THAT(instructions, testing::ContainsRegex(
                                  "adc +Ev,Gv +11 /r +rw,r +C +OSZAPC +carry/load[+]carry[+]store +exact"));
    const auto schema = nlohmann::json::parse(stile("schema").out);
    EXPECT_TRUE(schema["properties"]["machine"]["properties"].contains("l1d"));
}

TEST_F(Stile, VersionNamesToolchainAndImages) {
    const Output output = stile("--version");
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.out, testing::StartsWith("stile 0.1.0 ("));
    EXPECT_THAT(output.out, HasSubstr("SystemC 2.3."));
    EXPECT_THAT(output.out, testing::ContainsRegex("guest kernel sha256 [0-9a-f]{64}"));
    EXPECT_THAT(output.out, HasSubstr("guest sync_call/sync_client sha256 "));
}

TEST_F(Stile, DisassemblesCodeAndElfFiles) {
    write("flat", "\x55\x48\x89\xe5\x0f\x0a\xd8\xc3");
    const std::string flat = stile("disasm flat").out;
    EXPECT_THAT(flat, HasSubstr("push rbp"));
    EXPECT_THAT(flat, HasSubstr("cd.aplinv rax"));
    EXPECT_THAT(flat, HasSubstr("ret"));
    const std::string elf = stile("disasm " STILE_GUEST_HELLO).out;
    EXPECT_THAT(elf, HasSubstr("section .text\n"));
    EXPECT_THAT(elf, HasSubstr(" <main>:\n"));
}

// Instructions of `text` at the addresses that a caller may enter, beside the first.
std::vector<std::string> at_entries(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    uint64_t first = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("proxy of ")) first = 0;
        if (line.find(":  ") == line.npos) continue;
        const uint64_t address = std::stoull(line, nullptr, 16);
        if (first == 0) first = address;
        if (address % 64 == 0 && address != first) found.push_back(line.substr(line.rfind("  ") + 2));
    }
    return found;
}

TEST_F(Stile, DisassemblesWhatTheKernelGenerated) {
    const Output both = stile("disasm proxy");
    ASSERT_EQ(both.code, 0) << both.err;
    const size_t high = both.out.find("policy high; made in dipc high 0 B\n");
    ASSERT_NE(high, std::string::npos) << both.out;
    const std::string low = both.out.substr(0, high);
    EXPECT_THAT(low, HasSubstr("policy low; made in dipc low 0 B\n"));
    EXPECT_THAT(low, HasSubstr("wrfsbase"));
    EXPECT_THAT(low, HasSubstr("call rax"));
    // A stack for capabilities of its own is what high has and low has not.
    EXPECT_THAT(low, Not(HasSubstr("cd.wrdcs")));
    EXPECT_THAT(both.out.substr(high), HasSubstr("cd.wrdcs"));
    // No entry but the first leads into the code, unless the rule is off.
    EXPECT_THAT(at_entries(both.out), AllOf(SizeIs(Gt(20u)), Each("ud2")));
    const Output open = stile("disasm proxy --set os.checks.proxy_guards=false");
    ASSERT_EQ(open.code, 0) << open.err;
    EXPECT_THAT(at_entries(open.out), Not(Contains("ud2")));
}

TEST_F(Stile, DisassemblesSeveralFiles) {
    write("a", "\x90");
    write("b", "\xc3");
    EXPECT_EQ(stile("disasm a b").out, "a:\n" + stile("disasm a").out + "\nb:\n" + stile("disasm b").out);
    write("nothing", "");
    const Output nothing = stile("disasm a nothing");
    EXPECT_EQ(nothing.code, 2);
    EXPECT_THAT(nothing.err, HasSubstr("nothing: error: it is empty"));
    EXPECT_EQ(nothing.out, "");
}

TEST_F(Stile, DisasmProxyMistakes) {
    write("pipe.yaml", "workload: {name: sync_call, mechanisms: [pipe], sizes: [0]}\nprotection: codoms\n");
    const Output none = stile("disasm proxy pipe.yaml");
    EXPECT_EQ(none.code, 2);
    EXPECT_THAT(none.err, HasSubstr("no row of this makes a proxy; rows of mechanism 'dipc' do"));
    EXPECT_EQ(none.out, "");
    EXPECT_EQ(stile("disasm pipe.yaml --set machine.cores=2").code, 2);
    EXPECT_EQ(stile("disasm proxy pipe.yaml pipe.yaml").code, 2);
    EXPECT_EQ(stile("disasm proxy absent.yaml").code, 2);
}

TEST_F(Stile, ProgressGoesToTerminalsOnly) {
    const Output output = run("--set workload.mechanisms=[function] --set workload.sizes=[0]", "r");
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.err, testing::EndsWith("stile: results are in r\n"));
    EXPECT_THAT(output.err, testing::Not(HasSubstr("\r")));
}

TEST_F(Stile, AnInterruptKeepsWhatIsDone) {
    write("run.yaml", "extends: " STILE_SOURCE_DIR
                      "/configs/runs/compare.yaml\nworkload: {mechanisms: [function, pipe], sizes: [0]}\n"
                      "measure: {warmup: 0, repetitions: 10}\n");
    // The second row has far more to do than the test has time.
    write("long.yaml", "extends: run.yaml\nmeasure: {repetitions: 5000000, max_time: 1000 s}\n");
    // Interrupts are sent until the program ends: one that comes before it listens is lost, as it is when the
    // computer is slow, and one that comes while it writes must not end it. Nothing here may wait for ever.
    // Under nohup SIGHUP is inherited as ignored.
    const auto interrupted = [this](const std::string& first_after, const std::string& by = "INT") {
        return shell("env --default-signal=HUP " STILE_PROGRAM
                     " run long.yaml --jobs 1 --out r & p=$!; sleep " +
                     first_after + "; for i in $(seq 300); do kill -" + by +
                     " $p || break; sleep 0.2; done 2>/dev/null; "
                     "kill -KILL $p 2>/dev/null; wait $p");
    };
    const Output output = interrupted("3");
    EXPECT_THAT(contents("r/config.yaml"), HasSubstr("repetitions: 5000000"));
    EXPECT_THAT(output.out, HasSubstr("not finished"));
    const Output code = interrupted("2");
    EXPECT_EQ(code.code, 130);
    EXPECT_THAT(code.out, HasSubstr("not finished"));
    // The terminal is closed.
    const Output gone = interrupted("3", "HUP");
    EXPECT_EQ(gone.code, 130);
    EXPECT_THAT(gone.out, HasSubstr("not finished"));
}

}  // namespace
}  // namespace stile::sim
