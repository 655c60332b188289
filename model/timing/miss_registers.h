// SPDX-License-Identifier: Apache-2.0
//
// Entries that are busy until a known time: the miss-status registers of a cache level (a line on its way),
// or its write-back buffers. Who finds none free waits for the one that is free first.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "model/timing/slots.h"

namespace stile::model {

class MissRegisters {
  public:
    explicit MissRegisters(unsigned entries)
        : count_(std::max(1u, entries)), mask_(std::bit_ceil(count_) - 1), ring_(mask_ + 1) {
        for (size_t i = 0; i < count_; ++i) ring_[i].number = i;
    }

    // The first time from `at` on at which there is an entry.
    Ticks room(Ticks at) const { return std::max(at, ring_[first_ & mask_].until); }
    // Takes the entry that room() found; returns its number.
    size_t hold(uint64_t line, Ticks until) {
        const Entry taken{until, ring_[first_++ & mask_].number, line};
        // Mostly the new one ends last.
        size_t i = first_ + count_ - 1;
        for (; i != first_ && taken.before(ring_[(i - 1) & mask_]); --i)
            ring_[i & mask_] = ring_[(i - 1) & mask_];
        ring_[i & mask_] = taken;
        return taken.number;
    }
    // When the line on its way arrives; t, if there is none that arrives later.
    Ticks arrival(uint64_t line, Ticks t) const {
        for (size_t i = first_ + count_; i-- != first_;) {
            const Entry& e = ring_[i & mask_];
            if (e.until <= t) break;
            if (e.line == line) return e.until;
        }
        return t;
    }
    // Entries that are busy at `at`.
    size_t busy(Ticks at) const {
        size_t n = 0;
        for (size_t i = 0; i < count_; ++i) n += ring_[(first_ + i) & mask_].until > at;
        return n;
    }

  private:
    struct Entry {
        Ticks until = 0;
        size_t number = 0;  // decides where two end together
        uint64_t line = ~0ull;
        bool before(const Entry& e) const {
            return until < e.until || (until == e.until && number < e.number);
        }
    };

    const size_t count_, mask_;
    std::vector<Entry> ring_;  // from first_ on in the order in which they become free
    size_t first_ = 0;
};

}  // namespace stile::model
