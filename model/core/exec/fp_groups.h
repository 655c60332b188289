// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/core/exec/handlers.h"

namespace stile::model {

// All handlers of isa/ops_fp.def.
void register_fp(HandlerTable& table, bool timed);

}  // namespace stile::model
