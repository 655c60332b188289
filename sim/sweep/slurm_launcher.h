// SPDX-License-Identifier: Apache-2.0
//
// Workers as tasks of a Slurm job array. A task's end is seen by its result in DIR/work; only where that
// stays away is Slurm asked.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/sweep/directory.h"
#include "sim/sweep/local_launcher.h"
#include "sim/sweep/slurm.h"
#include "sim/sweep/slurm_guardian.h"

namespace stile::sim {

class SlurmLauncher : public Launcher {
  public:
    // `jobs` tasks at a time, 0: as many as Slurm will. Jobs of an earlier coordinator that are still there
    // are taken over. Throws BadInput where there is no Slurm.
    SlurmLauncher(WorkerOptions options, unsigned jobs);
    ~SlurmLauncher() override;
    SlurmLauncher(const SlurmLauncher&) = delete;
    SlurmLauncher& operator=(const SlurmLauncher&) = delete;

    size_t room() const override;
    void start(const std::vector<size_t>& points) override;
    std::vector<Ended> wait(std::chrono::milliseconds at_most) override;
    void stop() override;

  private:
    using Clock = std::chrono::steady_clock;
    struct Task {
        std::string name, id;  // of its array
        size_t index = 0;
        bool seen = false;                      // by squeue
        std::optional<Clock::time_point> gone;  // not seen any more since
    };

    void adopt();
    std::string script(const std::string& name) const;
    void submit(const std::vector<size_t>& points);
    void ask();
    Ended end_of(size_t point, const Task& task) const;
    std::string output_of(const Task& task) const;
    void forget(size_t point);

    WorkerOptions options_;
    SweepDirectory directory_;
    unsigned jobs_;
    std::string prefix_;
    size_t limit_, next_ = 1;
    std::map<size_t, Task> adopted_;  // by point: of an earlier coordinator, not asked for yet
    std::map<size_t, Task> tasks_;    // by point
    std::unique_ptr<SlurmGuardian> guardian_;
    Clock::time_point asked_{};
    std::optional<Clock::time_point> silent_;  // since when Slurm gives no answer
    std::string told_;                         // what was said of tasks that wait
};

// Jobs that an earlier coordinator has left behind, whoever goes on with the directory.
void cancel_slurm_jobs(const SweepDirectory& directory);

}  // namespace stile::sim
