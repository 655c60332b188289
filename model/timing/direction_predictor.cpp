// SPDX-License-Identifier: Apache-2.0
#include "model/timing/direction_predictor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace stile::model {
namespace {

constexpr unsigned shortest_history = 4;
constexpr uint8_t weakly_taken = 4, weakly_not_taken = 3;

uint64_t low_bits(unsigned n) { return n >= 64 ? ~0ull : (1ull << n) - 1; }

}  // namespace

DirectionPredictor::DirectionPredictor(const PredictorConfig& c) : base_(c.entries, 1) {
    if (!std::has_single_bit(c.entries))
        throw std::invalid_argument("core.predictor.entries must be a power of two");
    history_mask_ =
        low_bits(std::min<unsigned>(c.history, static_cast<unsigned>(std::countr_zero(c.entries))));
    if (c.direction == Direction::gshare) return;
    if (c.tables == 0 || c.tables > most_tables || !std::has_single_bit(c.table_entries))
        throw std::invalid_argument("core.predictor.tables: 1 to 8, of a power of two of entries each");
    tables_ = c.tables;
    index_bits_ = static_cast<unsigned>(std::countr_zero(c.table_entries));
    const double longest = std::max(c.history, shortest_history);
    for (unsigned i = 0; i < tables_; ++i) {
        const double exponent = tables_ == 1 ? 1 : static_cast<double>(i) / (tables_ - 1);
        masks_[i] = low_bits(static_cast<unsigned>(
            std::lround(shortest_history * std::pow(longest / shortest_history, exponent))));
    }
    entries_.resize(size_t{tables_} * c.table_entries);
}

bool DirectionPredictor::tage(uint64_t from, bool taken) {
    Entry* entry[most_tables];
    uint16_t tag[most_tables];
    uint8_t& base = base_[(from ^ from >> 12) & (base_.size() - 1)];
    // The two longest histories that know the branch.
    unsigned provider = 0, alternate = 0;  // table + 1; 0: the base
    const uint64_t address = from * 0xff51'afd7'ed55'8ccdull;
    for (unsigned i = 0; i < tables_; ++i) {
        const uint64_t mixed = ((history_ & masks_[i]) * 2 + 1 + i) * 0x9e37'79b9'7f4a'7c15ull ^ address;
        tag[i] = static_cast<uint16_t>((mixed >> 20 & 0x1ff) | 0x200);
        entry[i] = &entries_[(size_t{i} << index_bits_) + (mixed >> (64 - index_bits_))];
        if (entry[i]->tag == tag[i]) {
            alternate = provider;
            provider = i + 1;
        }
    }
    const bool by_base = base >= 2;
    if (provider == 0) {
        const bool right = by_base == taken;
        train(base, taken, 3);
        if (!right) allocate(entry, tag, 0, taken);
        return right;
    }
    Entry& p = *entry[provider - 1];
    const bool other = alternate ? entry[alternate - 1]->counter >= weakly_taken : by_base;
    // A new entry knows less than what was there before it.
    const bool fresh = p.useful == 0 && (p.counter == weakly_taken || p.counter == weakly_not_taken);
    const bool own = p.counter >= weakly_taken;
    const bool predicted = fresh ? other : own;
    if (own != other) p.useful = own == taken;
    if (p.useful == 0 && alternate == 0) train(base, taken, 3);
    train(p.counter, taken, 7);
    if (predicted != taken && own != taken) allocate(entry, tag, provider, taken);
    return predicted == taken;
}

// In the table of the next longer history that has room, counted from `first`.
void DirectionPredictor::allocate(Entry* const* entry, const uint16_t* tag, unsigned first, bool taken) {
    for (unsigned i = first; i < tables_; ++i) {
        if (entry[i]->useful) continue;
        *entry[i] = {tag[i], taken ? weakly_taken : weakly_not_taken, 0};
        return;
    }
    for (unsigned i = first; i < tables_; ++i) entry[i]->useful = 0;
}

}  // namespace stile::model
