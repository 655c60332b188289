// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace stile::test {

namespace {

bool send(int to, const std::function<std::string()>& function) {
    try {
        const std::string all = function();
        for (size_t sent = 0; sent < all.size();) {
            const ssize_t n = write(to, all.data() + sent, all.size() - sent);
            if (n < 0) return false;
            sent += static_cast<size_t>(n);
        }
        return true;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return false;
    }
}

}  // namespace

std::string in_child(const std::function<std::string()>& function) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
        close(ends[0]);
        _exit(send(ends[1], function) ? 0 : 1);
    }
    close(ends[1]);
    std::string all;
    char part[4096];
    for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) all.append(part, static_cast<size_t>(n));
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) throw std::runtime_error("the child failed");
    return all;
}

}  // namespace stile::test
