// SPDX-License-Identifier: Apache-2.0
//
// What the figures of a sweep depend on, as hashes: points that were simulated by another program, or from
// other files, must not stand beside each other.
#pragma once

#include <string>
#include <vector>

#include "sim/config/load.h"

namespace stile::sim {

// Of this program's file, the guest kernel in it included.
std::string program_sha256();
std::string plugin_sha256(const RunConfig& config);
// Both in one: what a worker says of itself.
std::string worker_sha256(const RunConfig& config);

// Of what plugins took from the host for their rows: files, standard input, arguments.
class InputHash {
  public:
    void add(const std::vector<workload::Row>& rows);
    std::string text() const;

  private:
    const std::string& hash_of(const std::string& contents);

    std::string lines_;
    // Points have most of their files in common: each is hashed once.
    std::vector<std::pair<std::string, std::string>> known_;
};

}  // namespace stile::sim
