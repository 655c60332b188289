// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace stile::sim {

// What to do with the state of a row at the hand-over from the functional core (measure.fast_forward).
struct CheckpointOptions {
    std::string folder;    // where checkpoints are kept; empty: none are
    bool save = false;     // write one at the hand-over
    bool restore = false;  // begin with it instead of at reset; a row that has none fails
    // Both: begin with one if there is one that fits, else from reset, and write it. For sweeps; nothing
    // about the folder is an error then.
    bool automatic() const { return save && restore; }
};

}  // namespace stile::sim
