// SPDX-License-Identifier: Apache-2.0
//
// Every row runs in a child process of its own, several at a time: a row knows nothing of the others, so that
// alone it gives the same bytes as among them, and one that crashes takes nobody along.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/results/row_result.h"
#include "sim/run/simulate.h"

namespace stile::sim {

struct PoolStatus {
    size_t rows = 0, finished = 0;
    uint64_t instructions = 0;  // simulated so far, by all rows
    double seconds = 0;         // of host time
};

struct PoolOptions {
    unsigned jobs = 1;
    double timeout_seconds = 0;  // of host time, for all rows; then those that run are broken off. 0: none
    std::function<void(const PoolStatus&)> status;  // about four times a second
};

using RowFunction = std::function<RowResult(size_t row, const ProgressFunction&)>;

struct PoolResult {
    std::vector<RowResult> rows;  // as many as keys, in their order
    // By SIGINT, SIGTERM or SIGHUP. Rows that had not finished say so; they have what they had come to,
    // unless they did not break off in time or the user was impatient (a second signal).
    bool interrupted = false;
};

// Calls `run` for every row, each in a child. Must be called from a process with one thread.
PoolResult run_rows(const std::vector<RowKey>& keys, const RowFunction& run, const PoolOptions& options);

}  // namespace stile::sim
