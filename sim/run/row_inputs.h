// SPDX-License-Identifier: Apache-2.0
//
// What a row's machine begins with, beside the machine itself.
#pragma once

#include <vector>

#include "sim/boot/boot.h"
#include "sim/config/run_config.h"
#include "sim/measure/measurement.h"

namespace stile::sim {

struct RowInputs {
    std::vector<GuestFile> files;  // what the guest finds in its file system; views of the row's and plugin's
    std::vector<BootProcess> processes;
    BootOptions boot;
};

RowInputs row_inputs(const RunConfig& config, const workload::Row& row);  // which outlive it

// Kernel and programs, for symbols.
std::vector<CodeImage> code_images(const RowInputs& row);

}  // namespace stile::sim
