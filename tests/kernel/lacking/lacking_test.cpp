// SPDX-License-Identifier: Apache-2.0
//
// Question: does an instruction that Stile lacks name itself in the kernel too? A kernel is spoilt in memory,
// at the beginning of a function that every boot calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "sim/boot/elf_image.h"
#include "sim/measure/measurement.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Outcome {
    sim::MeasurementResult measured;
    model::Stop stop;
    uint32_t power_code;
};

Outcome boot_with(std::string_view bytes) {
    const auto kernel = read_file(KERNEL_IMAGE);
    const sim::ElfImage image(kernel);
    const sim::ElfSymbol* place = image.find("_ZN5stile2os10memfs_initEv");
    EXPECT_NE(place, nullptr);
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.memory.size = 64 << 20;
    sim::Measurement measurement({{"kernel", kernel, true}});
    BareMachine machine(config, &measurement);
    sim::BootOptions options;
    options.tsc_hz = config.frequency;
    sim::boot(machine.memory, machine.core->state(), kernel, {}, {}, options);
    std::memcpy(machine.memory.host(place->address - STILE_KERNEL_BASE), bytes.data(), bytes.size());
    const model::Stop stop = machine.run(1'000'000'000);
    return {measurement.result(), stop, machine.power_code};
}

TEST(Lacking, InTheKernelItIsNamedAndTheKernelPanics) {
    const Outcome o = boot_with("\xc5\xfc\x58\xc0");
    EXPECT_EQ(o.stop, model::Stop::power_off);
    EXPECT_EQ(o.power_code, STILE_POWER_PANIC);
    ASSERT_EQ(o.measured.unsupported.size(), 1u);
    const sim::UnsupportedInstruction& u = o.measured.unsupported[0];
    EXPECT_EQ(u.bytes, (std::vector<uint8_t>{0xc5, 0xfc, 0x58, 0xc0}));
    EXPECT_EQ(u.text, "vaddps ymm0, ymm0, ymm0");
    EXPECT_EQ(u.symbol, "stile::os::memfs_init+0x0 (kernel)");
    EXPECT_EQ(u.count, 1u);
    EXPECT_TRUE(u.in_kernel);
    EXPECT_THAT(o.measured.panic.value_or(""), testing::HasSubstr("exception in the kernel: vector 6"));
}

TEST(Lacking, WhatIsNoInstructionPanicsWithoutThatName) {
    const Outcome o = boot_with("\x0f\x0b");
    EXPECT_EQ(o.power_code, STILE_POWER_PANIC);
    EXPECT_TRUE(o.measured.unsupported.empty());
    EXPECT_THAT(o.measured.panic.value_or(""), testing::HasSubstr("exception in the kernel: vector 6"));
}

}  // namespace
}  // namespace stile::test
