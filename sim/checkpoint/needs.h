// SPDX-License-Identifier: Apache-2.0
//
// What the state of a row at its hand-over depends on, as text: what fits is decided by comparing texts, and
// what does not fit can be named. Every key of the configuration counts, but for those that the functional
// core cannot notice: which these are is listed in one place (needs.cpp), and a test runs into every one of
// them (tests/checkpoint/). Of the guest, its kernel, files and processes count, not how they came about.
//
// Some of what a core is made of shows only to software that looks: what CPUID said, the APL cache. That
// counts where somebody looked before the hand-over, and goes into `shown`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/config/run_config.h"
#include "sim/run/row_inputs.h"

namespace stile::sim {

using Setting = std::pair<std::string, std::string>;  // name, value

// Raise it whenever the functional core, a device, the boot loader or what of them is archived changes so
// that an older checkpoint would lead to other results.
inline constexpr unsigned model_version = 1;

std::vector<Setting> needs_of(const RunConfig& config, const RowInputs& row);

// Keys of which the functional core notices nothing.
bool is_harmless(const std::string& key);
// Keys of the APL cache's shape: they count where software has seen it.
bool is_apl_shape(const std::string& key);

}  // namespace stile::sim
