// SPDX-License-Identifier: Apache-2.0
//
// Whether a row came out well, and the sentences that say so if it did not.
#pragma once

#include <string>
#include <vector>

#include "model/systemc/machine.h"
#include "sim/measure/result.h"
#include "sim/results/row_result.h"
#include "workloads/workload.h"

namespace stile::sim {

struct End {
    model::Machine::Outcome outcome;
    bool stopped = false;     // where it was to stop (measure.stop_at)
    bool broken_off = false;  // by the user
    bool region_wanted = false, region_end_wanted = false;
    int64_t expect_exit = 0;
    std::string max_time, watchdog;  // for people
    std::string where;               // what ran when it ended
    std::string dump;                // of the core; empty unless it helps
};

// It did not end by itself, or the kernel gave up: people will want to see the machine.
bool wants_state(const End& end);

// Fills in status, failures, warnings, figures and reports of `row`.
void judge(const MeasurementResult& measured, const End& end, uint64_t frequency, RowResult& row);

// Reports that the workload has declared and leaves to the instrument: cycles_best, cycles_p90 and
// cycles_worst of the timed calls. What the guest says itself stays.
void add_instrument_reports(const MeasurementResult& measured, const std::vector<workload::Report>& declared,
                            RowResult& row);

// What the observer has counted, as statistics: the region of interest, and what the guest asked for in vain.
// Without what a model without time does not count.
void add_statistics(const MeasurementResult& measured, std::vector<RowStatistic>& statistics,
                    bool timed = true);

}  // namespace stile::sim
