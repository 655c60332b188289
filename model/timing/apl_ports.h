// SPDX-License-Identifier: Apache-2.0
//
// The APL cache over time: so many lookups can begin in each cycle. They come roughly, not exactly, in order
// of time; what comes later than the ring reaches back finds its cycle free.
#pragma once

#include <algorithm>
#include <array>

#include "model/config.h"

namespace stile::model {

class AplPorts {
  public:
    explicit AplPorts(unsigned ports) : ports_(std::max(1u, ports)) {}

    // The first cycle from t on in which a lookup can begin; it does.
    Cycles take(Cycles t) {
        for (;; ++t) {
            Slot& s = ring_[t % cycles];
            if (s.cycle > t) return t;
            if (s.cycle < t) s = {t, 0};
            if (s.begun < ports_) {
                ++s.begun;
                return t;
            }
        }
    }

  private:
    static constexpr unsigned cycles = 64;
    struct Slot {
        Cycles cycle = 0;
        unsigned begun = 0;
    };
    unsigned ports_;
    std::array<Slot, cycles> ring_{};
};

}  // namespace stile::model
