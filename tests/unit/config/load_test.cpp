// SPDX-License-Identifier: Apache-2.0
//
// Question: does every class of bad input give its message at its place, and do good files give their values?
#include "tests/unit/config/fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ConfigTest, OnlyTheWorkloadIsRequired) {
    const auto loaded = load("workload: ping\n");
    EXPECT_EQ(loaded->config.workload, "ping");
    EXPECT_EQ(loaded->config.name, "run");
    EXPECT_EQ(loaded->config.machine.l1d.size, 32u << 10);
    EXPECT_EQ(loaded->config.machine.frequency, 3'100'000'000u);
    EXPECT_EQ(loaded->config.measure.touch, "read");
    EXPECT_EQ(make_rows(*loaded).size(), 1u);
}

TEST_F(ConfigTest, ReadsEveryKindOfValue) {
    const auto loaded = load(
        "machine:\n  frequency: 2 GHz\n  l1d: {size: 64 KiB, ways: 4, latency: 5 cycles}\n  memory: "
        "{latency: 100 ns}\n"
        "  core: {model: functional, latencies: {alu: 2}}\n  codoms: {apl_cache: {entries: 16, ways: 4}}\n"
        "protection: paging\nos: {tick: 1 kHz, seed: 0x2a}\nmeasure: {max_time: 20 ms}\noutput: {report: "
        "false}\n"
        "workload: {name: ping, mechanisms: [binder, pipe], sizes: [0, 4 KiB], count: 4, loud: true, "
        "expect_exit: 3}\n");
    const RunConfig& c = loaded->config;
    EXPECT_EQ(c.machine.l1d.size, 65536u);
    EXPECT_EQ(c.machine.l1d.latency, 5u);
    EXPECT_EQ(c.machine.memory.latency, 200u);
    EXPECT_EQ(c.machine.core.model, model::CoreModel::functional);
    EXPECT_EQ(c.machine.core.latency[static_cast<size_t>(isa::OpClass::alu)], 2u);
    EXPECT_EQ(c.machine.apl_cache.entries, 16u);
    EXPECT_EQ(c.machine.protection, model::ProtectionKind::paging);
    EXPECT_EQ(c.os.tick_hz, 1000u);
    EXPECT_EQ(c.os.seed, 42u);
    EXPECT_EQ(c.measure.max_time_ns, 20'000'000);
    EXPECT_FALSE(c.output.report);
    EXPECT_EQ(c.expect_exit, 3);
    EXPECT_EQ(std::get<std::vector<int64_t>>(c.parameters.at("sizes")), (std::vector<int64_t>{0, 4096}));
    EXPECT_EQ(std::get<int64_t>(c.parameters.at("count")), 4);
    EXPECT_TRUE(std::get<bool>(c.parameters.at("loud")));
    EXPECT_EQ(make_rows(*loaded).at(0).mechanism, "binder");
}

TEST_F(ConfigTest, MisspeltKeys) {
    EXPECT_EQ(faults("workload: ping\nmachine:\n  l1d:\n    latnecy: 4\n"),
              "run.yaml:4:5: error: unknown key 'latnecy' in 'machine.l1d'; did you mean 'latency'?");
    EXPECT_EQ(faults("workload: ping\nmachin: {}\n"),
              "run.yaml:2:1: error: unknown key 'machin'; did you mean 'machine'?");
    EXPECT_EQ(faults("workload: ping\nl1d: {size: 32 KiB}\n"),
              "run.yaml:2:1: error: unknown key 'l1d'; did you mean 'machine.l1d'?");
    EXPECT_EQ(faults("workload: {name: ping, mechansims: [pipe]}\n"),
              "run.yaml:1:24: error: unknown key 'mechansims' in 'workload'; did you mean 'mechanisms'?");
}

TEST_F(ConfigTest, DuplicateKeys) {
    EXPECT_EQ(
        faults("workload: ping\nmachine:\n  cores: 1\n  cores: 1\n"),
        "run.yaml:4:3: error: key 'cores' appears twice in one map; it was first given at run.yaml:3:3");
}

TEST_F(ConfigTest, WrongTypes) {
    EXPECT_EQ(
        faults("workload: ping\nmachine: {cores: many}\n"),
        "run.yaml:2:18: error: 'machine.cores' cannot be 'many'; a whole number is expected, such as 1");
    EXPECT_EQ(faults("workload: ping\nmachine: {l1d: {size: 32 KB}}\n"),
              "run.yaml:2:23: error: 'machine.l1d.size' cannot be '32 KB'; a size in B, KiB, MiB or GiB is "
              "expected, "
              "such as 32 KiB");
    EXPECT_THAT(faults("workload: ping\nmachine: 4\n"),
                StartsWith("run.yaml:2:10: error: 'machine' cannot be '4'; a map with name, "));
    EXPECT_EQ(
        faults("workload: ping\nmeasure: {warmup: {a: 1}}\n"),
        "run.yaml:2:19: error: 'measure.warmup' cannot be a map; a whole number is expected, such as 50");
    EXPECT_EQ(faults("workload: ping\nmeasure: {warmup: 010}\n"),
              "run.yaml:2:19: error: 'measure.warmup' cannot be '010'; a leading zero would make it octal; "
              "leave it out");
    EXPECT_EQ(faults("workload: ping\noutput: {report: on}\n"),
              "run.yaml:2:18: error: 'output.report' cannot be 'on'; write true");
    EXPECT_EQ(faults("workload: {name: ping, mechanisms: pipe}\n"),
              "run.yaml:1:36: error: 'workload.mechanisms' cannot be 'pipe'; a list is expected: mechanisms: "
              "[pipe]");
    EXPECT_EQ(
        faults("workload: {name: ping, sizes: [0, big]}\n"),
        "run.yaml:1:35: error: 'workload.sizes' cannot be 'big'; a size in B, KiB, MiB or GiB is expected");
    EXPECT_EQ(faults("workload: ping\nmeasure:\n  warmup:\n"),
              "run.yaml:3:3: error: 'measure.warmup' has no value; a whole number is expected, such as 50");
    EXPECT_EQ(faults("workload: ping\nmachine: {frequency: 3100000000}\n"),
              "run.yaml:2:22: error: 'machine.frequency' cannot be '3100000000'; a frequency in Hz, kHz, MHz "
              "or GHz is "
              "expected, such as 3.1 GHz");
    EXPECT_EQ(faults("workload: ping\nmachine: {cores: \"1\"}\n"),
              "run.yaml:2:18: error: 'machine.cores' cannot be the text '1'; leave out the quotes");
}

TEST_F(ConfigTest, OutOfRange) {
    EXPECT_EQ(faults("workload: ping\nmeasure: {repetitions: 0}\n"),
              "run.yaml:2:24: error: 'measure.repetitions' is out of range: 0; valid is 1 to 10000000");
    EXPECT_EQ(faults("workload: {name: ping, count: 10}\n"),
              "run.yaml:1:31: error: 'workload.count' is out of range: 10; valid is 1 to 9");
    EXPECT_EQ(faults("workload: {name: ping, sizes: [128 KiB]}\n"),
              "run.yaml:1:32: error: 'workload.sizes' is out of range: 128 KiB; valid is 0 B to 64 KiB");
    EXPECT_EQ(
        faults("workload: ping\nmachine: {memory: {size: 1 MiB}}\n"),
        "run.yaml:2:26: error: 'machine.memory.size' is out of range: 1 MiB; valid is 32 MiB to 64 GiB");
}

TEST_F(ConfigTest, Choices) {
    EXPECT_EQ(faults("workload: ping\nprotection: codmos\n"),
              "run.yaml:2:13: error: 'protection' cannot be 'codmos'; did you mean 'codoms'?");
    EXPECT_EQ(faults("workload: ping\nproxies: hardware\n"),
              "run.yaml:2:10: error: 'proxies: hardware' is not in this version; the proxy unit comes later; "
              "software is "
              "expected");
    EXPECT_EQ(faults("workload: ping\nmachine: {core: {model: oo}}\n"),
              "run.yaml:2:25: error: 'machine.core.model' cannot be 'oo'; did you mean 'ooo'?");
    EXPECT_EQ(
        faults("workload: ping\nmachine: {core: {ooo: {ports: {alu: 015}}}}\n"),
        "run.yaml:2:37: error: 'machine.core.ooo.ports.alu' is '015'; p and a hexadecimal digit for each "
        "port, such as p015, is expected");
    EXPECT_EQ(faults("workload: {name: ping, mechanisms: [pipe, pipe]}\n"),
              "run.yaml:1:43: error: 'workload.mechanisms' names 'pipe' twice; leave one out");
    EXPECT_EQ(
        faults("workload: ping\nsweep: {a: 1}\n"),
        "run.yaml:2:1: error: 'sweep' makes many configurations of this one; 'stile sweep' runs them all, "
        "'stile run --point N' one of them");
}

TEST_F(ConfigTest, RulesBetweenKeys) {
    EXPECT_EQ(faults("workload: ping\nmachine: {l1d: {ways: 3}}\n"),
              "run.yaml:2:23: error: 'machine.l1d' has no power of two of sets: 32 KiB in 3 ways of 64-byte "
              "lines; choose a "
              "size that is the ways x 64 B x a power of two");
    EXPECT_EQ(faults("workload: ping\nmachine: {dtlb: {entries: 10}}\n"),
              "run.yaml:2:27: error: 'machine.dtlb' has no power of two of sets: 10 entries in 4 ways; "
              "entries must be the "
              "ways x a power of two");
    EXPECT_THAT(faults("workload: ping\nmachine: {codoms: {apl_cache: {entries: 8}}}\n"),
                StartsWith("run.yaml:2:41: error: 'machine.codoms.apl_cache' has no power of two of sets"));
    EXPECT_EQ(
        faults("workload: ping\nmachine: {codoms: {apl_cache: {entries: 12, ways: 3, replacement: plru}}}\n"),
        "run.yaml:2:51: error: 'machine.codoms.apl_cache.ways' is 3; a power of two is expected");
    EXPECT_EQ(
        faults("workload: ping\nmachine: {codoms: {apl_cache: {entries: 12, ways: 3, replacement: fifo}}}\n"),
        "none");
    EXPECT_THAT(faults("workload: ping\nmachine: {codoms: {apl_cache: {replacement: mru}}}\n"),
                HasSubstr("cannot be 'mru'; did you mean 'lru'"));
    EXPECT_EQ(faults("workload: ping\nmachine: {cores: 64}\n"), "none");
    EXPECT_EQ(faults("workload: ping\nmachine: {cores: 65}\n"),
              "run.yaml:2:18: error: 'machine.cores' is out of range: 65; valid is 1 to 64");
    EXPECT_EQ(faults("workload: ping\nmachine: {memory: {size: 33 MiB}}\n"),
              "run.yaml:2:26: error: 'machine.memory.size' is no multiple of 2 MiB; 32 MiB would do");
}

TEST_F(ConfigTest, WorkloadFaults) {
    EXPECT_EQ(faults("machine: {cores: 1}\n"),
              "run.yaml:1:1: error: 'workload.name' is missing; text is expected (what runs: the name of a "
              "workload, or the path of a plugin; 'workload: NAME' is short for it)");
    // One mistake gives one message: what stands beside an unknown name cannot be judged.
    EXPECT_EQ(faults("workload: {name: pnig, mechanisms: [pipe]}\n"),
              "run.yaml:1:18: error: there is no workload 'pnig'");
    EXPECT_EQ(faults("workload: pong\n"),
              "run.yaml:1:11: error: 'workload.path' is missing; a path is expected (what)");
    EXPECT_EQ(faults("workload:\n  name: ping\n  count: 7\n"),
              "run.yaml:3:10: error: 'workload.count': 7 is unlucky; 6 would do");
    EXPECT_THAT(faults("workload: [ping]\n"),
                StartsWith("run.yaml:1:11: error: 'workload' cannot be a list"));
}

TEST_F(ConfigTest, AllFaultsAtOnceInTheOrderOfTheFile) {
    const std::string all = faults(
        "machine:\n  cores: x\n  l1d: {wasy: 8}\nmeasure: {warmup: -1}\nworkload: {name: ping, count: 0}\n");
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
    EXPECT_LT(all.find("run.yaml:2:10"), all.find("run.yaml:3:9"));
    EXPECT_LT(all.find("run.yaml:3:9"), all.find("run.yaml:4:19"));
    EXPECT_LT(all.find("run.yaml:4:19"), all.find("run.yaml:5:31"));
}

TEST_F(ConfigTest, FilesThatAreNone) {
    EXPECT_EQ(faults(""), "run.yaml:1:1: error: the file is empty; at least 'workload:' is needed");
    EXPECT_EQ(faults("# nothing\n"),
              "run.yaml:1:1: error: the file is empty; at least 'workload:' is needed");
    EXPECT_EQ(faults("- a\n"),
              "run.yaml:1:1: error: the file holds a list; a map of keys such as 'workload: sync_call' is "
              "expected");
    EXPECT_EQ(faults("ping\n"),
              "run.yaml:1:1: error: the file holds a single value; a map of keys such as 'workload: "
              "sync_call' is expected");
    EXPECT_THAT(faults("workload: ping\n---\nworkload: ping\n"),
                HasSubstr("run.yaml:2:1: error: a second document begins here"));
    EXPECT_THAT(faults(std::string("work\0load", 9)),
                HasSubstr("run.yaml:1:5: error: control character 0x00"));
    EXPECT_THAT(
        faults("workload: [ping\n"),
        HasSubstr("run.yaml:2:1: error: the list that began at run.yaml:1:11 does not end before this"));
    EXPECT_THAT(faults("machine:\n\tcores: 1\n"), HasSubstr("indent with spaces"));
    EXPECT_THAT(faults(std::string(20000, '[')), HasSubstr("error: this is nested too deeply"));
    EXPECT_THAT(faults("workload: *nothing\n"), HasSubstr("run.yaml:1:11: error: the alias names no anchor"));
    EXPECT_THAT(faults("a: &x [*x]\n"), HasSubstr("run.yaml:1:8: error: "));
    EXPECT_THAT(faults("workload: !!python/object ping\n"), HasSubstr("has no meaning here"));
    EXPECT_THAT(faults("? [a]\n: b\n"), HasSubstr("a key must be text, not a list"));
    EXPECT_THAT(faults("x: &x {a: 1}\nmachine:\n  <<: *x\nworkload: ping\n"), HasSubstr("use 'extends'"));
    try {
        load_config("absent.yaml", {}, {});
        FAIL() << "a missing file was read";
    } catch (const BadInput& bad) {
        EXPECT_STREQ(bad.what(),
                     "absent.yaml: error: cannot be read: No such file or directory; check the path");
    }
    try {
        load_config(".", {}, {});
        FAIL() << "a folder was read";
    } catch (const BadInput& bad) {
        EXPECT_STREQ(bad.what(), ".: error: this is a folder; name a YAML file in it");
    }
}

TEST_F(ConfigTest, AliasesThatMultiplyAreStopped) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string name = "a" + std::to_string(i), item = "*a" + std::to_string(i - 1);
        text += name + ": &" + name + " [" + item;
        for (int n = 1; n < 10; ++n) text += ", " + item;
        text += "]\n";
    }
    EXPECT_THAT(faults(text), HasSubstr("too many values"));
}

// Bytes that aliases copy, and copies that anchors within anchors keep, count as well as values do.
TEST_F(ConfigTest, WhatGrowsUnseenIsStopped) {
    std::string copies = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [*a";
    for (int i = 0; i < 30; ++i) copies += ", *a";
    EXPECT_THAT(faults(copies + "]\n"), HasSubstr("too many values"));
    std::string nested;
    for (int i = 0; i < 40; ++i) nested += "&a" + std::to_string(i) + " [";
    for (int i = 0; i < 5000; ++i) nested += "x, ";
    EXPECT_THAT(faults("a: " + nested + std::string(40, ']') + "\n"), HasSubstr("too many values"));
    std::string deeper = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n";
    for (int i = 1; i < 10; ++i)
        deeper += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [[[[[[[[[[*a" +
                  std::to_string(i - 1) + "]]]]]]]]]]\n";
    EXPECT_THAT(faults(deeper), HasSubstr("nested too deeply; a configuration has 64 levels at most"));
    std::string wide;
    for (int i = 0; i < 1001; ++i) wide += "k" + std::to_string(i) + ": 1\n";
    EXPECT_THAT(faults(wide), HasSubstr("run.yaml:1001:1: error: too many keys in one map"));
}

TEST_F(ConfigTest, ColumnsCountCharacters) {
    EXPECT_THAT(faults("{\"\u673a\u5668\": 1, workload: ping, protection: codmos}\n"),
                HasSubstr("run.yaml:1:39: error: "));
    EXPECT_THAT(faults("\xef\xbb\xbf{workload: ping, protection: codmos}\n"),
                HasSubstr("run.yaml:1:30: error: "));
}

TEST_F(ConfigTest, AliasesKeepTheirOwnPlace) {
    EXPECT_EQ(
        faults("os: {tick: &t 5 Hz}\nmeasure: {warmup: *t}\nworkload: ping\n"),
        "run.yaml:1:12: error: 'os.tick' is out of range: 5 Hz; valid is 10 Hz to 10 kHz\n"
        "run.yaml:2:19: error: 'measure.warmup' cannot be '5 Hz'; a whole number is expected, such as 50");
}

// A name is a cell of every line of results.csv.
TEST_F(ConfigTest, AMachinesNameIsALineOfText) {
    EXPECT_EQ(faults("workload: ping\nmachine: {name: \"\"}\n"),
              "run.yaml:2:17: error: 'machine.name' is empty; it is a column of results.csv: a name such as "
              "'default' is expected");
    EXPECT_THAT(faults("workload: ping\nmachine: {name: \"a\\nb\"}\n"),
                HasSubstr("'machine.name' is no line of text"));
    EXPECT_EQ(faults("workload: ping\nmachine: {name: \"a, b\"}\n"), "none");
}

}  // namespace
}  // namespace stile::sim
