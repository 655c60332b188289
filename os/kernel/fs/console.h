// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

Status open_console(uint32_t flags, File** out);
Status open_controlling_terminal(uint32_t flags, File** out);  // /dev/tty
int console_read();                                            // next byte of input, -1 at its end

}  // namespace stile::os
