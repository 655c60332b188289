// SPDX-License-Identifier: Apache-2.0
#include "model/devices/power.h"

#include <cstring>

#include "abi/platform.h"

namespace stile::model {

bool Power::read(uint64_t, void*, unsigned) { return false; }

bool Power::write(uint64_t offset, const void* in, unsigned bytes) {
    if (offset != (STILE_POWER_OFF & 0xfff) || bytes != 4) return false;
    std::memcpy(&code_, in, sizeof code_);
    if (off_) off_(code_);
    return true;
}

}  // namespace stile::model
