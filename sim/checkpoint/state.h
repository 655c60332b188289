// SPDX-License-Identifier: Apache-2.0
//
// The state of a row at its hand-over, as the body of a checkpoint.
#pragma once

#include <string>

#include "model/checkpoint/archive.h"
#include "model/systemc/machine.h"
#include "sim/measure/measurement.h"

namespace stile::sim {

struct RowState {
    model::Machine& machine;
    Measurement& measurement;
    std::string& console;  // what the guest has printed, as far as it is kept
    uint64_t& printed;     // all of it: bytes

    // Everything but memory.
    void archive(model::StateArchive& a);
};

// Memory, as its difference from `before`: how it was when the machine was switched on, with kernel, programs
// and page tables in it. Both of one size.
void archive_memory(model::StateArchive& a, model::PhysicalMemory& memory,
                    const model::PhysicalMemory& before);

}  // namespace stile::sim
