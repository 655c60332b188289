// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

namespace stile::codoms_fuzz {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same numbers everywhere.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t operator()() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    uint64_t below(uint64_t n) { return ((*this)() >> 16) % n; }
    bool percent(unsigned p) { return below(100) < p; }
    template <typename T>
    const T& of(std::span<const T> from) {
        return from[below(from.size())];
    }
    template <typename T>
    T of(std::initializer_list<T> from) {
        return from.begin()[below(from.size())];
    }
    // An index, as often as its weight says.
    unsigned weighted(std::initializer_list<unsigned> weights) {
        unsigned sum = 0;
        for (const unsigned w : weights) sum += w;
        uint64_t x = below(sum);
        unsigned i = 0;
        for (const unsigned w : weights) {
            if (x < w) return i;
            x -= w;
            ++i;
        }
        return 0;
    }

  private:
    uint64_t state_;
};

}  // namespace stile::codoms_fuzz
