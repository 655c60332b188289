// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/machine.h"

#include <sstream>
#include <stdexcept>

#include "model/systemc/machine.h"
#include "tests/litmus/child.h"
#include "tests/litmus/image.h"

namespace stile::test {

using namespace model;

Counts run_machine(const Litmus& test, const MachineRun& how) {
    const auto simulate = [&] {
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
        if (how.plant)
            for (unsigned i = 0; i < config.cores; ++i) how.plant(machine.core(i).impl());
        const Machine::Outcome outcome = machine.run(uint64_t{200'000} * how.tries + 1'000'000);
        if (outcome.why != Stop::idle_forever)
            throw std::runtime_error(test.name + ": the cores do not come to an end: " + outcome.reason);
        std::string text;
        for (const auto& [o, n] : image.counts(machine.memory())) text += o + ' ' + std::to_string(n) + '\n';
        return text;
    };
    Counts all;
    std::istringstream in(in_child(simulate));
    Outcome o;
    for (uint64_t n; in >> o >> n;) all[o] = n;
    return all;
}

}  // namespace stile::test
