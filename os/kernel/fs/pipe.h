// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

// Both ends of a new pipe, with `flags` (O_NONBLOCK, O_DIRECT is not offered). 0 or -errno.
Status pipe_create(uint32_t flags, File** read_end, File** write_end);

}  // namespace stile::os
