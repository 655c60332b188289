// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/wide.h"

#include <bit>
#include <utility>

namespace stile::isa::fp {

namespace {

Wide normalised(bool sign, int32_t exp, u128 sig) {
    if (!sig) return {};
    const auto hi = static_cast<uint64_t>(sig >> 64);
    const int shift = hi ? std::countl_zero(hi) : 64 + std::countl_zero(static_cast<uint64_t>(sig));
    return {sign, exp - shift, sig << shift};
}

// The upper half of a 256-bit product.
u128 multiply_high(u128 a, u128 b) {
    const auto a1 = static_cast<uint64_t>(a >> 64), a0 = static_cast<uint64_t>(a);
    const auto b1 = static_cast<uint64_t>(b >> 64), b0 = static_cast<uint64_t>(b);
    const u128 low = static_cast<u128>(a0) * b0, cross1 = static_cast<u128>(a1) * b0;
    const u128 cross2 = static_cast<u128>(a0) * b1, high = static_cast<u128>(a1) * b1;
    const u128 middle = (low >> 64) + static_cast<uint64_t>(cross1) + static_cast<uint64_t>(cross2);
    return high + (cross1 >> 64) + (cross2 >> 64) + (middle >> 64);
}

}  // namespace

Wide widen(const Number& n) {
    if (n.cls == Class::zero) return {};
    return {n.sign, n.exp, static_cast<u128>(n.sig) << 64};
}

Wide widen(int64_t value) { return widen(from_int(value)); }

Wide operator+(const Wide& a, const Wide& b) {
    if (a.is_zero()) return b;
    if (b.is_zero()) return a;
    const bool swap = b.exp > a.exp || (b.exp == a.exp && b.sig > a.sig);
    const Wide &big = swap ? b : a, &small = swap ? a : b;
    const int distance = big.exp - small.exp;
    const u128 aligned = distance > 127 ? 0 : small.sig >> distance;
    if (a.sign == b.sign) return normalised(big.sign, big.exp + 1, (big.sig >> 1) + (aligned >> 1));
    // What is too small to subtract still makes the difference smaller: sin x < x, however small x is.
    const bool lost = distance > 127 || aligned << distance != small.sig;
    return normalised(big.sign, big.exp, big.sig - aligned - lost);
}

Wide operator-(const Wide& a, const Wide& b) { return a + -b; }

Wide operator*(const Wide& a, const Wide& b) {
    if (a.is_zero() || b.is_zero()) return {};
    return normalised(a.sign != b.sign, a.exp + b.exp + 1, multiply_high(a.sig, b.sig));
}

Wide operator/(const Wide& a, const Wide& b) {
    if (a.is_zero()) return {};
    // Bit by bit; the first quotient bit has the weight of a.sig / b.sig = 1.
    u128 rest = a.sig, quotient = 0;
    bool carry = false;
    for (int i = 0; i < 128; ++i) {
        quotient <<= 1;
        if (carry || rest >= b.sig) {
            rest -= b.sig;
            quotient |= 1;
        }
        carry = rest >> 127;
        rest <<= 1;
    }
    return normalised(a.sign != b.sign, a.exp - b.exp, quotient);
}

Number round_inexact(const Wide& w, Env& env) {
    return round(w.sign, w.exp, w.is_zero() ? w.sig : w.sig | 1, extended, env);
}

}  // namespace stile::isa::fp
