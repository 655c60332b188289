// SPDX-License-Identifier: Apache-2.0
//
// Numbers of 128 bits of significand, for elementary functions whose result is then rounded to 64 bits.
// Operations truncate: a few dozen of them lose less than ten bits.
#pragma once

#include "isa/fp/softfloat.h"

namespace stile::isa::fp {

// value = (-1)^sign * sig / 2^127 * 2^exp, with bit 127 of sig set; sig = 0 is zero.
struct Wide {
    bool sign = false;
    int32_t exp = 0;
    u128 sig = 0;

    bool is_zero() const { return sig == 0; }
    Wide operator-() const { return {!sign, exp, sig}; }
    Wide scaled(int by) const { return {sign, exp + by, sig}; }
};

constexpr u128 make_u128(uint64_t hi, uint64_t lo) { return static_cast<u128>(hi) << 64 | lo; }

inline constexpr Wide wide_one{false, 0, make_u128(1ull << 63, 0)};
inline constexpr Wide wide_pi{false, 1, make_u128(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1)};
inline constexpr Wide wide_ln2{false, -1, make_u128(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af)};

Wide widen(const Number& n);  // finite or zero
Wide widen(int64_t value);
Wide operator+(const Wide& a, const Wide& b);
Wide operator-(const Wide& a, const Wide& b);
Wide operator*(const Wide& a, const Wide& b);
Wide operator/(const Wide& a, const Wide& b);
// Rounded to the extended format, and always inexact.
Number round_inexact(const Wide& w, Env& env);

}  // namespace stile::isa::fp
