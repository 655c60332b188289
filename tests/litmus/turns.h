// SPDX-License-Identifier: Apache-2.0
//
// Bare cores that take turns at random: any core, for any number of cycles up to a hundred or so. Every
// request that leaves a first-level cache takes a random time. What a clock would rule out is tried, too, so
// that memory order must hold without its help.
#pragma once

#include <memory>
#include <vector>

#include "model/core/core.h"
#include "model/timing/lower_memory.h"
#include "tests/litmus/random.h"

namespace stile::test {

class RandomTurns : public model::MmioPort {
  public:
    RandomTurns(unsigned cores, model::CoreModel core_model, uint64_t ram_size, uint64_t seed);

    model::Core& core(unsigned i) { return *cores_[i]; }
    model::PhysicalMemory& ram() { return ram_; }
    // False: some core has not halted after so many turns.
    bool run(uint64_t turns);

  private:
    struct Lower : model::LowerMemory {
        Random random{0};
        model::LineReply access(uint64_t, unsigned, model::LineRequest request, model::Cycles) override;
    };
    bool mmio_read(uint64_t, void*, unsigned) override { return false; }
    bool mmio_write(uint64_t, const void*, unsigned) override { return false; }

    Random random_;
    unsigned longest_;
    model::PhysicalMemory ram_;
    std::vector<Lower> lower_;
    std::vector<std::unique_ptr<model::Core>> cores_;
};

}  // namespace stile::test
