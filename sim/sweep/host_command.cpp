// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/host_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "sim/process/child.h"

namespace stile::sim {
namespace {

constexpr int not_found = 127;
using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& arguments, int out, int err) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(not_found);
}

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    }
    ~Pipe() {
        for (int& end : ends) close_end(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    static void close_end(int& end) {
        if (end >= 0) close(end);
        end = -1;
    }
};

// False when there will be no more.
bool take(int fd, std::string& text) {
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
}

}  // namespace

std::string HostCommand::complaint() const {
    std::istringstream lines(err.empty() ? out : err);
    std::string last;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) last = line;
    // "sbatch: error: " is said by whoever shows it.
    const size_t said = last.find(" error: ");
    if (said != last.npos && said < 20) last.erase(0, said + 8);
    return last.empty() ? fmt::format("it ended with status {}", status) : last;
}

HostCommand run_host_command(const std::vector<std::string>& arguments, std::chrono::seconds at_most) {
    HostCommand result;
    Pipe out, err;
    fflush(stdout);
    fflush(stderr);
    const pid_t pid = fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) become(arguments, out.ends[1], err.ends[1]);
    Pipe::close_end(out.ends[1]);
    Pipe::close_end(err.ends[1]);
    const auto end = Clock::now() + at_most;
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd polls[2] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
        if (left <= 0 || (poll(polls, 2, static_cast<int>(left)) < 0 && errno != EINTR)) break;
        if (polls[0].revents != 0 && !take(out.ends[0], result.out)) Pipe::close_end(out.ends[0]);
        if (polls[1].revents != 0 && !take(err.ends[0], result.err)) Pipe::close_end(err.ends[0]);
    }
    if (out.ends[0] >= 0 || err.ends[0] >= 0) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        result.err += fmt::format("{} gave no answer in {} s\n", arguments[0], at_most.count());
    }
    const int status = reap(pid);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.found = result.status != not_found;
    return result;
}

bool is_host_command(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::filesystem::path file = std::filesystem::path(folder.empty() ? "." : folder) / name;
        std::error_code ignored;
        if (std::filesystem::is_regular_file(file, ignored) && access(file.c_str(), X_OK) == 0) return true;
    }
    return false;
}

}  // namespace stile::sim
