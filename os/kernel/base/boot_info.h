// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/checks.h"
#include "abi/platform.h"

namespace stile::os {

// The kernel's copy of what the loader said.
extern stile_boot_info boot_info;

inline bool domains_checked() { return boot_info.protection == STILE_PROTECTION_CODOMS; }
// Is a rule of abi/checks.h on?
inline bool checked(stile_os_check rule) { return !(boot_info.checks_off >> rule & 1); }
inline bool dipc_offered() { return boot_info.protection == STILE_PROTECTION_NONE || domains_checked(); }

}  // namespace stile::os
