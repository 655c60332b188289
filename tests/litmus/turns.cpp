// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/turns.h"

#include <algorithm>

#include "model/timing/make_timing.h"

namespace stile::test {

using namespace model;

LineReply RandomTurns::Lower::access(uint64_t, unsigned, LineRequest request, Cycles) {
    if (request == LineRequest::writeback || request == LineRequest::prefetch) return {0, true};
    return {random.below(4) ? 10 + random.below(30) : 100 + random.below(300), random.below(2) == 0};
}

RandomTurns::RandomTurns(unsigned cores, CoreModel core_model, uint64_t ram_size, uint64_t seed)
    : random_(seed), ram_(ram_size), lower_(cores) {
    static constexpr unsigned turns[] = {1, 30, 120};
    longest_ = turns[random_.below(3)];
    MachineConfig config;
    config.cores = cores;
    config.core.model = core_model;
    config.protection = ProtectionKind::paging;
    for (unsigned i = 0; i < cores; ++i) {
        lower_[i].random = Random(random_());
        cores_.push_back(std::make_unique<Core>(config, ram_, *this, nullptr, nullptr, i));
        cores_[i]->set_timing(
            make_timing(config, ram_, lower_[i], cores_[i]->state(), cores_[i]->counters()));
        cores_[i]->set_model(core_model);
    }
}

bool RandomTurns::run(uint64_t turns) {
    const auto halted = [](const auto& core) { return core->state().halted; };
    for (; turns > 0; --turns) {
        Core& core = *cores_[random_.below(static_cast<unsigned>(cores_.size()))];
        core.run(core.now() + 1 + random_.below(longest_));
        if (std::ranges::all_of(cores_, halted)) return true;
    }
    return false;
}

}  // namespace stile::test
