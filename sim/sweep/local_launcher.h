// SPDX-License-Identifier: Apache-2.0
//
// Workers as child processes.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "sim/sweep/launcher.h"

namespace stile::sim {

struct WorkerOptions {
    std::filesystem::path directory;
    bool shared_boot = true;
    double timeout_seconds = 0;  // of an attempt; a worker keeps it by itself, and is killed where it cannot
};

class LocalLauncher : public Launcher {
  public:
    LocalLauncher(WorkerOptions options, unsigned jobs);
    ~LocalLauncher() override;
    LocalLauncher(const LocalLauncher&) = delete;
    LocalLauncher& operator=(const LocalLauncher&) = delete;

    size_t room() const override { return jobs_ - workers_.size(); }
    void start(const std::vector<size_t>& points) override;
    std::vector<Ended> wait(std::chrono::milliseconds at_most) override;
    void stop() override;

  private:
    struct Worker {
        size_t point;
        pid_t pid;
        int fd;            // its standard error
        std::string text;  // the end of what it said there
        std::chrono::steady_clock::time_point started;
        bool overdue = false;
    };

    void start(size_t point);
    bool read(Worker& worker);  // false when it has closed its end
    Ended end(Worker& worker);

    WorkerOptions options_;
    size_t jobs_;
    std::vector<Worker> workers_;
};

// The command line of a worker, but for its program.
std::vector<std::string> worker_arguments(const WorkerOptions& options, size_t point);

}  // namespace stile::sim
