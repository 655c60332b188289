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

class Program : public testing::TestWithParam<const char*> {
  protected:
    std::string image() const { return std::string(PROGRAMS) + "/kernel_" + GetParam(); }
};

TEST_P(Program, PassesOnStile) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = model::ProtectionKind::paging;
    config.memory.size = 128 << 20;
    Unknown unknown;
    BareMachine machine(config, &unknown);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(image());
    const std::string path = "/bin/program";
    const sim::GuestFile files[] = {{path, program, 0755}};
    const sim::BootProcess processes[] = {{path, {path}, {}, ""}};
    sim::BootOptions options;
    options.protection = STILE_PROTECTION_PAGING;
    options.tsc_hz = config.frequency;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    ASSERT_EQ(machine.run(20'000'000'000), model::Stop::power_off) << machine.console << machine.core->dump();
    EXPECT_EQ(machine.power_code, 0u) << machine.console;
    EXPECT_NE(machine.console.find(" hold, 0 do not"), std::string::npos) << machine.console;
    EXPECT_TRUE(unknown.calls.empty()) << "system call " << unknown.calls.front();
    EXPECT_EQ(unknown.instruction, "");
}

#if defined(__x86_64__) && defined(__linux__)
TEST_P(Program, PassesOnTheHost) {
    std::FILE* out = popen(image().c_str(), "r");
    ASSERT_NE(out, nullptr);
    std::string text;
    for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    EXPECT_EQ(pclose(out), 0) << text;
    EXPECT_NE(text.find(" hold, 0 do not"), std::string::npos) << text;
}
#endif

INSTANTIATE_TEST_SUITE_P(Kernel, Program,
                         testing::Values("processes", "signals", "faults", "pipes", "memory", "files",
                                         "threads", "jobs", "queued", "events", "locks", "mappings", "tree"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace stile::test
