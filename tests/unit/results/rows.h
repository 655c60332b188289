// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/results/row_result.h"

namespace stile::sim {

inline RowResult row(const std::string& mechanism, int64_t size, double cycles,
                     const std::string& policy = "-") {
    RowResult r;
    r.key = {mechanism, policy,    "cross_process", "same_core", size, policy == "-" ? "-" : "software",
             "codoms",  "inorder", "default",       "tiny"};
    r.status = RowResult::Status::done;
    Figures f;
    f.calls = 200;
    f.cycles_mean = cycles;
    f.cycles_p50 = cycles - 0.5;
    f.cycles_p99 = cycles + 1;
    f.ns_mean = cycles / 3.1;
    f.syscalls = 2;
    if (size > 0) f.copies = 2;
    f.checked = true;
    f.phase[0] = cycles / 3;
    f.phase[4] = cycles - cycles / 3;
    r.figures = f;
    r.statistics = {{"core0.instructions", 1234, true, "", "instructions retired"},
                    {"core0.ipc", 0.5, false, "", "per cycle"}};
    r.console = "hello\n";
    return r;
}

}  // namespace stile::sim
