// SPDX-License-Identifier: Apache-2.0
//
// The front end of the out-of-order pipeline over time: when is the next block's first micro-op there to be
// dispatched? Micro-ops come from a cache of decoded ones or from the decoders, a part of a cycle each, and
// run ahead of dispatch as far as the queue between them is long. A taken branch ends the cycle's delivery.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "model/config.h"
#include "model/timing/tag_array.h"

namespace stile::model {

// Decoded micro-ops by physical address: `window` bytes of code in at most three lines of six (Ivy Bridge). A
// line is found by the address of the first instruction of a block in its window, so that two ways into a
// window take lines of their own.
class UopCache {
  public:
    static constexpr uint64_t window = 32;
    static constexpr unsigned line = 6, lines_per_window = 3;

    // 0 entries: there is none.
    UopCache(unsigned entries, unsigned ways)
        : sets_(entries / line / std::max(1u, ways)), tags_(sets_, std::max(1u, ways)) {
        if (entries && !std::has_single_bit(sets_))
            throw std::invalid_argument("core.ooo.uop_cache: entries / (6 x ways) must be a power of two");
    }
    // Are the `slots` micro-ops from here on all there? They are from now on, if they may be.
    bool fetch(uint64_t paddr, unsigned slots) {
        const unsigned lines = (slots + line - 1) / line;
        if (sets_ == 0 || lines > lines_per_window) return false;
        const uint64_t set = paddr / window & (sets_ - 1);
        bool all = true;
        for (unsigned i = 0; i < lines; ++i) {
            const uint64_t key = (paddr << 2 | i) << 1;
            if (tags_.touch(set, key)) continue;
            all = false;
            tags_.insert(set, key);
            ++changes_;
        }
        return all;
    }
    // Counts insertions: what was all there at this number still is.
    uint64_t changes() const { return changes_; }

  private:
    uint64_t sets_;
    TagArray tags_;
    uint64_t changes_ = 1;
};

class Supply {
  public:
    static constexpr unsigned cycle = 240;  // parts: divisible by the usual widths

    // What deliveries cost, in parts of a cycle.
    class Rates {
      public:
        explicit Rates(const OooConfig& c)
            : slots_(std::max(1u, c.uop_cache.width)),
              bytes_(std::max(1u, c.fetch_bytes)),
              insns_(std::max(1u, c.decode_width)) {}
        unsigned of_slots(unsigned n) const { return n * cycle / slots_; }
        unsigned of_decoding(unsigned bytes, unsigned insns) const {
            return std::max(bytes * cycle / bytes_, insns * cycle / insns_);
        }

      private:
        unsigned slots_, bytes_, insns_;
    };

    // `queue`: slots between delivery and dispatch.
    explicit Supply(unsigned queue)
        : queue_(std::max(1u, queue)), mask_(std::bit_ceil(queue_) - 1), room_(mask_ + 1) {}

    // When the next block's fetch begins.
    Cycles now() const { return std::max(at_, room_[(next_ - queue_) & mask_]); }
    // It has to wait until t.
    void wait(Cycles t) {
        if (t <= at_) return;
        at_ = t;
        parts_ = 0;
    }
    void deliver(unsigned parts) {
        parts_ += parts;
        at_ += parts_ / cycle;
        parts_ %= cycle;
    }
    // A taken branch: nothing else comes in this cycle, nor in `bubble` more since the last one.
    void turn(Cycles bubble) {
        at_ += parts_ != 0;
        parts_ = 0;
        at_ = std::max(at_, turned_ + 1 + bubble);
        turned_ = at_;
    }
    // A slot was dispatched.
    void dispatched(Cycles t) { room_[next_++ & mask_] = t; }

  private:
    Cycles at_ = 0, turned_ = 0;
    unsigned parts_ = 0;
    unsigned queue_, next_ = 0, mask_;
    std::vector<Cycles> room_;  // when each of the last slots was dispatched
};

}  // namespace stile::model
