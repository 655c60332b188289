// SPDX-License-Identifier: Apache-2.0
//
// Generate, execute on both, compare, and make what differs small.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "tests/isa/compare.h"
#include "tests/isa/generator.h"
#include "tests/isa/guest.h"
#include "tests/isa/native.h"

namespace stile::fuzz {

struct FuzzOptions {
    uint64_t count = 100'000;  // instructions executed natively, at least
    uint64_t seed = 1;
    uint64_t skip = 0;  // sequences to leave out at the beginning
    bool only = false;  // one sequence, number `skip`
    std::vector<model::CoreModel> cores{model::CoreModel::functional, model::CoreModel::inorder,
                                        model::CoreModel::ooo};
    unsigned machine_cores = 1;  // the others sleep
    GeneratorOptions generator;
    unsigned runs = 3;             // of each sequence on each core
    unsigned most_mismatches = 5;  // stop after as many
    bool minimise = true;
    std::function<void(Guest&)> prepare;  // after each guest is made: for tests that plant bugs
    FILE* out = stdout;                   // mismatches are printed here; null: nowhere
};

struct Mismatch {
    uint64_t number;      // of the sequence under its seed
    std::string core;     // model and which execution
    Sequence sequence;    // minimised
    std::string text;     // everything, as printed
    std::string listing;  // disassembly of the minimised sequence, an instruction per line
    std::string difference;
};

struct RowCount {
    uint64_t executed = 0, faulted = 0;
};

struct FuzzResult {
    uint64_t instructions = 0, sequences = 0, unjudged = 0;
    uint64_t died = 0;  // of those not judged: the host's child did not survive them, whatever the reason
    std::vector<Mismatch> mismatches;
    std::vector<RowCount> rows;  // by position in isa::forms()
    unsigned comparable = 0, covered = 0;
    std::vector<std::string> uncovered;
    std::string summary() const;
};

FuzzResult fuzz(const FuzzOptions& options);

}  // namespace stile::fuzz
