// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stile::test {

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
    unsigned below(unsigned n) { return static_cast<unsigned>((*this)() >> 32) % n; }

  private:
    uint64_t state_;
};

}  // namespace stile::test
