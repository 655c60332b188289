// SPDX-License-Identifier: Apache-2.0
//
// Question: can two threads of a caller get at a server behind a gate of policy `high` (os/lib/domain/,
// os/lib/keys/) by what one of them changes while the other one is inside? The gate must hold on every core
// model, and the same attack must break in where the gate lacks what is meant to stop it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "model/timing/make_timing.h"
#include "tests/support/bare_machine.h"
#include "tests/support/nothing_below.h"

namespace stile::test {

namespace {

constexpr unsigned broken_in = 77;

struct Gates : testing::TestWithParam<model::CoreModel> {
    struct Outcome {
        unsigned code = ~0u;
        unsigned signal = 0;
        std::string text;
    };
    static Outcome attack(const char* image, const std::string& what,
                          model::ProtectionKind protection = model::ProtectionKind::codoms) {
        model::MachineConfig config;
        config.core.model = GetParam();
        config.protection = protection;
        config.memory.size = 64 << 20;
        config.cores = 2;
        NothingBelow lower;
        BareMachine machine(config);
        for (auto& core : machine.cores) {
            if (config.core.model != model::CoreModel::functional)
                core->set_timing(model::make_timing(core->config(), machine.memory, lower, core->state(),
                                                    core->counters()));
            core->set_model(config.core.model);
        }
        const auto kernel = read_file(KERNEL_IMAGE), program = read_file(image);
        const std::vector<sim::GuestFile> files{{"/bin/program", program, 0755}};
        const std::vector<sim::BootProcess> processes{{"/bin/program", {"/bin/program", what}, {}, ""}};
        sim::BootOptions options;
        options.protection =
            protection == model::ProtectionKind::codoms ? STILE_PROTECTION_CODOMS : STILE_PROTECTION_PAGING;
        options.cpus = 2;
        sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
        if (machine.run(400'000'000) != model::Stop::power_off)
            ADD_FAILURE() << machine.core->stop_reason() << machine.core->dump();
        const unsigned signal = machine.power_code & 0x7f;
        return {signal ? ~0u : machine.power_code >> 8 & 0xff, signal, machine.console};
    }
};

TEST_P(Gates, ChangingTheReturnAddressLeadsNowhere) {
    const Outcome held = attack(PRODUCT_IMAGE, "return_address");
    EXPECT_EQ(held.code, 0u) << held.text;
    const Outcome broken = attack(READS_TWICE_IMAGE, "return_address");
    EXPECT_EQ(broken.code, broken_in) << broken.text;
}

TEST_P(Gates, OneCallAtATimeHasTheStack) {
    const Outcome held = attack(PRODUCT_IMAGE, "stack");
    EXPECT_EQ(held.code, 0u) << held.text;
    const Outcome broken = attack(NO_LOCK_IMAGE, "stack");
    EXPECT_EQ(broken.code, broken_in) << broken.text;
}

TEST_P(Gates, OverKeysOneCallAtATimeHasTheStack) {
    const Outcome held = attack(KEYS_IMAGE, "", model::ProtectionKind::mpk);
    EXPECT_EQ(held.code, 0u) << held.text;
    for (const char* image : {KEYS_NO_LOCK_IMAGE, KEYS_ONE_PLACE_IMAGE}) {
        // With the server's rights there is no stack for a handler: then the fault ends the program.
        const Outcome broken = attack(image, "", model::ProtectionKind::mpk);
        EXPECT_TRUE(broken.code == broken_in || broken.signal == SIGSEGV)
            << broken.code << " " << broken.signal << broken.text;
    }
}

INSTANTIATE_TEST_SUITE_P(Kernel, Gates,
                         testing::Values(model::CoreModel::functional, model::CoreModel::inorder,
                                         model::CoreModel::ooo),
                         [](const auto& info) { return model::name_of(info.param); });

}  // namespace

}  // namespace stile::test
