// SPDX-License-Identifier: Apache-2.0
//
// Do the kernel's own tests pass on the simulated machine, under each protection and beside idle cores?
#include <gtest/gtest.h>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Results final : model::Observer {
    unsigned passed = 0, failed = 0;
    void marker(model::Core&, uint32_t code, uint64_t, uint64_t rsi, uint64_t) override {
        if (code == STILE_MARK_K_TEST) ++(rsi ? passed : failed);
    }
};

class SelfTest : public testing::TestWithParam<std::tuple<model::ProtectionKind, unsigned>> {};

TEST_P(SelfTest, AllPass) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    std::tie(config.protection, config.cores) = GetParam();
    config.memory.size = 64 << 20;
    Results results;
    BareMachine machine(config, &results);
    sim::BootOptions options;
    options.self_test = true;
    options.protection = static_cast<stile_protection>(config.protection);
    options.tsc_hz = config.frequency;
    options.cpus = config.cores;
    sim::boot(machine.memory, machine.core->state(), read_file(KERNEL_IMAGE), {}, {}, options);
    EXPECT_EQ(machine.run(2'000'000'000), model::Stop::power_off) << machine.core->dump();
    EXPECT_EQ(machine.power_code, 0u) << machine.console;
    EXPECT_EQ(results.failed, 0u) << machine.console;
    EXPECT_GE(results.passed, 22u) << machine.console;
}

INSTANTIATE_TEST_SUITE_P(Protections, SelfTest,
                         testing::Combine(testing::Values(model::ProtectionKind::none,
                                                          model::ProtectionKind::paging,
                                                          model::ProtectionKind::codoms),
                                          testing::Values(1u, 2u, 4u)));

}  // namespace
}  // namespace stile::test
