// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace stile::sim {

// One line on a terminal that is written over again and again; nothing anywhere else.
class ProgressLine {
  public:
    // `silence`: what is over by then needs no line.
    explicit ProgressLine(std::chrono::milliseconds silence = {});
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    // There is a terminal, and the last line has stood long enough to be read.
    bool due() const { return on_ && std::chrono::steady_clock::now() >= next_; }
    void show(const std::string& text);
    // Off the terminal, so that other text can go there.
    void clear();

  private:
    bool on_, shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace stile::sim
