// SPDX-License-Identifier: Apache-2.0
//
// What the state of a row at its hand-over depends on, as text: what fits is decided by comparing texts, and
// what does not fit can be named. Every key of the configuration counts, but for those that the functional
// core cannot notice: keys.h says which these are. Of the guest, its kernel, files and processes count, not
// how they came about.
//
// Some of what a core is made of shows only to software that looks: what CPUID said, the APL cache. That
// counts where somebody looked before the hand-over, and goes into `shown`.
#pragma once

#include <vector>

#include "sim/checkpoint/file.h"
#include "sim/config/run_config.h"
#include "sim/run/row_inputs.h"

namespace stile::sim {

// Raise it whenever the functional core, a device, the boot loader or what of them is archived changes so
// that an older checkpoint would lead to other results.
inline constexpr unsigned model_version = 5;

std::vector<Setting> needs_of(const RunConfig& config, const RowInputs& row);

}  // namespace stile::sim
