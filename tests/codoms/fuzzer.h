// SPDX-License-Identifier: Apache-2.0
//
// Plan after plan, on every core model; what disagrees is made small.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "tests/codoms/session.h"

namespace stile::codoms_fuzz {

struct FuzzOptions {
    uint64_t count = 100'000;  // accesses, at least, over all core models
    uint64_t seed = 1;
    uint64_t skip = 0;  // plans to leave out at the beginning
    bool only = false;  // one plan, number `skip`
    std::vector<model::CoreModel> models{model::CoreModel::functional, model::CoreModel::inorder,
                                         model::CoreModel::ooo};
    unsigned cores = 0;         // 0: one to four, by plan
    std::vector<Shape> shapes;  // empty: a choice, by plan
    bool minimise = true;
    unsigned most_mismatches = 1;
    std::function<void(Machine&)> prepare;  // for tests that plant bugs
    FILE* out = stdout;                     // mismatches are printed here; null: nowhere
};

struct Finding {
    uint64_t number;  // of the plan under its seed
    std::string model, shape;
    unsigned cores;
    std::string what, text;
    size_t instructions = 0, events = 0;  // that are left
};

struct FuzzResult {
    Coverage coverage;
    uint64_t plans = 0, misses = 0, thrashed = 0, abandoned = 0, kernel_accesses = 0;
    std::array<uint64_t, 3> slow{};     // accesses of ring 3 that the software TLB did not answer
    double fast(unsigned model) const;  // per cent of the others
    std::vector<Finding> findings;
    std::string summary() const;
};

FuzzResult fuzz(const FuzzOptions& options);

// The plan with everything taken out that the mismatch does not need.
Plan minimise(const Plan& plan, Machine& machine);

}  // namespace stile::codoms_fuzz
