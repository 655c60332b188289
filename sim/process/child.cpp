// SPDX-License-Identifier: Apache-2.0
#include "sim/process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace stile::sim {

ChildProcess start_child(Flow flow, const std::function<void(int fd)>& main) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    const int ours = ends[flow == Flow::to_us ? 0 : 1], theirs = ends[flow == Flow::to_us ? 1 : 0];
    // Nothing buffered is to be written twice.
    fflush(stdout);
    fflush(stderr);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ours);
        main(theirs);
        abort();
    }
    const int why = errno;
    close(theirs);
    if (pid < 0) {
        close(ours);
        throw std::system_error(why, std::generic_category(), "fork");
    }
    return {pid, ours};
}

void follow_parent(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(125);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) != 0;) {
        if (n < 0 && errno != EINTR) break;
        if (n > 0) text.append(buffer, static_cast<size_t>(n));
    }
    return text;
}

int reap(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace stile::sim
