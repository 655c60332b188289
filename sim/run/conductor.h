// SPDX-License-Identifier: Apache-2.0
//
// Leads a row from reset to its end: which core model runs, and when it is over.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/systemc/machine.h"
#include "sim/config/run_config.h"
#include "sim/measure/measurement.h"
#include "sim/results/row_result.h"
#include "sim/run/verdict.h"

namespace stile::sim {

struct Progress {
    uint64_t cycles = 0, instructions = 0;
};

using ProgressFunction = std::function<bool(const Progress&)>;

// Of all cores.
uint64_t instructions_of(model::Machine& machine);

// Until when a row runs at most, on the reference clock.
model::Cycles last_cycle(const RunConfig& config);

class Conductor {
  public:
    // All three outlive it. The measurement's region of interest is the conductor's from now on.
    Conductor(const RunConfig& config, model::Machine& machine, Measurement& measurement);

    // At the hand-over from the functional core to the configured one: the machine stands still, and what is
    // called has its cores made anew (Machine::archive). `now` is the reference clock's.
    void on_hand_over(std::function<void(model::Cycles now)> callback) { hand_over_ = std::move(callback); }
    // The hand-over lies behind: the machine is as it was then.
    void resume(model::Cycles now);

    // Once. `progress` hears of it several times a second of host time, about; the row is broken off when it
    // returns false.
    End run(const ProgressFunction& progress);

    // How far the functional core went, if it was to go ahead.
    void add_statistics(std::vector<RowStatistic>& statistics) const;

  private:
    void use_functional();
    void use_configured();
    bool awaits(Measurement::Region what) const;
    void hand_over(End& end);
    void region(Measurement::Region what, unsigned core);

    const RunConfig& config_;
    model::Machine& machine_;
    Measurement& measurement_;
    bool fast_ = false;     // the functional core goes ahead
    bool arrived_ = false;  // where the configured one is to go on
    bool stopped_ = false;  // as measure.stop_at said
    model::Cycles now_ = 0;
    std::function<void(model::Cycles)> hand_over_ = [](model::Cycles) {};
    uint64_t fast_instructions_ = 0, fast_cycles_ = 0;
};

}  // namespace stile::sim
