// SPDX-License-Identifier: Apache-2.0
//
// gnuplot as a child process: the script goes in at its standard input, the picture comes out of its standard
// output.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "sim/report/charts.h"

extern char** environ;

namespace stile::sim {
namespace {

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error(fmt::format("no pipe to gnuplot: {}", std::strerror(errno)));
    }
    ~Pipe() {
        shut(0);
        shut(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void shut(int end) {
        if (ends[end] >= 0) close(ends[end]);
        ends[end] = -1;
    }
};

// Feeds `script` while it collects what comes: either side may want to go first.
void talk(Pipe& in, Pipe& out, Pipe& err, const std::string& script, std::string& picture,
          std::string& words) {
    size_t sent = 0;
    fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        // poll() leaves out those that are shut.
        pollfd waits[] = {{in.ends[1], POLLOUT, 0}, {out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
        if (poll(waits, 3, -1) < 0 && errno != EINTR) break;
        if (waits[0].revents != 0) {
            const ssize_t n = write(in.ends[1], script.data() + sent, script.size() - sent);
            if (n > 0) sent += static_cast<size_t>(n);
            if ((n < 0 && errno != EAGAIN && errno != EINTR) || sent == script.size()) in.shut(1);
        }
        for (int i : {1, 2}) {
            if (waits[i].revents == 0) continue;
            char buffer[65536];
            Pipe& from = i == 1 ? out : err;
            const ssize_t n = read(from.ends[0], buffer, sizeof buffer);
            if (n > 0) (i == 1 ? picture : words).append(buffer, static_cast<size_t>(n));
            if (n == 0 || (n < 0 && errno != EINTR)) from.shut(0);
        }
    }
}

}  // namespace

std::string draw(const Chart& chart) {
    Pipe in, out, err;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in.ends[0], 0);
    posix_spawn_file_actions_adddup2(&files, out.ends[1], 1);
    posix_spawn_file_actions_adddup2(&files, err.ends[1], 2);
    // -d: a user's own gnuplot settings must not change a figure.
    char program[] = "gnuplot", plain[] = "-d";
    char* const arguments[] = {program, plain, nullptr};
    pid_t child = 0;
    const int failed = posix_spawnp(&child, program, &files, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed)
        throw std::runtime_error(
            failed == ENOENT ? "gnuplot is not installed; on Debian or Ubuntu: apt-get install gnuplot-nox"
                             : fmt::format("gnuplot cannot be started: {}", std::strerror(failed)));
    in.shut(0);
    out.shut(1);
    err.shut(1);
    // A gnuplot that ends early must not take us along.
    struct sigaction ignore {
    }, before{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &before);
    std::string picture, words;
    talk(in, out, err, chart.script, picture, words);
    sigaction(SIGPIPE, &before, nullptr);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || picture.find("</svg>") == std::string::npos)
        throw std::runtime_error(fmt::format("gnuplot did not draw {}: {}", chart.file, words));
    return picture;
}

}  // namespace stile::sim
