// SPDX-License-Identifier: Apache-2.0
//
// A Slurm of one node: munged, slurmctld and slurmd of its own, with their files in a folder and ports that
// nobody else has.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace stile::test {

class Cluster {
  public:
    // Waits until the node takes jobs. `settings` are further lines of slurm.conf.
    explicit Cluster(const std::string& folder, const std::string& settings = "");
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // Why there can be no cluster here; empty: there can be.
    static std::string missing();
    // Why this one did not come up, with the ends of its logs; empty: it did.
    const std::string& trouble() const { return trouble_; }
    void stop_node();

  private:
    bool bring_up(const std::string& settings);
    void take_down();
    bool wait_until_idle();
    pid_t start(const std::vector<std::string>& command, const std::string& log);
    void stop(pid_t& pid);
    std::string logs() const;

    std::string folder_, trouble_;
    pid_t munged_ = 0, controller_ = 0, node_ = 0;
};

}  // namespace stile::test
