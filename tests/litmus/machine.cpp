// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/machine.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "model/systemc/machine.h"
#include "tests/litmus/image.h"

namespace stile::test {

namespace {

using namespace model;

Counts simulate(const Litmus& test, const MachineRun& how) {
    MachineConfig config;
    config.cores = static_cast<unsigned>(test.threads.size());
    config.core.model = how.model;
    config.quantum = how.quantum;
    config.memory.size = LitmusImage::ram_size;
    config.protection = ProtectionKind::paging;
    Machine machine(config);
    const LitmusImage image(test, how.tries, how.seed);
    image.load(machine.memory());
    LitmusImage::begin(machine.core(0), image.machine_entry());
    const Machine::Outcome outcome = machine.run(uint64_t{200'000} * how.tries + 1'000'000);
    if (outcome.why != Stop::idle_forever)
        throw std::runtime_error("the cores do not come to an end: " + outcome.reason);
    return image.counts(machine.memory());
}

int child(const Litmus& test, const MachineRun& how, int to) {
    try {
        FILE* out = fdopen(to, "w");
        for (const auto& [outcome, n] : simulate(test, how))
            std::fprintf(out, "%s %lu\n", outcome.c_str(), static_cast<unsigned long>(n));
        return std::fclose(out);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", test.name.c_str(), e.what());
        return 1;
    }
}

}  // namespace

Counts run_machine(const Litmus& test, const MachineRun& how) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
        close(ends[0]);
        _exit(child(test, how, ends[1]));
    }
    close(ends[1]);
    Counts all;
    FILE* in = fdopen(ends[0], "r");
    char outcome[64];
    unsigned long n;
    while (std::fscanf(in, "%63s %lu", outcome, &n) == 2) all[outcome] = n;
    std::fclose(in);
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) throw std::runtime_error(test.name + ": the simulation failed");
    return all;
}

}  // namespace stile::test
