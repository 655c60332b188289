// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace stile::sim {

using Clock = std::chrono::steady_clock;

std::string duration_text(double seconds) {
    if (seconds < 100) return fmt::format("{:.0f} s", seconds);
    if (seconds < 100 * 60) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

SweepProgress::SweepProgress(size_t points, size_t before)
    : points_(points), before_(before), on_(isatty(STDERR_FILENO) == 1), started_(Clock::now()) {}

SweepProgress::~SweepProgress() { clear(); }

void SweepProgress::ended(bool well) {
    ++ended_;
    if (!well) ++failed_;
}

void SweepProgress::show(size_t running) {
    const auto now = Clock::now();
    if (!on_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
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
    fmt::print(stderr, "\r\033[K{}", line);
    fflush(stderr);
    shown_ = true;
}

void SweepProgress::clear() {
    if (shown_) fmt::print(stderr, "\r\033[K");
    shown_ = false;
}

}  // namespace stile::sim
