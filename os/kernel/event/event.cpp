// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/event/event.h"

namespace stile::os {

Status install_nameless(File* file, int flags) {
    if (!file) return -ENOMEM;
    file->flags = O_RDWR | (static_cast<uint32_t>(flags) & O_NONBLOCK);
    return install_file(file, flags & O_CLOEXEC);
}

Status stat_nameless(struct stat& out) {
    __builtin_memset(&out, 0, sizeof out);
    out.st_nlink = 1;
    out.st_mode = 0600;
    out.st_blksize = page_size;
    return 0;
}

}  // namespace stile::os
