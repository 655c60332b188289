// SPDX-License-Identifier: Apache-2.0
//
// Does the kernel stand whatever system calls programs make? Random calls with hostile arguments from many
// processes, ordinary ones and dIPC ones; a panic, a hang or a process that cannot be ended fails.
#include <gtest/gtest.h>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Panics final : model::Observer {
    std::string message;
    uint64_t exits = 0;
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t, uint64_t) override {
        if (code == STILE_MARK_K_EXIT) ++exits;
        if (code == STILE_MARK_K_PANIC)
            for (char c; message.size() < 200 && core.mmu().probe_read(rdi + message.size(), &c, 1) && c;)
                message += c;
    }
};

class Fuzz : public testing::TestWithParam<std::tuple<const char*, model::ProtectionKind, int, unsigned>> {};

TEST_P(Fuzz, TheKernelStands) {
    const auto& [suffix, protection, seed, cores] = GetParam();
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = protection;
    config.memory.size = 64 << 20;
    config.cores = cores;
    Panics panics;
    BareMachine machine(config, &panics);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(std::string(PROGRAM) + suffix);
    const std::string path = "/bin/fuzz";
    const sim::GuestFile files[] = {{path, program, 0755}};
    const sim::BootProcess processes[] = {{path, {path, "200", "300", std::to_string(seed)}, {}, ""}};
    sim::BootOptions options;
    options.protection = static_cast<stile_protection>(protection);
    options.tsc_hz = config.frequency;
    options.cpus = cores;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    EXPECT_EQ(machine.run(10'000'000'000), model::Stop::power_off) << machine.console << machine.core->dump();
    EXPECT_EQ(panics.message, "");
    EXPECT_EQ(machine.power_code, 0u) << machine.console;
    EXPECT_GT(panics.exits, 200u);
}

using K = model::ProtectionKind;
INSTANTIATE_TEST_SUITE_P(
    Kernel, Fuzz,
    testing::Values(std::tuple{"", K::paging, 1, 1u}, std::tuple{"", K::codoms, 100000, 1u},
                    std::tuple{"_pie", K::codoms, 200000, 1u}, std::tuple{"_pie", K::none, 300000, 1u},
                    std::tuple{"", K::paging, 400000, 2u}, std::tuple{"", K::codoms, 500000, 4u},
                    std::tuple{"_pie", K::codoms, 600000, 4u}, std::tuple{"_pie", K::none, 700000, 2u}));

}  // namespace
}  // namespace stile::test
