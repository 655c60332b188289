// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/progress.h"

#include <fmt/format.h>

namespace stile::sim {

using Clock = std::chrono::steady_clock;

std::string duration_text(double seconds) {
    if (seconds < 100) return fmt::format("{:.0f} s", seconds);
    if (seconds < 100 * 60) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

SweepProgress::SweepProgress(size_t points, size_t before)
    : points_(points), before_(before), started_(Clock::now()) {}

void SweepProgress::ended(bool well) {
    ++ended_;
    if (!well) ++failed_;
}

void SweepProgress::show(size_t running) {
    if (!line_.due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    const size_t done = before_ + ended_;
    constexpr size_t width = 30;
    const size_t filled = points_ == 0 ? width : width * done / points_;
    std::string line = fmt::format("[{:=<{}}{:{}}] {} of {} points, {} running", "", filled, "",
                                   width - filled, done, points_, running);
    if (ended_ > 0) {
        const double rate = static_cast<double>(ended_) / seconds;
        line +=
            rate >= 1 ? fmt::format(", {:.1f} a second", rate) : fmt::format(", {:.1f} a minute", rate * 60);
        line += fmt::format(", about {} left", duration_text(static_cast<double>(points_ - done) / rate));
    }
    if (failed_ > 0) line += fmt::format(", {} failed", failed_);
    line_.show(line);
}

}  // namespace stile::sim
