// SPDX-License-Identifier: Apache-2.0
//
// Questions: what does each further service on the way of a request add, is every stage really on that way,
// and what can a mechanism not carry?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

class Pipeline : public Stile {
  protected:
    Csv pipeline(const std::string& more, int expected = 0) {
        write("p.yaml", "extends: " STILE_SOURCE_DIR
                        "/configs/runs/pipeline.yaml\nworkload: {sizes: [64 B]}\n"
                        "measure: {warmup: 20, repetitions: 20}\n");
        const Output output = stile("run p.yaml --out p " + more);
        EXPECT_EQ(output.code, expected) << output.err;
        const Csv csv = results("p");
        for (size_t i = 0; i < csv.rows.size(); ++i)
            if (csv.at(i, "mechanism") != "syscall") {
                EXPECT_EQ(csv.at(i, "checked"), "1") << csv.at(i, "mechanism");
            }
        return csv;
    }
    static Csv refused() { return parse_csv(contents("p/refused.csv")); }
};

TEST_F(Pipeline, TheRequestGoesThroughEveryStageAndTheAnswerBack) {
    const Csv csv = pipeline("--set workload.sizes=[0,5,64]");
    // function, pipe, binder; codoms and dipc twice; three sizes.
    ASSERT_EQ(csv.rows.size(), 7u * 3);
    EXPECT_EQ(refused().rows.size(), 3u * 3);  // syscall; mpk twice
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        const std::string& mechanism = csv.at(i, "mechanism");
        SCOPED_TRACE(mechanism + " " + csv.at(i, "policy") + " " + csv.at(i, "size_bytes"));
        const bool kernel = mechanism == "pipe" || mechanism == "binder";
        EXPECT_EQ(number(csv, i, "hops"), 4);
        EXPECT_EQ(number(csv, i, "context_switches"), kernel ? 2 * 4 : 0);
        EXPECT_EQ(number(csv, i, "page_table_switches"), kernel ? 2 * 4 : 0);
        EXPECT_EQ(number(csv, i, "syscalls"), mechanism == "pipe"     ? 4 * 4
                                              : mechanism == "binder" ? 3 * 4
                                                                      : 0);
        if (mechanism == "codoms") {
            EXPECT_EQ(number(csv, i, "domain_crossings"), csv.at(i, "policy") == "high" ? 5 * 4 : 2 * 4);
        }
        EXPECT_NEAR(number(csv, i, "cycles_per_hop"), number(csv, i, "cycles_mean") / 4,
                    0.1 * number(csv, i, "cycles_mean") / 4 + 10);
        double phases = 0;
        for (const std::string& name : csv.header)
            if (name.starts_with("phase_")) phases += number(csv, i, name);
        EXPECT_NEAR(phases, number(csv, i, "cycles_mean"), 1e-4);
        if (csv.at(i, "size_bytes") == "0") continue;
        // By reference there is nothing to copy. Else each hop has the mechanism's copies, there and back,
        // and each stage but the last puts what it got into what it sends.
        const double copies = mechanism == "pipe" ? 2 * 4 : mechanism == "binder" ? 4 : 0;
        EXPECT_EQ(number(csv, i, "copies_kernel"), copies);
        EXPECT_EQ(number(csv, i, "copies_user"), copies > 0 ? 3 : 0);
        EXPECT_EQ(number(csv, i, "copies_proxy"), 0);
    }
}

TEST_F(Pipeline, EveryHopAddsTheSame) {
    std::map<std::string, std::vector<double>> instructions, cycles;
    for (int depth = 1; depth <= 4; ++depth) {
        const Csv csv = pipeline(
            "--set workload.mechanisms=[function,codoms,pipe,binder,dipc] "
            "--set workload.depth=" +
            std::to_string(depth));
        for (size_t i = 0; i < csv.rows.size(); ++i) {
            const std::string name = csv.at(i, "mechanism") + " " + csv.at(i, "policy");
            instructions[name].push_back(number(csv, i, "instructions"));
            cycles[name].push_back(number(csv, i, "cycles_mean"));
        }
    }
    ASSERT_EQ(instructions.size(), 7u);
    for (const auto& [name, n] : instructions) {
        SCOPED_TRACE(name);
        ASSERT_EQ(n.size(), 4u);
        const double hop = (n[3] - n[0]) / 3, time = (cycles[name][3] - cycles[name][0]) / 3;
        // The kernel's paths depend a little on who sleeps where; by reference it is the same code each time.
        const double within = name.starts_with("pipe") || name.starts_with("binder") ? 0.05 * hop : 0;
        EXPECT_NEAR(n[2] - n[1], hop, within);
        EXPECT_NEAR(n[3] - n[2], hop, within);
        EXPECT_NEAR(cycles[name][1] - cycles[name][0], time, 0.3 * time + 10);
        EXPECT_NEAR(cycles[name][3] - cycles[name][2], time, 0.3 * time + 10);
    }
    EXPECT_LT(cycles["dipc low"][3], cycles["binder -"][3] / 10);
}

TEST_F(Pipeline, OneStageIsWhatSyncCallMeasures) {
    const std::string mechanisms = "--set workload.mechanisms=[function,codoms,pipe,binder,dipc] ";
    const Csv one = pipeline(mechanisms + "--set workload.depth=1");
    write("s.yaml", "extends: " STILE_SOURCE_DIR
                    "/configs/runs/pipeline.yaml\nmeasure: {warmup: 20, repetitions: 20}\n");
    write("c.yaml", "extends: " STILE_SOURCE_DIR
                    "/configs/runs/compare.yaml\nworkload: {sizes: [64 B]}\n"
                    "measure: {warmup: 20, repetitions: 20}\n");
    ASSERT_EQ(stile("run c.yaml --core ooo --out c " + mechanisms).code, 0);
    const Csv sync = results("c");
    ASSERT_EQ(one.rows.size(), sync.rows.size());
    for (size_t i = 0; i < one.rows.size(); ++i) {
        const size_t j = find(sync, one.at(i, "mechanism"), one.at(i, "policy"), "64");
        // A comparison of the answer's length more, and another layout of the programs.
        EXPECT_NEAR(number(one, i, "instructions"), number(sync, j, "instructions"), 16)
            << sync.at(j, "mechanism");
        EXPECT_NEAR(number(one, i, "cycles_mean"), number(sync, j, "cycles_mean"),
                    0.06 * number(sync, j, "cycles_mean") + 30)
            << sync.at(j, "mechanism");
    }
}

TEST_F(Pipeline, SaysWhatAMechanismCannotCarry) {
    EXPECT_EQ(pipeline("--set workload.mechanisms=[dipc] --set workload.depth=13").rows.size(), 2u);
    // A thread visits thirteen processes at most.
    EXPECT_EQ(pipeline("--set workload.mechanisms=[dipc] --set workload.depth=14").rows.size(), 0u);
    Csv no = refused();
    ASSERT_EQ(no.rows.size(), 2u);
    EXPECT_EQ(no.at(0, "errno_name"), "EMFILE");
    EXPECT_THAT(no.at(0, "reason"), testing::HasSubstr("docs/dipc.md"));
    EXPECT_EQ(pipeline("--set workload.mechanisms=[function,codoms,pipe,binder] --set workload.depth=16 "
                       "--set workload.policies=[high] --set measure.repetitions=3")
                  .rows.size(),
              4u);
    pipeline(
        "--set workload.mechanisms=[syscall,dipc,codoms] --set workload.sizes=[0] --set protection=paging "
        "--set workload.policies=[low]");
    no = refused();
    ASSERT_EQ(no.rows.size(), 3u);
    EXPECT_EQ(no.at(0, "reason"), "a system call has no server that could call the next one");
    EXPECT_EQ(no.at(1, "errno_name"), "ENOSYS");
    EXPECT_EQ(no.at(2, "errno_name"), "ENOSYS");
    EXPECT_EQ(pipeline("--set workload.mechanisms=[syscall] --set workload.sizes=[0] --set workload.depth=1")
                  .at(0, "syscalls"),
              "1");
}

TEST_F(Pipeline, EveryStageHasAKeyOfItsOwn) {
    const std::string keys =
        "--set protection=mpk --set workload.mechanisms=[function,mpk] --set measure.touch=write ";
    Csv csv = pipeline(keys + "--set workload.depth=14");
    ASSERT_EQ(csv.rows.size(), 3u);
    for (size_t i = 1; i < 3; ++i) {
        EXPECT_EQ(number(csv, i, "kernel_instructions"), 0);
        EXPECT_EQ(number(csv, i, "copies"), 0);
        // Two writes of PKRU a hop, 23 cycles each that nothing else fills.
        EXPECT_GT(number(csv, i, "cycles_mean") - number(csv, 0, "cycles_mean"), 14 * 2 * 23);
    }
    EXPECT_GT(number(csv, 2, "cycles_mean"), number(csv, 1, "cycles_mean"));
    csv = pipeline(keys + "--set workload.depth=15");
    EXPECT_EQ(csv.rows.size(), 1u);
    EXPECT_EQ(refused().at(0, "errno_name"), "ENOSPC");
    EXPECT_THAT(refused().at(0, "reason"), testing::HasSubstr("15 keys"));
}

TEST_F(Pipeline, StagesRunOnTheCoresThatTheListNames) {
    const Csv csv = pipeline(
        "--set machine.cores=2 --set workload.cores=[0,1] --set workload.depth=2 "
        "--set workload.mechanisms=[pipe,binder,dipc] --set workload.policies=[low]");
    ASSERT_EQ(csv.rows.size(), 2u);
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(csv.at(i, "placement"), "other_core");
    const Csv no = refused();
    ASSERT_EQ(no.rows.size(), 1u);
    EXPECT_THAT(no.at(0, "reason"), testing::HasSubstr("caller's own thread"));
    pipeline("--set workload.cores=[0,3] --set workload.mechanisms=[pipe]");
    EXPECT_THAT(refused().at(0, "reason"), testing::HasSubstr("machine.cores"));
    const Output wrong = stile("run p.yaml --set workload.cores=[one]");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_THAT(wrong.err, testing::HasSubstr("'one' is no core; a number from 0 to 63 is right"));
}

TEST_F(Pipeline, TheSameProgramsRunOnLinux) {
    for (const char* mechanism : {"function", "pipe"}) {
        const std::string arguments = std::string(mechanism) + " 64 read - 4 0";
        const Output native =
            shell("timeout 60 " STILE_GUEST_PIPELINE " " + arguments + " 20 20 " STILE_GUEST_STAGE);
        EXPECT_EQ(native.code, 0) << native.err;
        pipeline("--set workload.mechanisms=[" + std::string(mechanism) + "]");
        EXPECT_THAT(contents("p/console.txt"), testing::HasSubstr(native.out));
        EXPECT_THAT(native.out, testing::HasSubstr("depth=4 size=64 calls=20 checked=ok"));
    }
}

TEST_F(Pipeline, SameInputsSameBytes) {
    const std::string some = "--set workload.mechanisms=[codoms,binder,dipc] --set measure.touch=write";
    pipeline(some);
    const std::string first = contents("p/results.csv"), stats = contents("p/stats.json");
    pipeline(some);
    EXPECT_EQ(contents("p/results.csv"), first);
    EXPECT_EQ(contents("p/stats.json"), stats);
}

}  // namespace
}  // namespace stile::sim
