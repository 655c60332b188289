// SPDX-License-Identifier: Apache-2.0
//
// Latency and throughput of each class of micro-op, with where the figure comes from. The rows are the
// defaults of `machine.core.latencies` and `machine.core.throughputs`.
#pragma once

#include <span>

#include "isa/uop.h"
#include "model/config.h"

namespace stile::model {

struct LatencyRow {
    isa::OpClass cls;
    const char* name;   // as in YAML
    Cycles latency;     // input to result; for what stops the pipeline: cycles it is stopped
    Cycles throughput;  // cycles until the unit takes the next one; 0: one per issue slot
    const char* help;
    const char* source;
};

// One row per class but `none`, in the order of isa::OpClass.
std::span<const LatencyRow> latency_table();

}  // namespace stile::model
