// SPDX-License-Identifier: Apache-2.0
//
// Direction by gshare (McFarling, "Combining Branch Predictors", DEC WRL TN-36, 1993): two-bit counters
// indexed by address and global history. Targets from a four-way branch target buffer, returns from a
// circular stack without underflow check, as measured on Ivy Bridge (xania.org 2016, stuffedcow.net 2018).
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/timing/timing.h"

namespace stile::model {

class BranchPredictor {
  public:
    explicit BranchPredictor(const CoreConfig& config);

    enum class Verdict : uint8_t {
        right,
        late_target,  // right as soon as the instruction is decoded: its target was not in the buffer
        wrong         // known when the branch executes
    };
    // Predicts, compares with what happened, and learns.
    Verdict resolve(const BranchOutcome& branch);

  private:
    struct Target {
        uint64_t from = ~0ull, target = 0;
    };

    bool direction(const BranchOutcome& branch);  // was the direction right?
    bool target(uint64_t from, uint64_t target);  // was the target known?
    void push(uint64_t address);
    uint64_t pop();

    std::vector<uint8_t> counters_;
    uint64_t history_ = 0;
    std::vector<Target> btb_;
    size_t btb_ways_;
    uint64_t btb_set_mask_ = 0;
    std::vector<uint64_t> returns_;
    size_t top_ = 0;
};

}  // namespace stile::model
