// SPDX-License-Identifier: Apache-2.0
//
// Four cores that share: counters, locks, rings of messages. What they leave in memory says whether they got
// in each other's way.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/core/core_impl.h"

namespace stile::test {

struct Stress {
    const char* name;
    std::span<const uint8_t> code;
    // What is wrong; empty: nothing.
    std::string (*check)(const model::PhysicalMemory&, uint64_t rounds);
};
const std::vector<Stress>& stress_programs();
// Right on a machine whose stores are seen by everybody at once, and only there.
Stress peterson_that_lacks_its_fence();
std::span<const uint8_t> stress_start_code();

struct StressRun {
    model::CoreModel model = model::CoreModel::ooo;
    model::Cycles quantum = 10'000;
    uint64_t rounds = 1000;
    uint64_t seed = 0;  // 0: the whole machine; else bare cores in random turns
};
// What is wrong.
std::string run_stress(const Stress& stress, const StressRun& how);

}  // namespace stile::test
