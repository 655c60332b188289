// SPDX-License-Identifier: Apache-2.0
//
// Several cores on the whole machine: do they start, wait for one another no more than they must, and end
// together? Does the quantum change what it may not? Each test needs a process of its own, as CTest gives it.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "abi/platform.h"
#include "model/systemc/machine.h"
#include "tests/unit/core/rig.h"
#include "tests/unit/machine/long_mode.h"

namespace stile::model {
namespace {

MachineConfig with(unsigned cores, CoreModel model = CoreModel::inorder) {
    MachineConfig c;
    c.memory.size = 8 << 20;
    c.cores = cores;
    c.core.model = model;
    return c;
}

// What a run says, from a process of its own.
std::string text_in_child(const MachineConfig& c, std::span<const uint8_t> program) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    const pid_t child = fork();
    if (child == 0) {
        Machine m(c);
        boot(m, program);
        const auto outcome = m.run(200'000'000);
        std::string text = outcome.why == Stop::power_off ? "\n" : "did not power off\n";
        for (const Statistic& s : m.statistics()) text += s.path + " " + std::to_string(s.value) + "\n";
        _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, n);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return text;
}

double figure(const std::string& text, const std::string& name) {
    const size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

#define MY_ID "mov ecx, 0x802\n rdmsr\n mov rbx, rax\n"
#define SEND "mov ecx, 0x830\n wrmsr\n"
#define START_OTHERS "xor edx, edx\n mov eax, 0xc4500\n" SEND "mov eax, 0xc4600\n" SEND
#define POWER_OFF "movabs rdi, 0xff00001000\n mov dword ptr [rdi], 0\n hlt\n"

}  // namespace

// Each core adds its id + 1 to a sum of its own; core 0 waits for all and powers off.
GUEST(sums, MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS
                  "1: lea rax, [rbx + 1]\n lock add [0x200000], rax\n test ebx, ebx\n jz 2f\n cli\n hlt\n"
                  "2: pause\n cmp qword ptr [0x200000], 36\n jne 2b\n" POWER_OFF);
TEST(Cores, EightStartAndOnePowersOffForAll) {
    for (const CoreModel model : {CoreModel::functional, CoreModel::inorder, CoreModel::ooo}) {
        const std::string text = text_in_child(with(8, model), GUEST_BYTES(sums));
        for (unsigned i = 0; i < 8; ++i)
            EXPECT_GT(figure(text, "core" + std::to_string(i) + ".instructions"), 4) << name_of(model) << i;
        EXPECT_EQ(text.find("did not"), std::string::npos);
    }
}

GUEST(stands_still, MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS "1: cli\n hlt");
TEST(Cores, AStandstillOfAllEnds) {
    Machine m(with(3));
    boot(m, GUEST_BYTES(stands_still));
    EXPECT_EQ(m.run().why, Stop::idle_forever);
    EXPECT_GT(m.core(2).counters().instructions, 3u);
}

// The others have started and sleep; core 0 sends itself through a working set.
GUEST(lonely, MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS
                    "mov r8d, 20\n 3: mov edi, 0x200000\n mov ecx, 3000\n 2: mov rax, [rdi]\n lock inc qword "
                    "ptr [rdi]\n add rdi, 64\n"
                    " dec ecx\n jnz 2b\n dec r8d\n jnz 3b\n" POWER_OFF "1: cli\n hlt");
TEST(Cores, WithOneThatRunsTheQuantumChangesNothing) {
    MachineConfig c = with(4);
    c.ipi_latency = 100;
    const std::string expected = text_in_child(c, GUEST_BYTES(lonely));
    EXPECT_GT(figure(expected, "core0.instructions"), 20 * 3000 * 5);
    for (const Cycles quantum : {1u, 33u, 1'000'000u}) {
        c.quantum = quantum;
        EXPECT_EQ(text_in_child(c, GUEST_BYTES(lonely)), expected) << quantum;
    }
}

// Two cores hand a line to and fro 2,000 times.
GUEST(to_and_fro,
      MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS
            "1: xor r8d, r8d\n 2: mov eax, r8d\n and eax, 1\n cmp eax, ebx\n je 4f\n 3: pause\n cmp r8, "
            "[0x200000]\n jae 3b\n jmp 5f\n"
            "4: lea rax, [r8 + 1]\n mov [0x200000], rax\n 5: inc r8\n cmp r8d, 4000\n jb 2b\n"
            "test ebx, ebx\n jz 6f\n cli\n hlt\n 6: cmp qword ptr [0x200000], 4000\n jne 6b\n" POWER_OFF);
TEST(Cores, AHandOverIsSeenAtMostTheLookAheadTooLate) {
    MachineConfig c = with(2);
    const std::string text = text_in_child(c, GUEST_BYTES(to_and_fro));
    EXPECT_EQ(text.find("did not"), std::string::npos);
    c.quantum = 1;
    const double reference = figure(text_in_child(c, GUEST_BYTES(to_and_fro)), "sim_cycles");
    EXPECT_NEAR(figure(text, "sim_cycles"), reference, 4000.0 * static_cast<double>(c.look_ahead()));
    // A round trip is two transfers of a line that another core has modified.
    EXPECT_GT(reference, 4000.0 * static_cast<double>(c.llc.latency));
    EXPECT_EQ(text, text_in_child(with(2), GUEST_BYTES(to_and_fro))) << "twice the same";
}

// Two billion bytes by one instruction, at 16 bytes a cycle.
GUEST(endless,
      "mov edi, 0x200000\n mov ecx, 0x7fffffff\n mov esi, 0x200000\n xor edx, edx\n"
      "1: mov edi, 0x200000\n cmp rdx, 1\n rep lodsb\n hlt");
TEST(Cores, TheWatchdogEndsWhatRetiresNothing) {
    MachineConfig c = with(1);
    c.memory.size = 1ull << 30;
    c.quantum = 1000;
    c.watchdog = 5000;
    Machine m(c);
    boot(m, GUEST_BYTES(endless));
    const auto outcome = m.run(2'000'000'000);
    EXPECT_EQ(outcome.why, Stop::stuck);
    EXPECT_NE(outcome.reason.find("core 0 has retired no instruction for"), std::string::npos)
        << outcome.reason;
}

// The same by an instruction that asks a device every time, so that the others are to catch up all the while.
GUEST(endless_device, MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS
                            "movabs rsi, 0xff00000000\n mov ecx, 0x1fffff\n rep lodsb\n 1: cli\n hlt");
TEST(Cores, TheWatchdogEndsACoreThatOnlyAsksDevices) {
    MachineConfig c = with(2);
    c.watchdog = 500'000;
    Machine m(c);
    boot(m, GUEST_BYTES(endless_device));
    EXPECT_EQ(m.run(50'000'000).why, Stop::stuck);
}

// Three ways to touch a device register 500 times.
GUEST(string_devices,
      "movabs rsi, 0xff00000000\n mov ecx, 500\n rep lodsb\n movabs rsi, 0xff00000000\n"
      "mov edi, 0x200000\n mov ecx, 500\n rep movsb\n movabs rdi, 0xff00000100\n"
      "mov ecx, 500\n rep stosb\n" POWER_OFF);
TEST(Cores, AStringInstructionPaysForEveryAccessToADevice) {
    for (const CoreModel model : {CoreModel::inorder, CoreModel::ooo}) {
        MachineConfig c = with(1, model);
        const double cycles = figure(text_in_child(c, GUEST_BYTES(string_devices)), "sim_cycles");
        EXPECT_GE(cycles, 1500.0 * static_cast<double>(c.io_latency)) << name_of(model);
        EXPECT_LE(cycles, 2000.0 * static_cast<double>(c.io_latency)) << name_of(model);
    }
}

// Code where no RAM is: an open bus, and no entry of a directory that reaches up to there.
GUEST(no_code,
      MY_ID "test ebx, ebx\n jnz 1f\n" START_OTHERS "movabs rax, 0xff00001000\n jmp rax\n 1: cli\n hlt");
TEST(Cores, AFetchFromBeyondMemoryCostsTheHostNothing) {
    const std::string text = text_in_child(with(2), GUEST_BYTES(no_code));
    EXPECT_EQ(text.find("did not power off"), 0u) << "it ends by a triple fault";
    rusage children{};
    getrusage(RUSAGE_CHILDREN, &children);
    EXPECT_LT(children.ru_maxrss, 1 << 20) << "KiB";
}

}  // namespace stile::model
