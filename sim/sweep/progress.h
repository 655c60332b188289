// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "sim/run/progress_line.h"

namespace stile::sim {

// How far a sweep is, and when it will be done.
class SweepProgress {
  public:
    // `before`: points that an earlier session has done.
    SweepProgress(size_t points, size_t before);

    void ended(bool well);
    void show(size_t running);
    void clear() { line_.clear(); }

  private:
    size_t points_, before_, ended_ = 0, failed_ = 0;
    ProgressLine line_;
    std::chrono::steady_clock::time_point started_;
};

// "37 s", "12 min", "3.2 h"
std::string duration_text(double seconds);

}  // namespace stile::sim
