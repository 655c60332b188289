// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace stile::sim {

// How far a sweep is: one line on a terminal that is written over again and again; nothing anywhere else.
class SweepProgress {
  public:
    // `before`: points that an earlier session has done.
    SweepProgress(size_t points, size_t before);
    ~SweepProgress();
    SweepProgress(const SweepProgress&) = delete;
    SweepProgress& operator=(const SweepProgress&) = delete;

    void ended(bool well);
    void show(size_t running);
    // Off the terminal, so that other text can go there.
    void clear();

  private:
    size_t points_, before_, ended_ = 0, failed_ = 0;
    bool on_, shown_ = false;
    std::chrono::steady_clock::time_point started_, last_;
};

// "37 s", "12 min", "3.2 h"
std::string duration_text(double seconds);

}  // namespace stile::sim
