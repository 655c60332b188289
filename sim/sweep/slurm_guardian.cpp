// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/slurm_guardian.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "sim/process/child.h"
#include "sim/sweep/slurm.h"

namespace stile::sim {
namespace {

const std::string over = "over";

[[noreturn]] void keep_watch(int fd) {
    // Neither the terminal's Control-C nor its end is for this process; and what the coordinator has open,
    // its lock above all, is not to live on in it.
    setsid();
    dup2(fd, 3);
    close_range(4, ~0u, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
    const int null = open("/dev/null", O_RDWR);
    for (const int standard : {0, 1, 2}) dup2(null, standard);
    const std::string text = read_all(3);
    std::vector<std::string> names;
    for (size_t at = 0, end = text.find('\n'); end != text.npos; at = end + 1, end = text.find('\n', at))
        names.push_back(text.substr(at, end - at));
    if (names.empty() || names.back() == over) _exit(0);
    try {
        slurm_cancel(names);
        // A job that was on its way to Slurm when the coordinator died.
        sleep(5);
        slurm_cancel(names);
    } catch (const std::exception&) {
        _exit(1);
    }
    _exit(0);
}

}  // namespace

SlurmGuardian::SlurmGuardian() {
    const auto [pid, fd] = start_child(Flow::to_child, keep_watch);
    pid_ = pid;
    fd_ = fd;
}

SlurmGuardian::~SlurmGuardian() {
    say(over);
    close(fd_);
    reap(pid_);
}

void SlurmGuardian::guard(const std::string& job_name) { say(job_name); }

void SlurmGuardian::say(const std::string& line) {
    const std::string text = line + "\n";
    for (size_t done = 0; done < text.size();) {
        const ssize_t n = write(fd_, text.data() + done, text.size() - done);
        if (n < 0 && errno != EINTR) return;  // it was killed: there is no guardian then
        if (n > 0) done += static_cast<size_t>(n);
    }
}

}  // namespace stile::sim
