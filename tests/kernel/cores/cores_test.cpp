// SPDX-License-Identifier: Apache-2.0
//
// Does one kernel on several cores do what Linux does there? The programs check themselves, and run on the
// host too. And is it the shootdown of translations that makes unmapping safe: without its interrupts the
// same program must see stale memory.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "abi/marker.h"
#include "model/core/observer.h"
#include "sim/boot/elf_image.h"
#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Ends final : model::Observer {
    bool panicked = false, deadlocked = false;
    // Of core 1 between the marks of the region of interest, which core 0 makes.
    const model::Core* watched = nullptr;
    uint64_t interrupts = 0, instructions = 0;
    void marker(model::Core& core, uint32_t code, uint64_t, uint64_t, uint64_t) override {
        panicked |= code == STILE_MARK_K_PANIC;
        deadlocked |= code == STILE_MARK_K_DEADLOCK;
        if (!watched || (code != STILE_MARK_ROI_BEGIN && code != STILE_MARK_ROI_END)) return;
        interrupts = watched->counters().interrupts - interrupts;
        instructions = watched->counters().instructions - instructions;
    }
};

struct Boot {
    Ends ends;
    std::unique_ptr<BareMachine> machine;
    std::vector<uint8_t> kernel = read_file(KERNEL_IMAGE);

    Boot(unsigned cores, const std::string& program, std::vector<std::string> arguments = {},
         uint64_t tick_hz = 250) {
        model::MachineConfig config;
        config.core.model = model::CoreModel::functional;
        config.protection = model::ProtectionKind::paging;
        config.cores = cores;
        config.memory.size = 128 << 20;
        machine = std::make_unique<BareMachine>(config, &ends);
        const auto image = read_file(std::string(PROGRAMS) + "/kernel_" + program);
        const std::string path = "/bin/program";
        arguments.insert(arguments.begin(), path);
        const sim::GuestFile files[] = {{path, image, 0755}};
        const sim::BootProcess processes[] = {{path, arguments, {}, ""}};
        sim::BootOptions options;
        options.protection = STILE_PROTECTION_PAGING;
        options.tsc_hz = config.frequency;
        options.cpus = cores;
        options.tick_hz = tick_hz;
        sim::boot(machine->memory, machine->core->state(), kernel, files, processes, options);
    }
    // The function returns at once.
    void take_out(const char* function) {
        const sim::ElfImage elf(kernel);
        const sim::ElfSymbol* symbol = elf.find(function);
        ASSERT_NE(symbol, nullptr);
        *machine->memory.host(symbol->address - STILE_KERNEL_BASE) = 0xc3;
    }
    void finish(uint32_t status) {
        ASSERT_EQ(machine->run(20'000'000'000), model::Stop::power_off)
            << machine->console << machine->core->dump();
        EXPECT_FALSE(ends.panicked || ends.deadlocked) << machine->console;
        EXPECT_EQ(machine->power_code, status) << machine->console;
    }
};

class Cores : public testing::TestWithParam<unsigned> {};
TEST_P(Cores, RunThreadsOfOneSystem) {
    Boot r(GetParam(), "cores");
    r.finish(0);
    EXPECT_NE(r.machine->console.find(" hold, 0 do not"), std::string::npos) << r.machine->console;
}
INSTANTIATE_TEST_SUITE_P(Kernel, Cores, testing::Values(1, 2, 4), testing::PrintToStringParamName());

class Translations : public testing::TestWithParam<unsigned> {};
TEST_P(Translations, AreNeverStaleAndTheSameEveryTime) {
    std::vector<uint64_t> instructions[2];
    for (auto& counted : instructions) {
        Boot r(GetParam(), "stale");
        r.finish(0);
        EXPECT_NE(r.machine->console.find(", 0 stale, 0 changed"), std::string::npos) << r.machine->console;
        for (const auto& core : r.machine->cores) counted.push_back(core->counters().instructions);
    }
    EXPECT_EQ(instructions[0], instructions[1]);
}
INSTANTIATE_TEST_SUITE_P(Kernel, Translations, testing::Values(1, 2, 4, 64),
                         testing::PrintToStringParamName());

class RealTime : public testing::TestWithParam<unsigned> {};
TEST_P(RealTime, TheMostUrgentThreadsRun) {
    Boot r(GetParam(), "real_time", {std::to_string(GetParam())});
    r.finish(0);
    EXPECT_NE(r.machine->console.find(" hold, 0 do not"), std::string::npos) << r.machine->console;
}
INSTANTIATE_TEST_SUITE_P(Kernel, RealTime, testing::Values(1, 2, 4), testing::PrintToStringParamName());

// What the interrupts are for: the same program without them.
class WithoutShootdown : public testing::TestWithParam<const char*> {};
TEST_P(WithoutShootdown, StaleTranslationsAreUsed) {
    Boot with(2, "stale", {GetParam()}), without(2, "stale", {GetParam()});
    with.finish(0);
    without.take_out("shootdown_ask_and_wait");
    without.finish(3 << 8);
}
INSTANTIATE_TEST_SUITE_P(Kernel, WithoutShootdown, testing::Values("unmap", "fork"),
                         [](const auto& info) { return info.param; });

// One message per call that unmaps, however many pages; and only to a core that runs on that page table.
uint64_t messages_while_unmapping(const char* beside) {
    Boot r(2, "messages", {beside}, 0);
    r.ends.watched = r.machine->cores[1].get();
    r.finish(0);
    if (std::string_view(beside) == "asleep") {
        EXPECT_EQ(r.ends.instructions, 0u);
    }
    return r.ends.interrupts;
}
TEST(Shootdown, AsksOncePerCallAndOnlyWhoIsConcerned) {
    EXPECT_EQ(messages_while_unmapping("threads"), 50u);
    EXPECT_EQ(messages_while_unmapping("processes"), 0u);
    EXPECT_EQ(messages_while_unmapping("asleep"), 0u);
}

// A core without work and without timers costs nothing: it does not run at all.
TEST(Idle, CoresStayHalted) {
    uint64_t instructions[2][3];
    for (int longer = 0; longer < 2; ++longer) {
        Boot r(4, "cores", {"spin", longer ? "30000000" : "3000000"});
        r.finish(0);
        for (unsigned i = 1; i < 4; ++i)
            instructions[longer][i - 1] = r.machine->cores[i]->counters().instructions;
    }
    for (unsigned i = 0; i < 3; ++i) {
        EXPECT_EQ(instructions[0][i], instructions[1][i]) << "core " << i + 1;
        EXPECT_LT(instructions[0][i], 20'000u);
    }
}

#if defined(__x86_64__) && defined(__linux__)
TEST(Host, AgreesOnWhoIsUrgent) {
    const int status =
        std::system(("LINUX=1 " + std::string(PROGRAMS) + "/kernel_real_time 1 >/dev/null").c_str());
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "real-time priorities are not ours to set here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Host, AgreesWithTheProgram) {
    for (const char* name : {"cores", "stale"}) {
        std::FILE* out = popen((std::string(PROGRAMS) + "/kernel_" + name).c_str(), "r");
        ASSERT_NE(out, nullptr);
        std::string text;
        for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
        EXPECT_EQ(pclose(out), 0) << text;
    }
}
#endif

}  // namespace
}  // namespace stile::test
