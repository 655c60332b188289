// SPDX-License-Identifier: Apache-2.0
//
// Entries that are busy until a known time: the miss-status registers of a cache level (a line on its way),
// or its write-back buffers. Who finds none free waits for the one that is free first.
#pragma once

#include <algorithm>
#include <vector>

#include "model/timing/slots.h"

namespace stile::model {

class MissRegisters {
  public:
    explicit MissRegisters(unsigned entries) : until_(std::max(1u, entries)), lines_(until_.size(), ~0ull) {}

    // The first time from `at` on at which there is an entry.
    Ticks room(Ticks at) {
        free_ = static_cast<size_t>(std::min_element(until_.begin(), until_.end()) - until_.begin());
        return std::max(at, until_[free_]);
    }
    // Takes the entry that room() found last.
    void hold(uint64_t line, Ticks until) {
        lines_[free_] = line;
        until_[free_] = until;
        newest_ = std::max(newest_, until);
    }
    // When the line on its way arrives; t, if there is none that arrives later.
    Ticks arrival(uint64_t line, Ticks t) const {
        if (t >= newest_) return t;
        for (size_t i = 0; i < lines_.size(); ++i)
            if (lines_[i] == line) t = std::max(t, until_[i]);
        return t;
    }
    // Entries that are busy at `at`.
    size_t busy(Ticks at) const {
        return static_cast<size_t>(
            std::count_if(until_.begin(), until_.end(), [at](Ticks until) { return until > at; }));
    }

  private:
    std::vector<Ticks> until_;
    std::vector<uint64_t> lines_;
    size_t free_ = 0;
    Ticks newest_ = 0;
};

}  // namespace stile::model
