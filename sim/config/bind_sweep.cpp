// SPDX-License-Identifier: Apache-2.0
//
// The keys of `sweep:`, but axes and zip, which have other keys below them.
#include "sim/config/sweep.h"

namespace stile::sim {

void bind_sweep(Registry& keys, SweepConfig& sweep) {
    for (const SweepForm& form : sweep_forms) keys.reserve(form.key);
    keys.integer("sweep.random.points", sweep.random_points)
        .range(0, 1'000'000)
        .help("so many points of the product, chosen at random without repetition; 0: all");
    keys.integer("sweep.random.seed", sweep.random_seed).help("of the choice");
    keys.text("sweep.invalid", sweep.invalid)
        .choices({"error", "skip"})
        .help(
            "points whose values do not go together: error: all are told, and nothing runs; skip: left out "
            "and "
            "recorded");
    keys.time("sweep.timeout", sweep.timeout_ns)
        .range(1'000'000, 1'000'000'000'000'000)
        .help("this computer's time for one attempt at a point");
    keys.integer("sweep.retries", sweep.retries)
        .range(0, 100)
        .help(
            "further attempts at a point that ended for a reason of this computer's: timeout, a signal, no "
            "memory");
    keys.text("sweep.report.cost", sweep.cost).help("column that the report takes for the cost of a point");
    keys.text("sweep.report.objective", sweep.objective)
        .help("column or statistic that the report takes for what a point achieves");
    keys.text("sweep.report.better", sweep.better).choices({"less", "more"}).help("of the objective");
}

}  // namespace stile::sim
