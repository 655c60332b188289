// SPDX-License-Identifier: Apache-2.0
#include "sim/run/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "sim/process/say.h"

namespace stile::sim {

ProgressLine::ProgressLine(std::chrono::milliseconds silence)
    : on_(isatty(STDERR_FILENO) == 1), next_(std::chrono::steady_clock::now() + silence) {}

void ProgressLine::show(const std::string& text) {
    say("\r\033[K{}", text);
    fflush(stderr);
    shown_ = true;
    next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
}

void ProgressLine::clear() {
    if (shown_) say("\r\033[K");
    shown_ = false;
}

}  // namespace stile::sim
