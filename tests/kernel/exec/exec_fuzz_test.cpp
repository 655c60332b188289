// SPDX-License-Identifier: Apache-2.0
//
// Question: does execve of a spoilt program, or of something that is none, end as on Linux, and does the
// kernel stand and give all memory back, thousands of times in one boot?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Panics final : model::Observer {
    bool panicked = false;
    void marker(model::Core&, uint32_t code, uint64_t, uint64_t, uint64_t) override {
        panicked |= code == STILE_MARK_K_PANIC;
    }
};

// What the program says in the guest, with what it says of lost memory at the end.
std::string on_stile(model::ProtectionKind protection, const std::string& count, const std::string& seed) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = protection;
    config.memory.size = 64 << 20;
    Panics panics;
    BareMachine machine(config, &panics);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM);
    const std::string path = "/bin/exec_fuzz";
    const sim::GuestFile files[] = {{path, program, 0755}};
    const sim::BootProcess processes[] = {{path, {path, "/tmp", count, seed}, {}, ""}};
    sim::BootOptions options;
    options.protection = static_cast<stile_protection>(protection);
    options.tsc_hz = config.frequency;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    EXPECT_EQ(machine.run(20'000'000'000), model::Stop::power_off) << machine.core->dump();
    EXPECT_FALSE(panics.panicked);
    EXPECT_EQ(machine.power_code, 0u);
    return machine.console;
}

#if defined(__x86_64__) && defined(__linux__)
std::string on_the_host(const std::string& count, const std::string& seed) {
    const std::string folder = testing::TempDir() + "/stile_exec_fuzz." + seed;
    std::filesystem::create_directories(folder);
    std::FILE* out = popen((PROGRAM " " + folder + " " + count + " " + seed + " 2>/dev/null").c_str(), "r");
    std::string text;
    for (int c; out && (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    EXPECT_EQ(out ? pclose(out) : -1, 0);
    std::filesystem::remove_all(folder);
    return text;
}

TEST(Exec, EndsAsOnLinux) {
    // Linux 6.10 has changed how zeroed parts of segments are mapped; ours is the newer way.
    utsname host;
    unsigned major = 0, minor = 0;
    ASSERT_EQ(uname(&host), 0);
    if (std::sscanf(host.release, "%u.%u", &major, &minor) != 2 || major * 100 + minor < 610)
        GTEST_SKIP() << "Linux " << host.release << " is no reference; 6.10 or newer is";
    for (const std::string seed : {"1"}) {
        const std::string expected = on_the_host("3000", seed);
        ASSERT_GT(expected.size(), 3000u);
        std::istringstream reference(expected), guest(on_stile(model::ProtectionKind::paging, "3000", seed));
        std::string theirs, ours;
        for (unsigned line = 1; std::getline(reference, theirs); ++line) {
            std::getline(guest, ours);
            EXPECT_EQ(ours, theirs) << "line " << line << ", seed " << seed;
        }
        std::getline(guest, ours);
        EXPECT_EQ(ours, "bytes lost: 0");
        // Every kind of end occurs, or the comparison says little.
        for (const char end : {'.', 'x', 'n', 'S', '0', 'B'})
            EXPECT_NE(expected.find(end, expected.find("long 268")), expected.npos) << end;
    }
}
#endif

// In the shared table a slot is used once, so that what was there cannot be reached by what comes.
TEST(Exec, DipcProgramsToo) {
    const std::string console = on_stile(model::ProtectionKind::codoms, "500", "7");
    EXPECT_THAT(console, testing::HasSubstr("bytes lost: "));
}

}  // namespace
}  // namespace stile::test
