// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stile::os {

void archive_kept_files();  // those that the boot information names, to the archive device

}  // namespace stile::os
