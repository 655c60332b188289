// SPDX-License-Identifier: Apache-2.0
#include "model/protection/replacement.h"

#include <bit>
#include <cmath>

#include "model/checkpoint/archive.h"

namespace stile::model {

Replacement::Replacement(AplReplacement policy, unsigned sets, unsigned ways)
    : policy_(policy), ways_(ways), age_(size_t{sets} * ways), right_(size_t{sets} * ways) {}

void Replacement::used(unsigned set, unsigned way) {
    if (policy_ == AplReplacement::lru) age_[set * ways_ + way] = ++clock_;
    if (policy_ == AplReplacement::plru) point_away(set, way);
}

void Replacement::filled(unsigned set, unsigned way) {
    used(set, way);
    if (policy_ == AplReplacement::fifo) age_[set * ways_ + way] = ++clock_;
    for (unsigned i = 0; i < 8; ++i) {
        const unsigned r = register_;
        register_ = static_cast<uint16_t>(r >> 1 | ((r ^ r >> 2 ^ r >> 3 ^ r >> 5) & 1) << 15);
    }
}

unsigned Replacement::choose(unsigned set, int keep, int keep_too) const {
    switch (policy_) {
        case AplReplacement::plru:
            return choose_by_tree(set, keep, keep_too);
        case AplReplacement::random: {
            unsigned way = register_ % ways_;
            while (static_cast<int>(way) == keep || static_cast<int>(way) == keep_too)
                way = (way + 1) % ways_;
            return way;
        }
        default:
            return choose_by_age(set, keep, keep_too);
    }
}

unsigned Replacement::choose_by_age(unsigned set, int keep, int keep_too) const {
    unsigned oldest = ways_;
    for (unsigned way = 0; way < ways_; ++way) {
        if (static_cast<int>(way) == keep || static_cast<int>(way) == keep_too) continue;
        if (oldest == ways_ || age_[set * ways_ + way] < age_[set * ways_ + oldest]) oldest = way;
    }
    return oldest;
}

void Replacement::point_away(unsigned set, unsigned way) {
    for (unsigned node = 1, half = ways_ / 2; half > 0; half /= 2) {
        const bool upper = way & half;
        right_[set * ways_ + node] = !upper;
        node = 2 * node + upper;
    }
}

// Where one half holds nothing but ways that stay, the other one.
unsigned Replacement::choose_by_tree(unsigned set, int keep, int keep_too) const {
    unsigned way = 0;
    for (unsigned node = 1, half = ways_ / 2; half > 0; half /= 2) {
        bool upper = right_[set * ways_ + node];
        const unsigned first = way + (upper ? half : 0);
        const auto in_half = [&](int w) {
            return w >= static_cast<int>(first) && w < static_cast<int>(first + half);
        };
        const unsigned kept = in_half(keep) + (keep_too != keep && in_half(keep_too));
        if (kept >= half) upper = !upper;
        way += upper ? half : 0;
        node = 2 * node + upper;
    }
    return way;
}

void Replacement::archive(StateArchive& a) {
    const size_t n = age_.size();
    a(age_, right_, clock_, register_);
    if (age_.size() != n || right_.size() != n) StateArchive::refuse("its APL cache has another shape");
}

unsigned replacement_bits(AplReplacement policy, unsigned ways) {
    const auto number = static_cast<unsigned>(std::bit_width(ways - 1));
    switch (policy) {
        case AplReplacement::lru:
            return static_cast<unsigned>(std::ceil(std::lgamma(ways + 1.0) / std::log(2.0)));
        case AplReplacement::plru:
            return ways - 1;
        case AplReplacement::fifo:
            return number;
        default:
            return 0;
    }
}

}  // namespace stile::model
