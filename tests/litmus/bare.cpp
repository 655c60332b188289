// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/bare.h"

#include <stdexcept>

#include "model/timing/inorder.h"
#include "model/timing/ooo.h"
#include "tests/litmus/image.h"
#include "tests/litmus/random.h"

namespace stile::test {

namespace {

using namespace model;

struct RandomMemory : LowerMemory {
    Random random{0};
    LineReply access(uint64_t, unsigned, LineRequest request, Cycles) override {
        if (request == LineRequest::writeback || request == LineRequest::prefetch) return {0, true};
        return {random.below(4) ? 10 + random.below(30) : 100 + random.below(300), random.below(2) == 0};
    }
};

struct NoDevices : MmioPort {
    bool mmio_read(uint64_t, void*, unsigned) override { return false; }
    bool mmio_write(uint64_t, const void*, unsigned) override { return false; }
};

std::unique_ptr<Timing> make_timing(CoreModel model, const MachineConfig& config, const PhysicalMemory& ram,
                                    LowerMemory& lower, Core& core) {
    if (model == CoreModel::inorder)
        return std::make_unique<InorderTiming>(config, ram, lower, core.state(), core.counters());
    return std::make_unique<OooTiming>(config, ram, lower, core.state(), core.counters());
}

}  // namespace

Counts run_bare(const Litmus& test, const BareRun& how) {
    const LitmusImage image(test, how.tries, how.seed);
    PhysicalMemory ram(LitmusImage::ram_size);
    image.load(ram);
    MachineConfig config;
    config.cores = static_cast<unsigned>(test.threads.size());
    config.core.model = how.model;
    config.protection = ProtectionKind::paging;
    Random random(how.seed);
    NoDevices devices;
    std::vector<RandomMemory> lower(config.cores);
    std::vector<std::unique_ptr<Core>> cores;
    for (unsigned i = 0; i < config.cores; ++i) {
        lower[i].random = Random(random());
        cores.push_back(std::make_unique<Core>(config, ram, devices, nullptr, nullptr, i));
        Core& core = *cores.back();
        core.set_timing(make_timing(how.model, config, ram, lower[i], core));
        core.set_model(how.model);
        if (how.plant) how.plant(core.impl());
        LitmusImage::begin(core, image.thread_entry(i));
    }
    static constexpr unsigned turns[] = {1, 30, 120};
    const unsigned longest = turns[random.below(3)];
    for (uint64_t turn = 0, last = uint64_t{1000} * how.tries + 100'000; turn < last; ++turn) {
        Core& core = *cores[random.below(config.cores)];
        core.run(core.now() + 1 + random.below(longest));
        bool done = true;
        for (const auto& c : cores) done = done && c->state().halted;
        if (done) return image.counts(ram);
    }
    throw std::runtime_error(test.name + ": the cores do not come to an end");
}

}  // namespace stile::test
