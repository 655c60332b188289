// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/platform.h"

namespace stile::os {

// The kernel's copy of what the loader said.
extern stile_boot_info boot_info;

inline bool domains_checked() { return boot_info.protection == STILE_PROTECTION_CODOMS; }
inline bool dipc_offered() { return boot_info.protection != STILE_PROTECTION_PAGING; }

}  // namespace stile::os
