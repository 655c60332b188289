// SPDX-License-Identifier: Apache-2.0
//
// The whole machine with a program of a few bytes: does it boot, print, keep time, and end as it should?
// Each test needs a process of its own (CTest gives it one): there is one simulation in the life of a
// process.
#include "model/systemc/machine.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "abi/marker.h"
#include "abi/platform.h"
#include "tests/unit/machine/long_mode.h"

namespace stile::model {
namespace {

constexpr uint64_t data_at = 0x20'0000;

struct Program {
    std::vector<uint8_t> bytes;
    Program& raw(std::initializer_list<int> b) {
        for (const int x : b) bytes.push_back(static_cast<uint8_t>(x));
        return *this;
    }
    Program& number(uint64_t value, unsigned n) {
        for (unsigned i = 0; i < n; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * i));
        return *this;
    }
    Program& rdi(uint64_t value) { return raw({0x48, 0xbf}).number(value, 8); }
    Program& rcx(uint64_t value) { return raw({0x48, 0xb9}).number(value, 8); }
    Program& print(char c) { return raw({0xc6, 0x07, c}); }  // mov byte [rdi], c
    Program& off(uint32_t code) { return rdi(STILE_POWER_OFF).raw({0xc7, 0x07}).number(code, 4).raw({0xf4}); }
};

void boot(Machine& m, const Program& program) { boot(m, std::span<const uint8_t>(program.bytes)); }

MachineConfig small() {
    MachineConfig c;
    c.memory.size = 8 << 20;
    c.l1d_prefetch = {false, false};
    c.l2_prefetch.streamer = c.l2_prefetch.adjacent = false;
    c.memory.latency = 200;
    return c;
}

std::map<std::string, double> figures(const Machine& m) {
    std::map<std::string, double> all;
    for (const Statistic& s : m.statistics()) EXPECT_TRUE(all.emplace(s.path, s.value).second) << s.path;
    return all;
}

// Loads from `lines` lines, 64 bytes apart, `rounds` times.
Program sweep_lines(unsigned lines, unsigned rounds) {
    Program p;
    p.raw({0x48, 0xba}).number(rounds, 8);  // mov rdx, rounds
    p.rcx(lines).rdi(data_at);              // 10 + 10 bytes
    p.raw({0x48, 0x8b, 0x07});              // mov rax, [rdi]
    p.raw({0x48, 0x01, 0xc3});              // add rbx, rax
    p.raw({0x48, 0x83, 0xc7, 0x40});        // add rdi, 64
    p.raw({0x48, 0xff, 0xc9});              // dec rcx
    p.raw({0x75, 0xf1});                    // jnz
    p.raw({0x48, 0xff, 0xca});              // dec rdx
    p.raw({0x75, 0xd8});                    // jnz, to mov rcx
    return p.off(0);
}

// Follows a chain of pointers `hops` times.
Program chase(uint64_t hops) {
    Program p;
    p.rcx(hops).rdi(data_at);
    p.raw({0x48, 0x8b, 0x3f});  // mov rdi, [rdi]
    p.raw({0x48, 0xff, 0xc9});  // dec rcx
    p.raw({0x75, 0xf8});        // jnz
    return p.off(0);
}

// A ring through `lines` lines in an order that no two neighbours share.
void make_ring(PhysicalMemory& ram, uint64_t lines) {
    const uint64_t step = lines / 2 + 1;  // odd for the sizes used here, so the ring visits all
    uint64_t at = 0;
    for (uint64_t i = 0; i < lines; ++i) {
        const uint64_t to = (at + step) % lines, address = data_at + to * 64;
        std::memcpy(ram.host(data_at + at * 64), &address, 8);
        at = to;
    }
}

Cycles cycles_of(const MachineConfig& c, const Program& program, uint64_t ring = 0) {
    Machine m(c);
    boot(m, program);
    if (ring) make_ring(m.memory(), ring);
    EXPECT_EQ(m.run(100'000'000).why, Stop::power_off);
    return m.core().counters().cycles;
}

TEST(MachineTest, PrintsAndPowersOff) {
    Machine m(small());
    std::string out;
    m.on_console([&out](std::string_view s) { out += s; });
    boot(m, Program{}.rdi(STILE_CONSOLE_DATA).print('A').off(0x2a00));
    const auto outcome = m.run();
    EXPECT_EQ(out, "A");
    EXPECT_EQ(outcome.why, Stop::power_off);
    EXPECT_EQ(outcome.power_code, 0x2a00u);
    const auto f = figures(m);
    EXPECT_EQ(f.at("console.bytes_written"), 1);
    EXPECT_EQ(f.at("core0.cycles"), f.at("sim_cycles"));
    EXPECT_GE(f.at("core0.instructions"), 4);
    EXPECT_GT(f.at("core0.l2.misses"), 0);
    EXPECT_EQ(f.at("core0.l2.misses"), f.at("llc.accesses"));
    double phases = 0;
    for (const auto& [path, value] : f)
        if (path.starts_with("core0.phase.")) phases += value;
    EXPECT_EQ(phases, f.at("core0.cycles"));
}

TEST(MachineTest, ReadsItsConsole) {
    Machine m(small());
    m.console_input("\x2a");
    Program p;
    p.rdi(STILE_CONSOLE_DATA).raw({0x48, 0x8b, 0x07});  // mov rax, [rdi]
    p.rdi(STILE_POWER_OFF).raw({0x89, 0x07, 0xf4});     // mov [rdi], eax; hlt
    boot(m, p);
    EXPECT_EQ(m.run().power_code, 0x2au);
}

TEST(MachineTest, StopsAtTheGivenCycleAndGoesOn) {
    Machine m(small());
    boot(m, sweep_lines(1000, 100));
    EXPECT_EQ(m.run(5000).why, Stop::until);
    const Cycles first = m.core().now();
    EXPECT_GE(first, 5000u);
    EXPECT_LT(first, 5000u + 500);
    EXPECT_EQ(m.run().why, Stop::power_off);
    EXPECT_GT(m.core().now(), first);
}

TEST(MachineTest, HaltWithoutAnythingToWaitForEnds) {
    Machine m(small());
    boot(m, Program{}.raw({0xfa, 0xf4}));  // cli; hlt
    EXPECT_EQ(m.run().why, Stop::idle_forever);
}

TEST(MachineTest, FunctionalModelCountsInstructions) {
    MachineConfig c = small();
    c.core.model = CoreModel::functional;
    Machine m(c);
    boot(m, sweep_lines(10, 10));
    EXPECT_EQ(m.run().why, Stop::power_off);
    EXPECT_EQ(m.core().counters().cycles, m.core().counters().instructions);
    EXPECT_EQ(figures(m).at("core0.l2.accesses"), 0);
}

// One run with the default and one with a raised parameter need two processes: children of this one.
Cycles in_child(const MachineConfig& c, const Program& program, uint64_t ring = 0) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    const pid_t child = fork();
    if (child == 0) {
        const Cycles cycles = cycles_of(c, program, ring);
        _exit(write(ends[1], &cycles, sizeof cycles) == sizeof cycles ? 0 : 1);
    }
    Cycles cycles = 0;
    EXPECT_EQ(read(ends[0], &cycles, sizeof cycles), static_cast<ssize_t>(sizeof cycles));
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    close(ends[0]);
    close(ends[1]);
    return cycles;
}

TEST(MachineTest, QuantumChangesNothing) {
    MachineConfig c = small();
    const Cycles cycles = in_child(c, sweep_lines(1000, 10));
    for (const Cycles quantum : {100u, 1234u, 1'000'000u}) {
        c.quantum = quantum;
        EXPECT_EQ(in_child(c, sweep_lines(1000, 10)), cycles) << quantum;
    }
}

// Load-to-use of each level, exactly: the loop around the chase hides behind it.
TEST(MachineTest, PointerChaseCostsTheLevelThatHoldsTheRing) {
    MachineConfig c = small();
    c.l1d.size = 4 << 10;
    c.l2.size = 16 << 10;
    c.llc.size = 64 << 10;
    c.coherence.inclusion = Inclusion::none;  // a full last level would take the code from the first
    const Cycles l1 = c.l1d.latency, l2 = l1 + c.l2.latency, llc = l2 + c.llc.latency,
                 memory = llc + c.memory.latency;
    const struct {
        uint64_t lines;
        Cycles hop;
    } rings[] = {{48, l1}, {64, l1}, {192, l2}, {256, l2}, {768, llc}, {1024, llc}, {4096, memory}};
    for (const auto& [lines, hop] : rings) {
        const Cycles cycles = in_child(c, chase(6 * lines), lines) - in_child(c, chase(4 * lines), lines);
        EXPECT_EQ(cycles, 2 * lines * hop) << lines << " lines";
    }
}

struct Raise {
    const char* name;
    Cycles& (*latency)(MachineConfig&);
    unsigned lines;  // of the working set
    bool touched;    // by that working set, over and over
};
class RaisedLatency : public testing::TestWithParam<Raise> {};

TEST_P(RaisedLatency, RaisesWhatTouchesTheStructureAndOnlyThat) {
    MachineConfig c = small();
    c.l2.size = 64 << 10;
    c.llc.size = 256 << 10;
    c.dtlb.entries = c.stlb.entries = 4;
    const Program few = sweep_lines(GetParam().lines, 10), more = sweep_lines(GetParam().lines, 20);
    const Cycles before = in_child(c, more) - in_child(c, few);
    GetParam().latency(c) += 10;
    const Cycles after = in_child(c, more) - in_child(c, few);
    if (GetParam().touched)
        EXPECT_GT(after, before);
    else
        EXPECT_EQ(after, before);
}

INSTANTIATE_TEST_SUITE_P(
    Machine, RaisedLatency,
    testing::Values(
        Raise{"l1d", [](MachineConfig& c) -> Cycles& { return c.l1d.latency; }, 8, true},
        Raise{"l1i", [](MachineConfig& c) -> Cycles& { return c.l1i.latency; }, 8, true},
        Raise{"l2_of_l1_hits", [](MachineConfig& c) -> Cycles& { return c.l2.latency; }, 8, false},
        Raise{"l2", [](MachineConfig& c) -> Cycles& { return c.l2.latency; }, 768, true},
        Raise{"llc_of_l2_hits", [](MachineConfig& c) -> Cycles& { return c.llc.latency; }, 768, false},
        Raise{"llc", [](MachineConfig& c) -> Cycles& { return c.llc.latency; }, 2048, true},
        Raise{"memory_of_llc_hits", [](MachineConfig& c) -> Cycles& { return c.memory.latency; }, 2048,
              false},
        Raise{"memory", [](MachineConfig& c) -> Cycles& { return c.memory.latency; }, 8192, true},
        Raise{"dtlb", [](MachineConfig& c) -> Cycles& { return c.dtlb.latency; }, 8, true},
        Raise{"itlb", [](MachineConfig& c) -> Cycles& { return c.itlb.latency; }, 8, true}),
    [](const auto& info) { return info.param.name; });

TEST(MachineTest, WhatAnObserverThrowsComesOutOfRun) {
    struct Thrower : Observer {
        void marker(Core&, uint32_t code, uint64_t, uint64_t, uint64_t) override {
            throw std::runtime_error("marker " + std::to_string(code));
        }
    } thrower;
    Machine m(small(), &thrower);
    boot(m, Program{}.raw({0x0f, 0x1f, 0x80}).number(STILE_MARK_MAGIC | STILE_MARK_ROI_BEGIN, 4).off(0));
    try {
        m.run();
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "marker 1");
    }
}

TEST(MachineTest, RefusesWhatItCannotBuild) {
    MachineConfig c = small();
    c.cores = 65;
    EXPECT_THROW(Machine{c}, std::invalid_argument);
}

}  // namespace
}  // namespace stile::model
