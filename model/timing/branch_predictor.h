// SPDX-License-Identifier: Apache-2.0
//
// What the front end guesses of a branch: whether it is taken (direction_predictor.h), where it goes, where a
// function returns to. Targets come from a set-associative branch target buffer; those of indirect branches
// first from a table indexed by the last such targets, as ITTAGE's components are (Seznec, JWAC-2 2011), of
// which an entry is made when the buffer alone was wrong. Returns come from a circular stack without
// underflow check, as measured on Ivy Bridge (xania.org 2016, stuffedcow.net 2018).
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/timing/direction_predictor.h"
#include "model/timing/timing.h"

namespace stile::model {

class BranchPredictor {
  public:
    // Counts what it predicts, by kind. Throws std::invalid_argument for sizes that cannot be indexed.
    BranchPredictor(const PredictorConfig& config, Counters& counters);

    enum class Verdict : uint8_t {
        right,
        late_target,  // right as soon as the instruction is decoded: its target was not in the buffer
        wrong         // known when the branch executes
    };
    // Predicts, compares with what happened, and learns.
    Verdict resolve(const BranchOutcome& branch) {
        ++counters_.branches;
        if (branch.kind != BranchKind::conditional) return resolve_other(branch);
        ++counters_.conditional_branches;
        if (!direction_.resolve(branch.from, branch.taken)) [[unlikely]]
            return wrong_direction(branch);
        if (!branch.taken | known(branch)) [[likely]]
            return Verdict::right;
        return late(branch);
    }

  private:
    struct Target {
        uint64_t from = ~0ull, target = 0;
    };

    Verdict resolve_other(const BranchOutcome& branch);
    Verdict wrong_direction(const BranchOutcome& branch);
    Verdict late(const BranchOutcome& branch);
    Verdict indirect(const BranchOutcome& branch);
    Target* set_of(uint64_t from) { return &btb_[((from ^ from >> 12) & btb_set_mask_) * btb_ways_]; }
    // Is its target in the buffer, as the one used last in its set?
    bool known(const BranchOutcome& b) {
        const Target& t = *set_of(b.from);
        return t.from == b.from && t.target == b.target;
    }
    bool look_up(uint64_t from, uint64_t target);  // was the target known? It is from now on.
    void push(uint64_t address);
    uint64_t pop();

    Counters& counters_;
    DirectionPredictor direction_;
    std::vector<Target> btb_;
    size_t btb_ways_;
    uint64_t btb_set_mask_ = 0;
    std::vector<Target> by_path_;  // indirect branches, by address and path
    uint64_t path_ = 0, path_mask_ = 0;
    std::vector<uint64_t> returns_;
    size_t top_ = 0;
};

}  // namespace stile::model
