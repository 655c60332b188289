// SPDX-License-Identifier: Apache-2.0
//
// Which rules of protection a run does without (docs/codoms.md, section 10): such a run shows what a rule is
// for, and is no result.
#pragma once

#include <string>
#include <vector>

#include "sim/config/run_config.h"

namespace stile::sim {

std::vector<std::string> rules_off(const RunConfig& config);  // keys of the YAML

}  // namespace stile::sim
