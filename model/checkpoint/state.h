// SPDX-License-Identifier: Apache-2.0
//
// How the plain structs of a core's state are archived.
#pragma once

#include "model/checkpoint/archive.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"

namespace stile::model {

void archive(StateArchive& a, CpuState& s);  // but for registers that are not architectural; reading clears those
void archive(StateArchive& a, Counters& c);

}  // namespace stile::model
