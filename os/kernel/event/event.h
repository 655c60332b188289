// SPDX-License-Identifier: Apache-2.0
//
// Files that stand for events: eventfd, timerfd, signalfd, epoll.
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

// A descriptor for a file without a name, under O_CLOEXEC and O_NONBLOCK of `flags`. nullptr is -ENOMEM.
Status install_nameless(File* file, int flags);
Status stat_nameless(struct stat& out);
// The watches of a file that ends.
void epoll_forget(File& file);

}  // namespace stile::os
