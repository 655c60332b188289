// SPDX-License-Identifier: Apache-2.0
//
// Question: how many calls per second do several clients get, over every mechanism, and do the figures agree
// with those of one client that calls alone?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Throughput : public Stile {
  protected:
    // `workload` and `machine` are what stands between braces.
    Output load(const std::string& out, const std::string& workload, const std::string& machine,
                const std::string& more = "", const std::string& arguments = "") {
        write(out + ".yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/throughput.yaml\nworkload: {" +
                                 workload + "}\nmachine: {" + machine +
                                 "}\nmeasure: {warmup: 20, repetitions: 50}\n" + more);
        return stile("run " + out + ".yaml --out " + out + " " + arguments);
    }
    static size_t row(const Csv& csv, const std::string& mechanism, const std::string& placement,
                      const std::string& policy = "") {
        for (size_t i = 0; i < csv.rows.size(); ++i)
            if (csv.at(i, "mechanism") == mechanism && csv.at(i, "placement") == placement &&
                (policy.empty() || csv.at(i, "policy") == policy))
                return i;
        ADD_FAILURE() << mechanism << " " << placement << " " << policy;
        return 0;
    }
    static void expect_sound(const Csv& csv, double calls) {
        for (size_t i = 0; i < csv.rows.size(); ++i) {
            const std::string where =
                csv.at(i, "mechanism") + " " + csv.at(i, "policy") + " " + csv.at(i, "placement");
            EXPECT_EQ(number(csv, i, "calls"), calls) << where;
            EXPECT_EQ(csv.at(i, "checked"), csv.at(i, "mechanism") == "syscall" ? "" : "1") << where;
            double sum = 0;
            for (const char* phase : model::phase_names) sum += number(csv, i, std::string("phase_") + phase);
            EXPECT_NEAR(sum, number(csv, i, "cycles_mean"), 0.01) << where;
            EXPECT_GT(number(csv, i, "cycles_best"), 0) << where;
            EXPECT_LE(number(csv, i, "cycles_best"), number(csv, i, "cycles_p50")) << where;
            EXPECT_LE(number(csv, i, "cycles_p50"), number(csv, i, "cycles_p90")) << where;
            EXPECT_LE(number(csv, i, "cycles_p90"), number(csv, i, "cycles_p99")) << where;
            EXPECT_LE(number(csv, i, "cycles_p99"), number(csv, i, "cycles_worst")) << where;
            EXPECT_LE(number(csv, i, "slowest_client_per_second"),
                      number(csv, i, "fastest_client_per_second"))
                << where;
        }
    }
};

const std::string everything = "mechanisms: [function, syscall, codoms, dipc, binder, pipe]";

TEST_F(Throughput, OneClientOnOneCoreIsWhatSyncCallMeasures) {
    ASSERT_EQ(load("one", everything + ", clients: 1, servers: 1, placement: [free]", "cores: 1").code, 0);
    const Csv one = results("one");
    ASSERT_EQ(one.rows.size(), 6u);
    expect_sound(one, 50);
    ASSERT_EQ(run("--set 'workload.sizes=[0 B]' --set 'workload.policies=[low]'", "alone").code, 0);
    const Csv alone = results("alone");
    const double frequency = number(one, 0, "cycles_mean") / number(one, 0, "ns_mean") * 1e9;
    for (const std::string mechanism : {"syscall", "binder", "pipe"}) {
        const size_t i = row(one, mechanism, "free"), j = find(alone, mechanism, "-", "0");
        EXPECT_NEAR(number(one, i, "cycles_p50") / number(alone, j, "cycles_p50"), 1, 0.04) << mechanism;
        EXPECT_EQ(one.at(i, "syscalls"), alone.at(j, "syscalls")) << mechanism;
        EXPECT_EQ(one.at(i, "context_switches"), alone.at(j, "context_switches")) << mechanism;
    }
    // What is between two calls is a loop; in front of the first and behind the last, reading the clock.
    for (const std::string mechanism : {"binder", "pipe"}) {
        const size_t i = row(one, mechanism, "free");
        EXPECT_NEAR(number(one, i, "calls_per_second") * number(one, i, "cycles_mean") / frequency, 1, 0.03)
            << mechanism;
    }
}

// The caller's own thread crosses: nobody waits for anybody. Through the kernel everybody waits for its one
// lock.
TEST_F(Throughput, TwoClientsOnTwoCores) {
    const std::string rows = everything + ", placement: [spread], clients: ";
    ASSERT_EQ(load("one", rows + "1, servers: 1", "cores: 2").code, 0);
    const Output output = load("two", rows + "2, servers: 2", "cores: 2");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv one = results("one"), two = results("two");
    expect_sound(two, 100);
    const auto scaling = [&](const std::string& mechanism) {
        return number(two, row(two, mechanism, "spread"), "calls_per_second") /
               number(one, row(one, mechanism, "spread"), "calls_per_second");
    };
    for (const std::string mechanism : {"function", "syscall", "codoms", "dipc"}) {
        EXPECT_GT(scaling(mechanism), 1.7) << mechanism;
        EXPECT_LT(scaling(mechanism), 2.1) << mechanism;
    }
    EXPECT_GT(scaling("pipe"), 1);
    EXPECT_LT(scaling("pipe"), 1.5) << "see docs/limits.md: the kernel's lock";
    EXPECT_GT(scaling("binder"), 0.6) << "any thread of the pool may get a call, on the other core, too";
    EXPECT_LT(scaling("binder"), 1.5);
    // Each call's events are counted once, whoever's core they happened on.
    EXPECT_EQ(two.at(row(two, "pipe", "spread"), "syscalls"), "4");
    EXPECT_EQ(two.at(row(two, "binder", "spread"), "syscalls"), "3");
    EXPECT_EQ(two.at(row(two, "syscall", "spread"), "syscalls"), "1");
}

TEST_F(Throughput, OnOneCoreClientsTakeTurns) {
    ASSERT_EQ(
        load("one", "mechanisms: [pipe], placement: [same_core], clients: 1, servers: 1", "cores: 2").code,
        0);
    ASSERT_EQ(
        load("four", "mechanisms: [pipe], placement: [same_core], clients: 4, servers: 4", "cores: 2").code,
        0);
    const Csv one = results("one"), four = results("four");
    expect_sound(four, 200);
    EXPECT_NEAR(number(four, 0, "calls_per_second") / number(one, 0, "calls_per_second"), 1, 0.15);
    EXPECT_NEAR(number(four, 0, "cycles_mean") / number(one, 0, "cycles_mean"), 4, 0.6);
    EXPECT_NEAR(number(four, 0, "fastest_client_per_second") / number(four, 0, "slowest_client_per_second"),
                1, 0.1);
}

TEST_F(Throughput, EveryPlacementAndKindOfClients) {
    const std::string rows =
        "mechanisms: [pipe, binder, dipc, syscall], placement: [free, same_core, other_core, "
        "spread], clients: 3, servers: 2, client_kind: ";
    for (const std::string kind : {"processes", "threads"}) {
        const Output output = load(kind, rows + kind, "cores: 3", "", "--set measure.repetitions=15");
        ASSERT_EQ(output.code, 0) << output.err;
        const Csv csv = results(kind);
        expect_sound(csv, 45);
        EXPECT_EQ(csv.rows.size(), 14u);
        const Csv refused = parse_csv(contents(kind + "/refused.csv"));
        ASSERT_EQ(refused.rows.size(), 2u);
        for (size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(refused.at(i, "placement"), "other_core");
            EXPECT_EQ(refused.at(i, "errno_name"), "EINVAL");
            EXPECT_THAT(refused.at(i, "reason"), HasSubstr("the caller's own thread runs the callee"));
        }
    }
}

TEST_F(Throughput, WhatCannotBeIsRefusedWithItsReason) {
    const Output output = load(
        "no",
        everything + ", clients: 20, servers: 1, sizes: [64 KiB], policies: [high], client_kind: processes",
        "cores: 1", "", "--set measure.repetitions=1 --set measure.warmup=1");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv refused = parse_csv(contents("no/refused.csv"));
    std::map<std::string, std::string> why;
    for (size_t i = 0; i < refused.rows.size(); ++i)
        why[refused.at(i, "mechanism")] = refused.at(i, "errno_name") + ": " + refused.at(i, "reason");
    EXPECT_EQ(why.size(), 4u);
    EXPECT_EQ(why["function"], "EINVAL: client and server are one process; clients must be its threads");
    EXPECT_EQ(why["codoms"], "EINVAL: client and server are one process; clients must be its threads");
    EXPECT_EQ(why["syscall"], "EINVAL: an empty system call carries no payload; size 0 is right");
    EXPECT_EQ(why["binder"], "ENOSPC: the payloads of all clients do not fit into one mapping");
    ASSERT_EQ(load("gate", "mechanisms: [codoms, dipc], policies: [high], clients: 2", "cores: 1").code, 0);
    EXPECT_THAT(contents("gate/refused.csv"),
                HasSubstr("EAGAIN,the gate of policy high has one stack and serves one caller at a time"));
    EXPECT_EQ(results("gate").rows.size(), 1u) << "dIPC has a stack for each";
    ASSERT_EQ(
        load("keys", "mechanisms: [dipc, codoms, mpk], clients: 2", "cores: 1", "protection: mpk\n").code, 0);
    EXPECT_EQ(results("keys").rows.size(), 1u);
    EXPECT_EQ(results("keys").at(0, "mechanism"), "mpk");
    EXPECT_EQ(results("keys").at(0, "checked"), "1");
}

// Adding to the service's words, under a lock or not: nothing is lost, and the more there is to do the more
// clients wait for each other.
TEST_F(Throughput, ContentionForTheServiceShows) {
    const std::string rows =
        "mechanisms: [function, dipc], clients: 2, servers: 1, placement: [spread], service_work: ";
    for (const std::string work : {"0", "64"}) ASSERT_EQ(load("w" + work, rows + work, "cores: 2").code, 0);
    ASSERT_EQ(load("atomic", rows + "64, service_lock: false", "cores: 2").code, 0);
    ASSERT_EQ(
        load("one",
             "mechanisms: [function, dipc], clients: 1, servers: 1, placement: [spread], service_work: 64",
             "cores: 2")
            .code,
        0);
    expect_sound(results("w64"), 100);
    expect_sound(results("atomic"), 100);
    for (size_t i = 0; i < 2; ++i) {
        const double both = number(results("w64"), i, "calls_per_second"),
                     alone = number(results("one"), i, "calls_per_second");
        EXPECT_LT(both / alone, 1.3) << "one at a time";
        EXPECT_GT(number(results("w0"), i, "calls_per_second"), 2 * both);
    }
}

TEST_F(Throughput, TheSameBytesEveryTime) {
    const std::string rows =
        "mechanisms: [binder, pipe, dipc], clients: 3, servers: 2, placement: [free], service_work: 4";
    ASSERT_EQ(load("a", rows, "cores: 2, core: {model: ooo}", "", "--jobs 1").code, 0);
    ASSERT_EQ(load("b", rows, "cores: 2, core: {model: ooo}", "", "--jobs 3").code, 0);
    for (const char* name : {"results.csv", "stats.txt", "stats.json", "console.txt"})
        EXPECT_EQ(contents(std::string("a/") + name), contents(std::string("b/") + name)) << name;
}

// The same programs on the processor that runs this test: what they print but for times is the same.
TEST_F(Throughput, TheGuestsRunNativelyToo) {
    const std::string key = " size=64 clients=3 servers=2 warmup=20 repetitions=50 work=4";
    ASSERT_EQ(
        load("here", "mechanisms: [pipe], sizes: [64 B], clients: 3, servers: 2, service_work: 4", "cores: 2")
            .code,
        0);
    ASSERT_EQ(
        load("function", "mechanisms: [function], sizes: [64 B], clients: 3, servers: 2, service_work: 4",
             "cores: 2")
            .code,
        0);
    for (const std::string mechanism : {"pipe", "function"}) {
        const Output native = shell("timeout 60 " STILE_THROUGHPUT_CLIENT " mechanism=" + mechanism + key);
        EXPECT_EQ(native.code, 0) << native.err;
        const std::string line = native.out.substr(0, native.out.find('\n') + 1);
        EXPECT_THAT(contents((mechanism == "pipe" ? "here" : mechanism) + "/console.txt"),
                    testing::StartsWith(line));
        EXPECT_EQ(line, "throughput mechanism=" + mechanism +
                            " size=64 clients=3 servers=2 calls=150 checked=ok\n");
    }
    const Output system =
        shell("timeout 60 " STILE_THROUGHPUT_CLIENT " mechanism=syscall clients=4 clock=tsc kind=threads");
    EXPECT_EQ(system.code, 0) << system.err;
    EXPECT_THAT(system.out, HasSubstr("checked=-\ncalls per second: "));
    EXPECT_THAT(system.out, HasSubstr("\n50%: "));
    EXPECT_EQ(shell("timeout 60 " STILE_THROUGHPUT_CLIENT " mechanism=pipe clients=0").code, 2);
    EXPECT_EQ(shell("timeout 60 " STILE_THROUGHPUT_CLIENT " mechanism=pipe cleints=1").code, 2);
}

// Sixty-four threads of one process, each with a visit of its own in the server's.
TEST_F(Throughput, SixtyFourCores) {
    const Output output = load(
        "many", "mechanisms: [dipc], clients: 64, servers: 1, placement: [spread], client_kind: threads",
        "cores: 64, core: {model: functional}", "", "--set measure.repetitions=10 --set measure.warmup=2");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv csv = results("many");
    ASSERT_EQ(csv.rows.size(), 1u);
    expect_sound(csv, 64 * 10);
}

}  // namespace
}  // namespace stile::sim
