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
    explicit MissRegisters(unsigned entries) : entries_(std::max(1u, entries)) {}

    // The first time from `at` on at which there is an entry.
    Ticks room(Ticks at) const { return std::max(at, first_free().until); }
    // Takes that entry.
    void hold(uint64_t line, Ticks until) {
        const_cast<Entry&>(first_free()) = {line, until};
        newest_ = std::max(newest_, until);
    }
    // Entries that are busy at `at`.
    size_t busy(Ticks at) const {
        return static_cast<size_t>(
            std::count_if(entries_.begin(), entries_.end(), [at](const Entry& e) { return e.until > at; }));
    }
    // When the line on its way arrives; t, if there is none that arrives later.
    Ticks arrival(uint64_t line, Ticks t) const {
        if (t >= newest_) return t;
        for (const Entry& e : entries_)
            if (e.line == line) t = std::max(t, e.until);
        return t;
    }

  private:
    struct Entry {
        uint64_t line = ~0ull;
        Ticks until = 0;
    };
    const Entry& first_free() const {
        return *std::min_element(entries_.begin(), entries_.end(),
                                 [](const Entry& a, const Entry& b) { return a.until < b.until; });
    }

    std::vector<Entry> entries_;
    Ticks newest_ = 0;
};

}  // namespace stile::model
