// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

Status fcntl_lock(File* file, int command, UserAddr at);  // F_GETLK and its kin

}  // namespace stile::os
