// SPDX-License-Identifier: Apache-2.0
//
// Does an ordinary static program see the same system on Stile as on Linux? The programs check themselves;
// run on an x86-64 Linux host, they are the oracle of their own checks.
#include <gtest/gtest.h>

#include <cstdio>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Unknown final : model::Observer {
    std::vector<uint64_t> calls;
    std::string instruction;
    void marker(model::Core&, uint32_t code, uint64_t rdi, uint64_t, uint64_t) override {
        if (code == STILE_MARK_K_ENOSYS) calls.push_back(rdi);
    }
    void unsupported(model::Core&, uint64_t, std::span<const uint8_t> bytes) override {
        for (const uint8_t b : bytes)
            instruction += "0123456789abcdef"[b >> 4], instruction += "0123456789abcdef"[b & 15];
    }
};

const char* const programs[] = {"processes", "signals", "faults", "pipes", "memory",   "files", "threads",
                                "jobs",      "queued",  "events", "locks", "mappings", "tree",  "keys"};

std::string image_of(const char* program) { return std::string(PROGRAMS) + "/kernel_" + program; }

void passes(const char* name, const model::MachineConfig& config) {
    Unknown unknown;
    BareMachine machine(config, &unknown);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(image_of(name));
    const std::string path = "/bin/program";
    const sim::GuestFile files[] = {{path, program, 0755}};
    const bool keys = config.protection == model::ProtectionKind::mpk;
    const std::vector<std::string> environment(keys, "KEYS=1");
    const sim::BootProcess processes[] = {{path, {path}, environment, ""}};
    sim::BootOptions options;
    options.protection = STILE_PROTECTION_PAGING;
    options.tsc_hz = config.frequency;
    options.cpus = config.cores;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    ASSERT_EQ(machine.run(20'000'000'000), model::Stop::power_off) << machine.console << machine.core->dump();
    EXPECT_EQ(machine.power_code, 0u) << machine.console;
    EXPECT_NE(machine.console.find(" hold, 0 do not"), std::string::npos) << machine.console;
    EXPECT_TRUE(unknown.calls.empty()) << "system call " << unknown.calls.front();
    EXPECT_EQ(unknown.instruction, "");
}

model::MachineConfig machine_of(unsigned cores, model::ProtectionKind protection) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = protection;
    config.memory.size = 128 << 20;
    config.cores = cores;
    return config;
}

// A program, and how many cores the machine has.
class Program : public testing::TestWithParam<std::tuple<const char*, unsigned>> {};
TEST_P(Program, PassesOnStile) {
    passes(std::get<0>(GetParam()), machine_of(std::get<1>(GetParam()), model::ProtectionKind::paging));
}

// With protection keys nothing is different, but for what asks for them.
class ProgramWithKeys : public Program {};
TEST_P(ProgramWithKeys, PassesOnStile) {
    passes(std::get<0>(GetParam()), machine_of(std::get<1>(GetParam()), model::ProtectionKind::mpk));
}

#if defined(__x86_64__) && defined(__linux__)
class OnTheHost : public testing::TestWithParam<const char*> {};
TEST_P(OnTheHost, Passes) {
    std::FILE* out = popen(image_of(GetParam()).c_str(), "r");
    ASSERT_NE(out, nullptr);
    std::string text;
    for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    EXPECT_EQ(pclose(out), 0) << text;
    EXPECT_NE(text.find(" hold, 0 do not"), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(Kernel, OnTheHost, testing::ValuesIn(programs),
                         [](const auto& info) { return std::string(info.param); });
#endif

std::string program_and_cores(const testing::TestParamInfo<std::tuple<const char*, unsigned>>& info) {
    return std::get<0>(info.param) + ("_" + std::to_string(std::get<1>(info.param)));
}
INSTANTIATE_TEST_SUITE_P(Kernel, Program,
                         testing::Combine(testing::ValuesIn(programs), testing::Values(1u, 2u, 4u)),
                         program_and_cores);
INSTANTIATE_TEST_SUITE_P(Kernel, ProgramWithKeys,
                         testing::Combine(testing::Values("keys", "signals", "threads", "memory", "mappings",
                                                          "processes"),
                                          testing::Values(1u, 4u)),
                         program_and_cores);

}  // namespace
}  // namespace stile::test
