// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

File* open_console(uint32_t flags);
int console_read();  // next byte of input, -1 at its end

}  // namespace stile::os
