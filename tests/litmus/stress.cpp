// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/stress.h"

#include <cstring>

#include "model/systemc/machine.h"
#include "tests/litmus/child.h"
#include "tests/litmus/image.h"
#include "tests/litmus/turns.h"

namespace stile::test {

using namespace model;

namespace {

constexpr unsigned cores = 4;
constexpr uint64_t start_at = 0x10'0000, code_at = 0x10'1000, rounds_at = 0x18'0000, cores_at = 0x18'0014;

void load(PhysicalMemory& ram, const Stress& stress, uint64_t rounds) {
    LitmusImage::map(ram);
    std::memcpy(ram.host(start_at), stress_start_code().data(), stress_start_code().size());
    std::memcpy(ram.host(code_at), stress.code.data(), stress.code.size());
    std::memcpy(ram.host(rounds_at), &rounds, 8);
    std::memcpy(ram.host(cores_at), &cores, 4);
}

std::string in_random_turns(const Stress& stress, const StressRun& how) {
    RandomTurns turns(cores, how.model, LitmusImage::ram_size, how.seed);
    load(turns.ram(), stress, how.rounds);
    for (unsigned i = 0; i < cores; ++i) {
        LitmusImage::begin(turns.core(i), code_at);
        turns.core(i).state().r[isa::RBX] = i;
    }
    if (!turns.run(how.rounds * 20'000)) return "no end\n";
    return stress.check(turns.ram(), how.rounds);
}

std::string on_machine(const Stress& stress, const StressRun& how) {
    MachineConfig config;
    config.cores = cores;
    config.core.model = how.model;
    config.quantum = how.quantum;
    config.memory.size = LitmusImage::ram_size;
    config.protection = ProtectionKind::paging;
    Machine machine(config);
    load(machine.memory(), stress, how.rounds);
    LitmusImage::begin(machine.core(0), start_at);
    const Machine::Outcome outcome = machine.run(how.rounds * 100'000);
    if (outcome.why != Stop::idle_forever) return "no end: " + outcome.reason + "\n";
    return stress.check(machine.memory(), how.rounds);
}

}  // namespace

std::string run_stress(const Stress& stress, const StressRun& how) {
    if (how.seed != 0) return in_random_turns(stress, how);
    return in_child([&] { return on_machine(stress, how); });
}

}  // namespace stile::test
