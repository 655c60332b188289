// SPDX-License-Identifier: Apache-2.0
//
// Question: is a checkpoint that does not fit refused, by the name of what differs, and one that fits never?
#include "tests/checkpoint/checkpoint.h"

namespace stile::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Fits : public Checkpoint {
  protected:
    // One row of sync_call, saved in the folder `state`.
    void save(const std::string& moment, const std::string& mechanism = "dipc",
              const std::string& more = "") {
        write("run.yaml", "extends: " STILE_SOURCE_DIR
                          "/configs/runs/compare.yaml\nworkload: {mechanisms: [" +
                              mechanism + "], policies: [low], sizes: [64 B]}\nmeasure: {warmup: 2, " +
                              "repetitions: 3, fast_forward: " + moment + "}\n" + more);
        std::filesystem::remove_all("state");
        const Output output = run("--save state", "saved");
        ASSERT_EQ(output.code, 0) << output.err;
    }
    Output restore(const std::string& arguments) {
        std::filesystem::remove_all("restored");
        return run("--restore state " + arguments, "restored");
    }
    void expect_refused(const std::string& arguments, const std::string& why) {
        const Output output = restore(arguments);
        EXPECT_EQ(output.code, 2) << arguments;
        EXPECT_THAT(output.err,
                    AllOf(HasSubstr("--restore state: error: no checkpoint fits row dipc"), HasSubstr(why)))
            << arguments;
        EXPECT_FALSE(std::filesystem::exists("restored"));
    }
};

TEST_F(Fits, WhatTheFunctionalCoreNoticesIsNamedWithBothValues) {
    save("roi");
    EXPECT_EQ(restore("").code, 0);
    expect_refused("--set machine.cores=2", "machine.cores is 1 there and 2 here");
    expect_refused("--set machine.frequency='2 GHz'", "machine.frequency is 3.1 GHz there and 2 GHz here");
    expect_refused("--set machine.memory.size='512 MiB'",
                   "machine.memory.size is 256 MiB there and 512 MiB here");
    expect_refused("--set machine.quantum=5000", "machine.quantum is 10000 there and 5000 here");
    expect_refused("--set os.seed=2", "os.seed is 1 there and 2 here");
    expect_refused("--set os.tick='1 kHz'", "os.tick is 250 Hz there and 1 kHz here");
    expect_refused("--set protection=none", "protection is codoms there and none here");
    expect_refused("--set machine.codoms.checks.align=false",
                   "machine.codoms.checks.align is true there and false here");
    expect_refused("--fast-forward boot", "measure.fast_forward is roi there and boot here");
    // What the workload makes of its parameters is what the guest is given.
    expect_refused(
        "--set workload.sizes='[128 B]'",
        "process 1 is /bin/sync_client_pie dipc 64 read low 0 0 2 3 there and /bin/sync_client_pie dipc "
        "128 read low 0 0 2 3 here");
}

TEST_F(Fits, TheAplCacheCountsOnceSoftwareHasSeenIt) {
    // The kernel asks CPUID for what is there, but looks no closer before it has booted.
    save("boot");
    EXPECT_EQ(
        restore("--set machine.codoms.apl_cache.ways=4 --set machine.codoms.apl_cache.replacement=fifo").code,
        0);
    expect_refused("--set machine.codoms.apl_cache.entries=8 --set machine.codoms.apl_cache.ways=8",
                   "which says something else here (machine.codoms.apl_cache.entries or refill)");
    save("roi");
    expect_refused("--set machine.codoms.apl_cache.entries=8 --set machine.codoms.apl_cache.ways=8",
                   "machine.codoms.apl_cache.entries, which shows in it, is 32 there and 8 here");
    expect_refused("--set machine.codoms.apl_cache.replacement=fifo",
                   "machine.codoms.apl_cache.replacement, which shows in it, is lru there and fifo here");
    save("roi", "pipe");
    EXPECT_EQ(restore("--set machine.codoms.apl_cache.entries=8 --set machine.codoms.apl_cache.ways=8").code,
              0);
}

TEST_F(Fits, WhatCpuidSaidCountsWhereItWasAsked) {
    const std::string region =
        "    stile_region_begin();\n    stile_region_end();\n    return printf(\"%u\\n\", c) < 0;\n}\n";
    const std::string head =
        "#include \"os/lib/region.h\"\n#include <stdio.h>\nint main(void) {\n    unsigned a = 4, b, c = 0, "
        "d;\n";
    const std::string ask = "    __asm__ volatile(\"cpuid\" : \"+a\"(a), \"=b\"(b), \"+c\"(c), \"=d\"(d));\n";
    const std::string smaller = "--set machine.l1d.size='16 KiB'";
    for (const bool asks : {false, true}) {
        write("p.c", head + (asks ? ask : "") + region);
        ASSERT_EQ(shell(STILE_MUSL_GCC " -static -O2 -I" STILE_SOURCE_DIR " p.c -o p").code, 0);
        write("run.yaml", "workload: {name: program, path: p}\nmeasure: {fast_forward: roi}\n");
        std::filesystem::remove_all("state");
        ASSERT_EQ(run("--save state", "saved").code, 0);
        EXPECT_EQ(restore("").code, 0);
        const Output output = restore(smaller);
        EXPECT_EQ(output.code, asks ? 2 : 0) << output.err;
        if (asks) {
            EXPECT_THAT(output.err, HasSubstr("core 0 has asked CPUID for leaf 0x4, sub-leaf 0"));
        }
        // Both machines' checkpoints may lie side by side.
        ASSERT_EQ(run(smaller + " --save state", "saved").code, 0);
        EXPECT_EQ(checkpoints("state").size(), asks ? 2u : 1u);
        EXPECT_EQ(restore(smaller).code, 0);
        EXPECT_EQ(contents("restored/console.txt"), asks ? "31\n" : "0\n");
        EXPECT_EQ(restore("").code, 0);
        EXPECT_EQ(contents("restored/console.txt"), asks ? "63\n" : "0\n");
    }
    write("p.c", head + ask + "    c += 1;\n" + region);
    ASSERT_EQ(shell(STILE_MUSL_GCC " -static -O2 -I" STILE_SOURCE_DIR " p.c -o p").code, 0);
    const Output output = restore("");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("the guest files differ"));
}

TEST_F(Fits, ARowThatWouldHaveEndedBeforeHasNone) {
    save("roi");
    expect_refused("--max-time '20 us'",
                   "it is of a time that measure.max_time or measure.stop_at do not reach");
    expect_refused("--stop-at '20 us'", "it is of a time that");
    EXPECT_EQ(restore("--stop-at roi_end").code, 0);
    EXPECT_EQ(restore("--max-time '2 s'").code, 0);
    // One whose region has passed already.
    save("'400 us'", "binder");
    if (contents("saved/stats.txt").find("fast_forward.cycles") != std::string::npos) {
        const Output output = restore("--stop-at roi_end");
        EXPECT_EQ(output.code, contents("saved/stats.txt").find("roi.cycles") != std::string::npos ? 2 : 0);
    }
}

TEST_F(Fits, RowsWithoutAreCounted) {
    write("run.yaml",
          "extends: " STILE_SOURCE_DIR
          "/configs/runs/compare.yaml\nworkload: {mechanisms: [pipe, syscall], sizes: [0 B, 64 B]}\n"
          "measure: {warmup: 1, repetitions: 1, fast_forward: roi}\n");
    ASSERT_EQ(run("--save state", "saved").code, 0);
    // That syscall carries no payload, and so that row never gets to its region, is remembered as well.
    ASSERT_EQ(checkpoints("state").size(), 4u);
    ASSERT_EQ(restore("").code, 0);
    EXPECT_EQ(contents("restored/refused.csv"), contents("saved/refused.csv"));
    Output output = restore("--set workload.sizes='[0 B, 64 B, 128 B]'");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("no checkpoint fits row pipe 128 B"));
    EXPECT_THAT(output.err, HasSubstr("no checkpoint fits row syscall 128 B"));
    EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 2);
    for (const std::string& name : checkpoints("state")) std::filesystem::remove("state/" + name);
    output = restore("");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("row pipe 0 B: there is none; a run with --save writes one"));
}

TEST_F(Fits, FilesThatAreDamagedAreRefused) {
    save("boot");
    const std::string file = "state/" + checkpoints("state").at(0), good = contents(file);
    const auto put = [&](const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; };
    put(good.substr(0, good.size() / 2));
    expect_refused("", file + ": it is cut off");
    std::string bad = good;
    bad[good.size() - 100] = static_cast<char>(bad[good.size() - 100] ^ 4);
    put(bad);
    expect_refused("", file + ": it is damaged");
    bad = good;
    bad[8] = 9;
    put(bad);
    expect_refused("", file + ": it has format 9; this program reads format 1");
    put("hello");
    expect_refused("", file + ": it is no checkpoint of Stile");
    put(good);
    EXPECT_EQ(restore("").code, 0);
}

TEST_F(Fits, OptionsThatMakeNoSenseAreRefused) {
    save("boot");
    const auto err = [&](const std::string& arguments) {
        const Output output = run(arguments, "never");
        EXPECT_EQ(output.code, 2) << arguments;
        return output.err;
    };
    EXPECT_THAT(
        err("--fast-forward none --save state"),
        HasSubstr("--save state: error: a checkpoint is of the moment up to which the functional core "
                  "runs; name one with --fast-forward: boot, roi or a time"));
    EXPECT_THAT(err("--fast-forward none --restore state"),
                HasSubstr("--restore state: error: a checkpoint is"));
    EXPECT_THAT(err("--restore nowhere"), HasSubstr("--restore nowhere: error: this is no folder"));
    EXPECT_THAT(err("--save run.yaml"), HasSubstr("--save run.yaml: error: this folder cannot be made"));
    EXPECT_THAT(err("--save state --restore state"), HasSubstr("excludes"));
    EXPECT_FALSE(std::filesystem::exists("never"));
}

}  // namespace
}  // namespace stile::sim
