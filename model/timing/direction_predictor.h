// SPDX-License-Identifier: Apache-2.0
//
// Is a conditional branch taken? One of two:
//   gshare  McFarling, "Combining Branch Predictors", DEC WRL TN-36, 1993: two-bit counters indexed by
//   address
//           and global history.
//   tage    Seznec and Michaud, "A case for (partially) tagged geometric history length branch prediction",
//           JILP 2006: two-bit counters by address, and tagged tables for ever longer histories; the longest
//           history that knows the branch decides. Histories are at most 64 branches, so that an index is one
//           multiplication; usefulness is one bit (our choices).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

class DirectionPredictor {
  public:
    // Throws std::invalid_argument for sizes that cannot be indexed.
    explicit DirectionPredictor(const PredictorConfig& config);

    static constexpr unsigned most_tables = 8;

    // Predicts, learns, and says whether the prediction was right.
    bool resolve(uint64_t from, bool taken) {
        const bool right = tables_ == 0 ? gshare(from, taken) : tage(from, taken);
        history_ = history_ << 1 | (taken ? 1 : 0);
        return right;
    }

  private:
    struct Entry {
        uint16_t tag = 0;     // 0: empty
        uint8_t counter = 0;  // three bits: 4 and above say taken
        uint8_t useful = 0;
    };
    static bool train(uint8_t& counter, bool taken, uint8_t top) {
        // Without a jump of the host, which would be as hard to predict as the guest's.
        const bool predicted = counter > top / 2;
        const unsigned up = taken & (counter < top), down = !taken & (counter > 0);
        counter = static_cast<uint8_t>(counter + up - down);
        return predicted == taken;
    }
    bool gshare(uint64_t from, bool taken) {
        return train(base_[(from ^ from >> 12 ^ (history_ & history_mask_)) & (base_.size() - 1)], taken, 3);
    }
    bool tage(uint64_t from, bool taken);
    void allocate(Entry* const* entry, const uint16_t* tag, unsigned first, bool taken);

    std::vector<uint8_t> base_;
    uint64_t history_ = 0, history_mask_ = 0;
    unsigned tables_ = 0;
    unsigned index_bits_ = 0;
    std::array<uint64_t, most_tables> masks_{};  // which part of the history a table sees
    std::vector<Entry> entries_;
};

}  // namespace stile::model
