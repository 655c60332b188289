// SPDX-License-Identifier: Apache-2.0
//
// However a program ends, does the machine end with the right status, and does the kernel say why?
#include <gtest/gtest.h>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Heard final : model::Observer {
    stile_kill_info kill{};
    unsigned kills = 0, deadlocks = 0, panics = 0;
    std::vector<uint64_t> unknown_calls;
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t) override {
        if (code == STILE_MARK_K_KILLED) kills += core.mmu().probe_read(rsi, &kill, sizeof kill);
        if (code == STILE_MARK_K_DEADLOCK) ++deadlocks;
        if (code == STILE_MARK_K_PANIC) ++panics;
        if (code == STILE_MARK_K_ENOSYS) unknown_calls.push_back(rdi);
    }
};

// With so many cores.
struct Ends : testing::TestWithParam<unsigned> {
    Heard heard;
    std::string console;
    uint32_t power = ~0u;
    model::Stop run(const std::string& how, const std::string& path = "/bin/ends") {
        model::MachineConfig config;
        config.core.model = model::CoreModel::functional;
        config.protection = model::ProtectionKind::paging;
        config.memory.size = 32 << 20;
        config.cores = GetParam();
        BareMachine machine(config, &heard);
        const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM);
        const std::vector<uint8_t> text{'n', 'o', ' ', 'e', 'l', 'f'};
        const sim::GuestFile files[] = {{"/bin/ends", program, 0755}, {"/bin/text", text, 0755}};
        const sim::BootProcess processes[] = {{path, {path, how}, {}, ""}};
        sim::BootOptions options;
        options.protection = STILE_PROTECTION_PAGING;
        options.tsc_hz = config.frequency;
        options.cpus = config.cores;
        sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
        const auto why = machine.run(3'000'000'000);
        console = machine.console;
        power = machine.power_code;
        return why;
    }
    void expect_killed(const char* how, unsigned signal, unsigned vector, uint64_t error) {
        EXPECT_EQ(run(how), model::Stop::power_off);
        EXPECT_EQ(power & 0x7f, signal) << console;
        EXPECT_EQ(heard.kills, 1u);
        EXPECT_EQ(heard.kill.signal, signal);
        EXPECT_EQ(heard.kill.vector, vector);
        EXPECT_EQ(heard.kill.error, error);
        EXPECT_EQ(heard.panics, 0u);
    }
};

TEST_P(Ends, ExitStatusIsThePowerCode) {
    EXPECT_EQ(run("status"), model::Stop::power_off);
    EXPECT_EQ(power, 42u << 8);
    EXPECT_EQ(heard.kills, 0u);
}

TEST_P(Ends, NobodyLeftToWakeIsADeadlock) {
    EXPECT_EQ(run("deadlock"), model::Stop::power_off);
    EXPECT_EQ(power, STILE_POWER_DEADLOCK);
    EXPECT_EQ(heard.deadlocks, 1u);
    EXPECT_NE(console.find("process 1 ends"), std::string::npos) << console;
}

TEST_P(Ends, UnknownSystemCallsAreNamed) {
    EXPECT_EQ(run("unknown call"), model::Stop::power_off);
    EXPECT_EQ(power, 5u << 8);
    EXPECT_EQ(heard.unknown_calls, std::vector<uint64_t>{333});
}

TEST_P(Ends, SleepersAreNoDeadlock) {
    EXPECT_EQ(run("for ever"), model::Stop::until);
    EXPECT_EQ(heard.deadlocks, 0u);
}

TEST_P(Ends, WriteToNowhere) {
    expect_killed("write nowhere", 11, 14, 6);
    EXPECT_EQ(heard.kill.address, 0x123456u);
}
TEST_P(Ends, TheKernelIsOutOfReach) {
    expect_killed("read the kernel", 11, 14, 5);
    EXPECT_EQ(heard.kill.address, 0xffffffff80200000u);
}
TEST_P(Ends, DataDoesNotRun) { expect_killed("run data", 11, 14, 0x15); }
TEST_P(Ends, CodeIsNotWritten) { expect_killed("write code", 11, 14, 7); }
TEST_P(Ends, PrivilegedInstruction) { expect_killed("privileged", 11, 13, 0); }
TEST_P(Ends, InvalidInstruction) { expect_killed("invalid", 4, 6, 0); }
TEST_P(Ends, Abort) { expect_killed("abort", 6, 0xff, 0); }
TEST_P(Ends, MappingBeyondTheFile) { expect_killed("beyond the file", 7, 14, 4); }
TEST_P(Ends, MemoryRunsOut) { expect_killed("all memory", 9, 14, 6); }
TEST_P(Ends, StackRunsOut) { expect_killed("all stack", 11, 14, 6); }

TEST_P(Ends, ProgramsThatCannotStart) {
    EXPECT_EQ(run("", "/bin/text"), model::Stop::power_off);
    EXPECT_EQ(power, 127u << 8);
    EXPECT_NE(console.find("/bin/text: error 8"), std::string::npos) << console;
    EXPECT_EQ(run("", "/bin/nothing"), model::Stop::power_off);
    EXPECT_EQ(power, 127u << 8);
    EXPECT_NE(console.find("/bin/nothing: error 2"), std::string::npos) << console;
}

INSTANTIATE_TEST_SUITE_P(Kernel, Ends, testing::Values(1, 4), testing::PrintToStringParamName());

}  // namespace
}  // namespace stile::test
