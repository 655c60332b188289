// SPDX-License-Identifier: Apache-2.0
//
// Question: who meets a deadline, urgent and ordinary callers, over every mechanism, with and without
// somebody who uses the processor up?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Latency : public Stile {
  protected:
    Output latency(const std::string& out, const std::string& workload, const std::string& more = "") {
        write(out + ".yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/latency.yaml\nworkload: {" +
                                 workload + "}\nmeasure: {warmup: 10, repetitions: 10}\n" + more);
        return stile("run " + out + ".yaml --out " + out);
    }
    static size_t row(const Csv& csv, const std::string& mechanism) {
        for (size_t i = 0; i < csv.rows.size(); ++i)
            if (csv.at(i, "mechanism") == mechanism) return i;
        ADD_FAILURE() << mechanism;
        return 0;
    }
    static double of(const Csv& csv, const std::string& mechanism, const std::string& column) {
        return number(csv, row(csv, mechanism), column);
    }
};

const std::string quiet = "background: 0, mechanisms: [function, syscall, codoms, dipc, binder, pipe]";

TEST_F(Latency, ADeadlineBelowTheCallsCostIsMissedAlwaysAndOneAboveNever) {
    ASSERT_EQ(latency("tight", quiet + ", deadline_ns: 100").code, 0);
    ASSERT_EQ(latency("wide", quiet + ", deadline_ns: 100000").code, 0);
    const Csv tight = results("tight"), wide = results("wide");
    ASSERT_EQ(tight.rows.size(), 6u);
    for (size_t i = 0; i < 6; ++i) {
        const std::string who = tight.at(i, "mechanism");
        EXPECT_EQ(tight.at(i, "calls"), "10") << who << ": the urgent client's";
        EXPECT_EQ(tight.at(i, "high_misses"), "10") << who;
        EXPECT_EQ(tight.at(i, "low_misses"), "10") << who;
        EXPECT_EQ(wide.at(i, "high_misses"), "0") << who;
        EXPECT_EQ(wide.at(i, "low_misses"), "0") << who;
        EXPECT_EQ(wide.at(i, "checked"), who == "syscall" ? "" : "1") << who;
        double sum = 0;
        for (const char* phase : model::phase_names) sum += number(wide, i, std::string("phase_") + phase);
        EXPECT_NEAR(sum, number(wide, i, "cycles_mean"), 0.01) << who;
        // Waking up takes a timer interrupt and a switch, and is part of the response.
        EXPECT_GT(number(wide, i, "high_wakeup_p99_ns"), 300) << who;
        EXPECT_LE(number(wide, i, "high_wakeup_p99_ns"), number(wide, i, "high_wakeup_worst_ns")) << who;
        EXPECT_LT(number(wide, i, "high_wakeup_worst_ns"), number(wide, i, "high_response_worst_ns")) << who;
        EXPECT_LE(number(wide, i, "high_response_p50_ns"), number(wide, i, "high_response_p99_ns")) << who;
        EXPECT_LE(number(wide, i, "high_response_p99_ns"), number(wide, i, "high_response_worst_ns")) << who;
        // Both wake up at the same instants; the urgent one is first.
        EXPECT_LT(number(wide, i, "high_response_p50_ns"), number(wide, i, "low_response_p50_ns")) << who;
    }
    EXPECT_LT(of(wide, "dipc", "high_response_p50_ns"), of(wide, "pipe", "high_response_p50_ns"));
    EXPECT_LT(of(wide, "pipe", "high_response_p50_ns"), of(wide, "binder", "high_response_p50_ns"));
}

// Urgency is the caller's. Where the caller's own thread does the work it goes with it; a server that is
// another thread has to be urgent itself, since nothing inherits a priority.
TEST_F(Latency, WithTheProcessorUsedUpUrgencyDecides) {
    const std::string rows = "background: 1, mechanisms: [dipc, pipe, binder], deadline_ns: 50000, ";
    ASSERT_EQ(latency("ordinary_server", rows + "server_priority: 0").code, 0);
    ASSERT_EQ(latency("urgent_server", rows + "server_priority: 98").code, 0);
    ASSERT_EQ(latency("nobody", rows + "high_priority: 0").code, 0);
    const Csv ordinary = results("ordinary_server"), urgent = results("urgent_server"),
              nobody = results("nobody");
    EXPECT_EQ(of(ordinary, "dipc", "high_misses"), 0);
    for (const std::string mechanism : {"pipe", "binder"}) {
        EXPECT_GE(of(ordinary, mechanism, "high_misses"), 5) << mechanism;
        EXPECT_GT(of(ordinary, mechanism, "high_response_worst_ns"), 200'000) << "behind a slice of 1 ms";
        EXPECT_EQ(of(urgent, mechanism, "high_misses"), 0) << mechanism;
        EXPECT_GE(of(urgent, mechanism, "low_misses"), 5) << mechanism;
        // The urgent client itself is always in time.
        EXPECT_LT(of(ordinary, mechanism, "high_wakeup_worst_ns"), 10'000) << mechanism;
    }
    for (const std::string mechanism : {"dipc", "pipe", "binder"})
        EXPECT_GE(of(nobody, mechanism, "high_misses"), 3) << mechanism << ": ordinary as everybody";
}

TEST_F(Latency, PairsOnSeveralCoresAndTheSameBytesEveryTime) {
    const std::string rows =
        "background: 1, mechanisms: [dipc, pipe], sizes: [0 B], pairs: 2, placement: [spread], client_kind: "
        "threads";
    for (const std::string out : {"a", "b"}) {
        const Output output = latency(out, rows, "machine: {cores: 2}\n");
        ASSERT_EQ(output.code, 0) << output.err;
    }
    const Csv csv = results("a");
    ASSERT_EQ(csv.rows.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(csv.at(i, "calls"), "20") << "of two urgent clients";
        EXPECT_LE(number(csv, i, "high_misses"), number(csv, i, "low_misses"));
    }
    for (const char* name : {"results.csv", "stats.json", "console.txt"})
        EXPECT_EQ(contents(std::string("a/") + name), contents(std::string("b/") + name)) << name;
}

TEST_F(Latency, TheGuestsRunNativelyToo) {
    ASSERT_EQ(latency("here", "mechanisms: [pipe], background: 0, sizes: [64 B]").code, 0);
    const Output native =
        shell("timeout 60 " STILE_LATENCY_CLIENT
              " mechanism=pipe size=64 clients=2 servers=2 warmup=10 repetitions=10 high=0");
    EXPECT_EQ(native.code, 0) << native.err;
    const std::string line = native.out.substr(0, native.out.find('\n') + 1);
    EXPECT_EQ(line, "latency mechanism=pipe size=64 pairs=1 servers=2 calls=20 checked=ok\n");
    EXPECT_THAT(contents("here/console.txt"), testing::StartsWith(line));
    EXPECT_THAT(native.out, HasSubstr("\nhigh: "));
    EXPECT_EQ(shell("timeout 60 " STILE_LATENCY_CLIENT " mechanism=pipe clients=3").code, 2);
}

}  // namespace
}  // namespace stile::sim
