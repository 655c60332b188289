// SPDX-License-Identifier: Apache-2.0
//
// Does an axis have the values that its list or range says, in order, and is a wrong one told where it
// stands?
#include "tests/sweep/fixture.h"

namespace stile::sim {
namespace {

using Axes = SweepTest;

TEST_F(Axes, ListsAndRanges) {
    EXPECT_EQ(values("machine.l1d.size", "[8 KiB, 32768, 1 MiB]"), "8 KiB, 32 KiB, 1 MiB");
    EXPECT_EQ(values("workload.count", "{from: 1, to: 9, step: 4}"), "1, 5, 9");
    EXPECT_EQ(values("machine.l1d.size", "{from: 8 KiB, to: 128 KiB, times: 2}"),
              "8 KiB, 16 KiB, 32 KiB, 64 KiB, 128 KiB");
    EXPECT_EQ(values("machine.l1d.size", "{from: 16 KiB, to: 48 KiB, step: 16 KiB}"),
              "16 KiB, 32 KiB, 48 KiB");
    EXPECT_EQ(values("machine.frequency", "{from: 1 GHz, to: 3 GHz, step: 1 GHz}"), "1 GHz, 2 GHz, 3 GHz");
    EXPECT_EQ(values("measure.max_time", "{from: 1 ms, to: 100 ms, times: 10}"), "1 ms, 10 ms, 100 ms");
    EXPECT_EQ(values("workload.loud", "[false, true]"), "false, true");
    EXPECT_EQ(values("protection", "[paging, codoms]"), "paging, codoms");
    EXPECT_EQ(values("measure.fast_forward", "[roi, 2 ms]"), "roi, 2 ms");
}

TEST_F(Axes, EvenlyOnALogarithmicScale) {
    // 32 x 16^(i/4)
    EXPECT_EQ(values("machine.core.ooo.rob", "{from: 32, to: 512, count: 5}"), "32, 64, 128, 256, 512");
    // 1, 1.73, 3, 5.2, 9
    EXPECT_EQ(values("workload.count", "{from: 1, to: 9, count: 5}"), "1, 2, 3, 5, 9");
    // More than there are: each once.
    EXPECT_EQ(values("workload.count", "{from: 1, to: 4, count: 10}"), "1, 2, 3, 4");
}

TEST_F(Axes, AValueOfAListKeyIsAList) {
    EXPECT_EQ(values("workload.sizes", "[[0 B], [64 B, 4096]]"), "[0 B], [64 B, 4 KiB]");
    EXPECT_EQ(values("workload.mechanisms", "[[pipe], [pipe, binder]]"), "[pipe], [pipe, binder]");
    EXPECT_EQ(sweep_faults("  axes: {workload.sizes: [0 B, 64 B]}\n"),
              "sweep.yaml:3:27: error: a value of 'workload.sizes' cannot be '0 B'; each of its values is a "
              "list: [0 B]\n"
              "sweep.yaml:3:32: error: a value of 'workload.sizes' cannot be '64 B'; each of its values is a "
              "list: [64 B]");
}

TEST_F(Axes, NumbersBesideTheText) {
    const auto loaded = sweep(
        "workload: ping\nmachine: {frequency: 2 GHz}\nsweep:\n  axes:\n    machine.l1d.size: [8 KiB, 16 "
        "KiB]\n"
        "    machine.l2.latency: [10, 7 ns]\n    os.tick: [250 Hz]\n    protection: [paging]\n"
        "    workload.sizes: [[4 KiB], [0 B, 64 B]]\n");
    const auto& axes = loaded->config().axes;
    EXPECT_EQ(axes[0].keys[0].unit, "B");
    EXPECT_EQ(axes[0].keys[0].values[1].number, 16384);
    EXPECT_EQ(axes[1].keys[0].unit, "cycles");
    EXPECT_EQ(axes[1].keys[0].values[1].text, "7 ns") << "another frequency makes other cycles of it";
    EXPECT_EQ(axes[1].keys[0].values[1].number, 14);
    EXPECT_EQ(axes[2].keys[0].values[0].number, 250);
    EXPECT_EQ(axes[3].keys[0].values[0].number, std::nullopt);
    EXPECT_EQ(axes[4].keys[0].unit, "B");
    EXPECT_EQ(axes[4].keys[0].values[0].number, 4096) << "a list of one size has its place among sizes";
    EXPECT_EQ(axes[4].keys[0].values[1].number, std::nullopt);
}

TEST_F(Axes, ValuesAreJudgedByTheirKey) {
    EXPECT_EQ(sweep_faults("  axes:\n    workload.count: [3, 12]\n"),
              "sweep.yaml:4:25: error: 'workload.count' is out of range: 12; valid is 1 to 9");
    EXPECT_EQ(sweep_faults("  axes:\n    machine.core.model: [inorder, oo]\n"),
              "sweep.yaml:4:35: error: 'machine.core.model' cannot be 'oo'; did you mean 'ooo'?");
    EXPECT_EQ(sweep_faults("  axes:\n    workload.count: {from: 0, to: 9, step: 3}\n"),
              "sweep.yaml:4:28: error: 'workload.count' is out of range: 0; valid is 1 to 9");
    EXPECT_EQ(sweep_faults("  axes:\n    machine.l1d.size: [32 KiB, 32768]\n"),
              "sweep.yaml:4:32: error: 'machine.l1d.size' has the value 32 KiB twice; leave one out");
    EXPECT_EQ(sweep_faults("  axes:\n    machine.l1d.size: []\n"),
              "sweep.yaml:4:23: error: 'machine.l1d.size' has no values");
}

TEST_F(Axes, KeysThatAreNone) {
    EXPECT_EQ(sweep_faults("  axes:\n    machine.l1d.sze: [32 KiB]\n"),
              "sweep.yaml:4:5: error: unknown key 'machine.l1d.sze' in 'sweep.axes'; did you mean "
              "'machine.l1d.size'?");
    EXPECT_EQ(sweep_faults("  axes:\n    machine.l1d.prefetch: [1]\n").find("sweep.yaml:4:5: error:"), 0u);
    EXPECT_THAT(
        sweep_faults("  axes:\n    machine.l1d: [32 KiB]\n"),
        testing::StartsWith("sweep.yaml:4:5: error: 'machine.l1d' is no key but a group in 'sweep.axes'; "
                            "valid are machine.l1d.size"));
    EXPECT_EQ(
        sweep_faults("  axes:\n    workload.name: [ping, pong]\n"),
        "sweep.yaml:4:5: error: 'workload.name' cannot be swept; parameters belong to their workload: a "
        "sweep for each is expected");
    EXPECT_EQ(sweep_faults("  axes:\n    output.report: [true, false]\n"),
              "sweep.yaml:4:5: error: 'output.report' cannot be swept; it changes no result");
    EXPECT_EQ(sweep_faults("  axs: {}\n"),
              "sweep.yaml:3:3: error: unknown key 'axs' in 'sweep'; did you mean 'axes'?");
}

TEST_F(Axes, RangesThatAreNone) {
    const auto range = [this](const std::string& text) {
        return sweep_faults("  axes:\n    workload.count: {" + text + "}\n");
    };
    EXPECT_EQ(
        range("from: 1, to: 9, step: 3"),
        "sweep.yaml:4:35: error: the range never comes to its end: 9 is not among its values; 7 would be");
    EXPECT_EQ(range("from: 1, to: 6, step: 2"),
              "sweep.yaml:4:35: error: the range never comes to its end: 6 is not among its values; 5 or 7 "
              "would be");
    EXPECT_EQ(range("from: 5, to: 5, step: 1"),
              "sweep.yaml:4:35: error: a range goes upwards; 'to' must be more than 5");
    EXPECT_EQ(
        range("from: 1, to: 9"),
        "sweep.yaml:4:21: error: the range says not how it goes on; step: 2 (so much more), times: 2 (so "
        "many times as much) or count: 5 (so many in all) is expected");
    EXPECT_EQ(range("to: 9, step: 1"),
              "sweep.yaml:4:21: error: the range has no 'from'; {from: A, to: B, step: C} is expected");
    EXPECT_EQ(
        range("from: 1, to: 9, step: 1, count: 3"),
        "sweep.yaml:4:47: error: a range has one of step, times and count, not both 'step' and 'count'; "
        "leave one out");
    EXPECT_EQ(range("from: 1, to: 9, step: 0"),
              "sweep.yaml:4:44: error: 'step' cannot be '0'; more than 0 is expected, a whole number is "
              "expected, such as 3");
    EXPECT_EQ(range("from: 1, to: 8, times: 1"),
              "sweep.yaml:4:45: error: 'times' cannot be '1'; a whole number from 2 on is expected");
    EXPECT_EQ(
        range("from: 1, until: 8, times: 2"),
        "sweep.yaml:4:21: error: the range has no 'to'; {from: A, to: B, step: C} is expected\n"
        "sweep.yaml:4:31: error: unknown key 'until' in a range; valid is from, to, step, times or count");
    EXPECT_EQ(
        sweep_faults("  axes:\n    protection: {from: none, to: codoms, step: 1}\n"),
        "sweep.yaml:4:17: error: 'protection' has no range: its values are no numbers; a list is expected");
}

}  // namespace
}  // namespace stile::sim
