// SPDX-License-Identifier: Apache-2.0
//
// The scheduler and its ports over time: which ports each coming cycle has given away, and when waiting
// micro-ops leave. A ring over the cycles after the last dispatch; what issues later than the ring reaches
// finds its port free and holds its entry until the ring gets there.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

class IssueWindow {
  public:
    explicit IssueWindow(unsigned entries) : entries_(entries) {}

    // The first cycle from t on in which an entry is free. Cycles must not go back from call to call.
    Cycles room(Cycles t) {
        if (t <= base_ && waiting_ < entries_) [[likely]]
            return t;
        return make_room(t);
    }
    // Takes the first cycle from t on that has one of the ports free.
    Cycles issue(Cycles t, uint16_t ports) {
        t = std::max(t, base_ + 1);
        if (t - base_ < cycles) [[likely]] {
            Slot& s = slot(t);
            if (const auto free = static_cast<uint16_t>(ports & ~s.taken)) {
                take(s, free);
                return t;
            }
        }
        return search(t, ports);
    }
    // Leaves at t without a port.
    void wait_until(Cycles t) {
        if (t <= base_) return;
        ++waiting_;
        if (t - base_ < cycles)
            ++slot(t).leaves;
        else
            far_.push_back(t);
    }

  private:
    static constexpr Cycles cycles = 1024;
    static constexpr unsigned hints = 64;
    struct Slot {
        uint16_t taken = 0, leaves = 0;
    };
    Slot& slot(Cycles t) { return ring_[t % cycles]; }
    void take(Slot& s, uint16_t free) {
        s.taken |= static_cast<uint16_t>(free & -free);
        ++s.leaves;
        ++waiting_;
    }
    [[gnu::noinline]] Cycles make_room(Cycles t) {
        advance(t);
        while (waiting_ >= entries_) advance(base_ + 1);
        return std::max(t, base_);
    }
    [[gnu::noinline]] Cycles search(Cycles t, uint16_t ports) {
        Cycles& full = full_until_[ports % hints];  // no cycle before it has one of `ports` free
        if (owner_[ports % hints] != ports) {
            owner_[ports % hints] = ports;
            full = base_;
        }
        const bool from_hint = t <= full;
        t = std::max(t, full);
        while (t - base_ < cycles) {
            Slot& s = slot(t);
            if (const auto free = static_cast<uint16_t>(ports & ~s.taken)) {
                take(s, free);
                if (from_hint) full = t;
                return t;
            }
            ++t;
        }
        wait_until(t);
        return t;
    }
    void advance(Cycles t) {
        while (base_ < t) {
            if (waiting_ == 0 && t - base_ > cycles) {
                ring_.fill({});
                base_ = t;
                return;
            }
            Slot& s = slot(++base_);
            waiting_ -= s.leaves;
            s = {};
            if (!far_.empty()) [[unlikely]]
                bring_near();
        }
    }
    void bring_near() {
        for (size_t i = 0; i < far_.size();) {
            if (far_[i] - base_ >= cycles) {
                ++i;
                continue;
            }
            ++slot(far_[i]).leaves;
            far_[i] = far_.back();
            far_.pop_back();
        }
    }

    unsigned entries_, waiting_ = 0;
    Cycles base_ = 0;  // cycle of the last dispatch
    std::array<Slot, cycles> ring_{};
    std::array<Cycles, hints> full_until_{};
    std::array<uint16_t, hints> owner_{};
    std::vector<Cycles> far_;
};

}  // namespace stile::model
