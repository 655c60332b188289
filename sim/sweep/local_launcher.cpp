// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/local_launcher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/process/child.h"

namespace stile::sim {
namespace {

using Clock = std::chrono::steady_clock;

// After its time limit a worker still breaks off its row and writes what the machine was doing.
constexpr std::chrono::seconds worker_grace{30};
constexpr size_t longest_text = 64 << 10;

[[noreturn]] void become_worker(const std::vector<std::string>& arguments, int error_fd, pid_t parent) {
    // Control-C is for the coordinator, which decides.
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    follow_parent(parent);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(error_fd, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    // This program, even if its file has been replaced meanwhile.
    execv("/proc/self/exe", argv.data());
    const std::string why = fmt::format("stile: it cannot start itself: {}\n", std::strerror(errno));
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, why.data(), why.size());
    _exit(126);
}

// With its row, and whatever else of its has the same standard error.
void end_group(pid_t worker) {
    kill(-worker, SIGKILL);
    kill(worker, SIGKILL);  // it may have no group of its own yet
}

std::string last_lines(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

std::vector<std::string> worker_arguments(const WorkerOptions& options, size_t point) {
    std::vector<std::string> all{
        "stile", "sweep", "--worker", std::to_string(point), "--out", options.directory.string()};
    if (!options.shared_boot) all.emplace_back("--no-shared-boot");
    return all;
}

LocalLauncher::LocalLauncher(WorkerOptions options, unsigned jobs)
    : options_(std::move(options)), jobs_(std::max(1u, jobs)) {}

LocalLauncher::~LocalLauncher() { stop(); }

void LocalLauncher::start(const std::vector<size_t>& points) {
    for (const size_t point : points) start(point);
}

void LocalLauncher::start(size_t point) {
    const std::vector<std::string> arguments = worker_arguments(options_, point);
    const pid_t self = getpid();
    const auto [pid, fd] =
        start_child(Flow::to_us, [&](int error) { become_worker(arguments, error, self); });
    fcntl(fd, F_SETFL, O_NONBLOCK);
    workers_.push_back({point, pid, fd, {}, Clock::now()});
}

bool LocalLauncher::read(Worker& worker) {
    char buffer[4096];
    while (true) {
        const ssize_t n = ::read(worker.fd, buffer, sizeof buffer);
        if (n < 0) return errno == EINTR || errno == EAGAIN;
        if (n == 0) return false;
        worker.text.append(buffer, static_cast<size_t>(n));
        if (worker.text.size() > longest_text) worker.text.erase(0, worker.text.size() - longest_text);
    }
}

Ended LocalLauncher::end(Worker& worker) {
    const int status = reap(worker.pid);
    close(worker.fd);
    Ended ended{worker.point, false, last_lines(worker.text)};
    const auto add = [&ended](const std::string& text) {
        ended.text = text + (ended.text.empty() ? "" : ": " + ended.text);
    };
    if (WIFSIGNALED(status)) {
        ended.by_host = true;
        add(worker.overdue ? std::string("its process did not end when its time was up, and was killed")
                           : fmt::format("its process was killed by signal {} ({})", WTERMSIG(status),
                                         strsignal(WTERMSIG(status))));
    } else if (WEXITSTATUS(status) != 0) {
        // Interrupted by somebody else than the coordinator.
        ended.by_host = WEXITSTATUS(status) == 130;
        add(fmt::format("its process ended with status {}", WEXITSTATUS(status)));
    }
    return ended;
}

std::vector<Ended> LocalLauncher::wait(std::chrono::milliseconds at_most) {
    std::vector<Ended> all;
    std::vector<pollfd> polls;
    for (const Worker& worker : workers_) polls.push_back({worker.fd, POLLIN, 0});
    // Its row's process has the same standard error: it is closed when both are gone.
    sigset_t waiting;
    sigprocmask(SIG_SETMASK, nullptr, &waiting);
    sigdelset(&waiting, SIGINT);
    sigdelset(&waiting, SIGTERM);
    sigdelset(&waiting, SIGHUP);
    const timespec time{at_most.count() / 1000, at_most.count() % 1000 * 1'000'000};
    if (ppoll(polls.data(), polls.size(), &time, &waiting) < 0) return all;
    for (size_t i = polls.size(); i-- > 0;) {
        if (polls[i].revents == 0 || read(workers_[i])) continue;
        all.push_back(end(workers_[i]));
        workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (Worker& worker : workers_) {
        if (options_.timeout_seconds <= 0 || worker.overdue) continue;
        if (Clock::now() - worker.started <
            std::chrono::duration<double>(options_.timeout_seconds) + worker_grace)
            continue;
        worker.overdue = true;
        end_group(worker.pid);
    }
    return all;
}

void LocalLauncher::stop() {
    for (const Worker& worker : workers_) end_group(worker.pid);
    // A process that was killed ends a moment later: when nobody holds the standard error any more, all have.
    const auto until = Clock::now() + worker_grace;
    for (Worker& worker : workers_) {
        while (read(worker) && Clock::now() < until) {
            pollfd more{worker.fd, POLLIN, 0};
            poll(&more, 1, 100);
        }
        end(worker);
    }
    workers_.clear();
}

}  // namespace stile::sim
