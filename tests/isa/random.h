// SPDX-License-Identifier: Apache-2.0
//
// Numbers that depend on the seed alone, and values that tend to matter.
#pragma once

#include <cstdint>
#include <iterator>

#include "tests/isa/state.h"

namespace stile::fuzz {

class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}

    uint64_t bits();
    unsigned below(unsigned n) { return static_cast<unsigned>((bits() >> 32) * n >> 32); }
    bool one_in(unsigned n) { return below(n) == 0; }
    template <typename T, size_t n>
    T pick(const T (&from)[n]) {
        return from[below(n)];
    }

    uint64_t integer();  // edges of all sizes, few bits, any
    uint64_t immediate(unsigned bytes);
    uint32_t single();  // floating point: zeros, denormals, infinities, NaNs, near one, ...
    uint64_t double_();
    void extended(uint8_t* out);  // ten bytes
    void vector(uint8_t* out);    // sixteen
    uint64_t pointer();           // mostly into the data window

    State state();  // registers to start from
    void fill(Data& data);

  private:
    uint64_t state_;
};

}  // namespace stile::fuzz
