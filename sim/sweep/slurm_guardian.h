// SPDX-License-Identifier: Apache-2.0
//
// Cancels a sweep's jobs when its coordinator dies, by SIGKILL too: a process of its own that waits for the
// end of a pipe. Where it dies as well, with their computer, --resume finds the jobs by their names.
#pragma once

#include <sys/types.h>

#include <string>

namespace stile::sim {

class SlurmGuardian {
  public:
    SlurmGuardian();
    // From here on the jobs are nobody's: they go on.
    ~SlurmGuardian();
    SlurmGuardian(const SlurmGuardian&) = delete;
    SlurmGuardian& operator=(const SlurmGuardian&) = delete;

    // To be said before the job is submitted.
    void guard(const std::string& job_name);

  private:
    void say(const std::string& line);

    int fd_ = -1;
    pid_t pid_ = -1;
};

}  // namespace stile::sim
