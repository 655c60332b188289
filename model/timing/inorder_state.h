// SPDX-License-Identifier: Apache-2.0
//
// What of a scoreboard can still matter to a block: where in a cycle it starts, and which places and units
// are not ready by then. Equal states are one object, so that comparing two is comparing two numbers (the
// idea of Schnarr and Larus, "Fast out-of-order processor simulation using memoization", ASPLOS 1998).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "model/timing/timed_block.h"

namespace stile::model {

using IssueSlots = uint64_t;  // of the scoreboard: cycles << slot_bits, and which micro-op of its cycle
inline constexpr unsigned slot_bits = 5;
inline constexpr IssueSlots slot_mask = (1 << slot_bits) - 1;

// Places and units in one numbering.
inline constexpr unsigned scoreboard_places = PLACE_COUNT + static_cast<unsigned>(isa::OpClass::count);
static_assert(scoreboard_places <= 256);
using Scoreboard = std::array<IssueSlots, scoreboard_places>;

// A set of places.
class PlaceSet {
  public:
    void add(unsigned place) { words_[place / 64] |= 1ull << place % 64; }
    void add(const PlaceSet& other) {
        for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    }
    void clear() { words_ = {}; }
    template <class F>
    void each(F see) const {
        for (unsigned i = 0; i < words_.size(); ++i)
            for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1)
                see(i * 64 + static_cast<unsigned>(__builtin_ctzll(rest)));
    }

  private:
    std::array<uint64_t, (scoreboard_places + 63) / 64> words_{};
};

// Slots count from the first slot of the cycle in which the block starts.
struct PipelineState {
    struct Pending {
        uint32_t ready : 24;
        uint32_t place : 8;
        bool operator==(const Pending&) const = default;
    };
    static constexpr IssueSlots most = (1 << 24) - 1;

    uint32_t start = 0;
    uint32_t id = 0;               // never used again
    uint32_t longest = 0;          // when all of them are ready
    std::vector<Pending> pending;  // beyond `start`, by place
    // What it was found to become after a wait of so many slots.
    mutable IssueSlots wait = 0;
    mutable const PipelineState* waited = nullptr;

    void add(unsigned place, IssueSlots ready) {
        pending.push_back({static_cast<uint32_t>(std::min(ready, most)) & 0xff'ffff, place & 0xff});
        longest = std::max(longest, static_cast<uint32_t>(std::min(ready, most)));
    }
    bool operator==(const PipelineState& o) const { return start == o.start && pending == o.pending; }
};

class PipelineStates {
  public:
    // To be filled by add(), then handed to find().
    PipelineState& blank(IssueSlots start) {
        blank_.start = static_cast<uint32_t>(start);
        blank_.longest = 0;
        blank_.pending.clear();
        return blank_;
    }
    // The one object equal to blank(); null: too many, or something is pending for too long.
    const PipelineState* find();
    // What is left of a state `slots` later.
    const PipelineState* after(const PipelineState& state, IssueSlots slots) {
        if (state.waited && state.wait == slots) [[likely]]
            return state.waited;
        return after_slow(state, slots);
    }
    bool full() const { return states_.size() >= most; }
    // All of them, and pointers to them, are gone.
    void clear() {
        states_.clear();
        idle_ = {};
    }

  private:
    struct Hash {
        size_t operator()(const PipelineState& s) const;
    };
    static constexpr size_t most = 1 << 15;

    const PipelineState* find_busy();
    const PipelineState* after_slow(const PipelineState& state, IssueSlots slots);

    std::unordered_set<PipelineState, Hash> states_;
    std::array<const PipelineState*, slot_mask + 1> idle_{};  // nothing pending
    PipelineState blank_;
    uint32_t last_id_ = 0;
};

}  // namespace stile::model
