// SPDX-License-Identifier: Apache-2.0
//
// The checkpoint of one row in a folder of them. A file's name is made of what its content depends on, so
// that rows, configurations and points of a sweep that share a beginning share a file, and writers that meet
// write the same.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/checkpoint/file.h"
#include "sim/checkpoint/state.h"
#include "sim/run/checkpoint_needs.h"

namespace stile::sim {

class CheckpointStore {
  public:
    // `row` outlives it.
    CheckpointStore(const RunConfig& config, const RowInputs& row, std::filesystem::path folder);

    struct Found {
        std::filesystem::path path;
        CheckpointHeader header;
    };
    // One that fits, whole and undamaged, and its body. What is wrong with others of its name goes to
    // `troubles`.
    std::optional<Found> find(std::string& body, std::vector<std::string>& troubles) const;
    // Where none fits: what there is instead, for people.
    std::string nearest() const;
    // What keeps a run of this row from beginning with it; empty: nothing.
    std::vector<std::string> differences(const CheckpointHeader& header) const;

    // Throw CheckpointError.
    void save(RowState& state, uint64_t now) const;
    void save_that_it_ends_before() const;

  private:
    void write(CheckpointHeader header, const std::string& body) const;
    std::string first_part() const;  // of names
    std::vector<std::filesystem::path> files(const std::string& prefix) const;

    const RunConfig& config_;
    const RowInputs& row_;
    std::filesystem::path folder_;
    std::vector<Setting> needs_;
};

}  // namespace stile::sim
