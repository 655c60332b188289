// SPDX-License-Identifier: Apache-2.0
//
// Question: does a machine that was read from a checkpoint write the same one, and does a body that lies do
// no harm when it is read?
#include "sim/checkpoint/state.h"

#include <random>

#include "sim/checkpoint/file.h"
#include "tests/checkpoint/checkpoint.h"

namespace stile::sim {
namespace {

class State : public Checkpoint {
  protected:
    // Of a row that is in the middle of calls through proxies, on two cores.
    std::string body() {
        write("run.yaml",
              "extends: " STILE_SOURCE_DIR
              "/configs/runs/placement.yaml\nworkload: {mechanisms: [dipc], placement: [same_core], "
              "sizes: [64 B]}\nmeasure: {warmup: 2, repetitions: 4, fast_forward: roi}\n");
        const Output output = run("--save state", "saved");
        EXPECT_EQ(output.code, 0) << output.err;
        const std::string file = "state/" + checkpoints("state").at(0);
        return read_checkpoint_body(file, read_checkpoint_header(file));
    }
};

TEST_F(State, WhatWasReadIsWrittenAgainAndLiesDoNoHarm) {
    const std::string good = body();
    model::MachineConfig config;
    config.cores = 2;
    Measurement measurement({});
    model::Machine machine(config, &measurement);
    measurement.attach(std::vector{&machine.core(0), &machine.core(1)});
    std::string console;
    uint64_t printed = 0;
    RowState state{machine, measurement, console, printed};
    const auto load = [&](const std::string& bytes) {
        model::StateArchive in(bytes);
        state.archive(in);
        archive_memory(in, machine.memory(), machine.memory());
        in.finish();
    };
    const auto save = [&](bool memory) {
        model::StateArchive out;
        state.archive(out);
        const model::PhysicalMemory nothing(config.memory.size);
        if (memory) archive_memory(out, machine.memory(), nothing);
        return out.bytes();
    };

    load(good);
    // All but memory, of which only the difference from what the loader makes is in the body.
    const std::string again = save(false);
    EXPECT_TRUE(good.starts_with(again));
    EXPECT_GT(again.size(), 5'000u);
    EXPECT_GT(machine.core(0).counters().domain_crossings + machine.core(1).counters().domain_crossings, 0u);
    EXPECT_TRUE(machine.core(0).apl_cache_seen());
    const std::string whole = save(true);
    load(whole);
    EXPECT_TRUE(save(true) == whole);

    // Behind the name of the first part and the time, which would only pass.
    constexpr size_t first = 8 + 7 + 8;
    std::mt19937 random(4);
    unsigned refused = 0;
    for (int i = 0; i < 300; ++i) {
        std::string bad = again;
        for (unsigned n = 1 + random() % 3; n > 0; --n) {
            const size_t at = first + random() % (bad.size() - first);
            if (random() % 2) {
                bad[at] = static_cast<char>(random());
            } else {
                for (size_t k = at; k < std::min(at + 8, bad.size()); ++k) bad[k] = '\xff';
            }
        }
        if (random() % 4 == 0) bad.resize(first + random() % (bad.size() - first));
        try {
            model::StateArchive in(bad);
            state.archive(in);
            in.finish();
        } catch (const model::ArchiveError& error) {
            EXPECT_STRNE(error.what(), "");
            ++refused;
        }
    }
    EXPECT_GT(refused, 60u);
    // What is good is still read.
    load(whole);
    EXPECT_TRUE(save(true) == whole);
}

}  // namespace
}  // namespace stile::sim
