// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a row's checkpoint: begun with, written, or neither.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/checkpoint/options.h"
#include "sim/run/checkpoint_store.h"
#include "sim/run/conductor.h"

namespace stile::sim {

class RowCheckpoint {
  public:
    // All but the options outlive it.
    RowCheckpoint(const RunConfig& config, const RowInputs& row, const CheckpointOptions& options);

    // Of a machine that has been loaded and has not run. From here on the conductor's hand-over is its own.
    // True: the machine is at its hand-over. Throws CheckpointError where it must be and cannot.
    bool begin(RowState state, Conductor& conductor);

    // The row has ended by itself, or not.
    void end(bool by_itself);

    // Only where a checkpoint must be written: why that failed.
    const std::string& failure() const { return failure_; }
    const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    bool restore(RowState& state, Conductor& conductor);
    void hand_over(RowState& state, model::Cycles now);

    const RunConfig& config_;
    CheckpointOptions options_;
    std::optional<CheckpointStore> store_;
    bool handed_over_ = false;
    std::string failure_;
    std::vector<std::string> warnings_;
};

// Before anything runs: is there a checkpoint for each row that is to begin with one, and a moment at which
// to write one? Throws BadInput.
void check_checkpoints(const RunConfig& config, const std::vector<workload::Row>& rows,
                       const CheckpointOptions& options);

}  // namespace stile::sim
