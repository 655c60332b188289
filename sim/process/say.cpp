// SPDX-License-Identifier: Apache-2.0
#include "sim/process/say.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stile::sim {

void put(std::string_view text) {
    if (fwrite(text.data(), 1, text.size(), stdout) != text.size() || fflush(stdout) != 0)
        throw HostTrouble(fmt::format("standard output cannot be written: {}", std::strerror(errno)));
}

void say_text(std::string_view text) { (void)!fwrite(text.data(), 1, text.size(), stderr); }

void open_standard_streams() {
    // Standard output is opened for reading: writing to it fails, as it did when it was closed.
    constexpr int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (int fd = 0; fd < 3; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)!open("/dev/null", modes[fd]);
}

}  // namespace stile::sim
