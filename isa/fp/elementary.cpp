// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/elementary.h"

namespace stile::isa::fp {

namespace {

constexpr u128 sqrt2_sig = make_u128(0xb504f333f9de6484, 0x597d89b3754abe9f);

// z + z^3/3 + z^5/5 + ... (the area hyperbolic tangent), or with alternating signs the arctangent.
Wide odd_series(const Wide& z, int terms, bool alternating) {
    const Wide square = alternating ? -(z * z) : z * z;
    Wide sum;
    for (int k = 2 * terms + 1; k >= 1; k -= 2) sum = wide_one / widen(k) + square * sum;
    return z * sum;
}

// ln((1 + z) / (1 - z)) / ln 2. |z| <= 0.172, so each term is worth five bits.
Wide log2_of_ratio(const Wide& z) { return odd_series(z, 24, false).scaled(1) / wide_ln2; }

// 1 - x^2/(n (n+1)) (1 - x^2/((n+2) (n+3)) (...)): the cosine for n = 1, the sine divided by x for n = 2.
Wide circular_series(const Wide& square, int n) {
    Wide sum = wide_one;
    for (int k = n + 34; k >= n; k -= 2)
        sum = wide_one - square / widen(static_cast<int64_t>(k) * (k + 1)) * sum;
    return sum;
}

}  // namespace

Wide two_to_minus_1(const Wide& x) {
    // (e^y - 1) / y = 1 + y/2 (1 + y/3 (1 + ...)) keeps small arguments exact in the last place.
    const Wide y = x * wide_ln2;
    Wide sum = wide_one;
    for (int k = 30; k >= 2; --k) sum = wide_one + y / widen(k) * sum;
    return y * sum;
}

Wide log2(const Wide& x) {
    // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
    Wide m = x;
    int e = x.exp;
    m.exp = 0;
    if (m.sig >= sqrt2_sig) {
        m.exp = -1;
        ++e;
    }
    return widen(e) + log2_of_ratio((m - wide_one) / (m + wide_one));
}

Wide log2_plus_1(const Wide& x) { return log2_of_ratio(x / (x + widen(2))); }

Wide arctangent(const Wide& y, const Wide& x) {
    const Wide ay{false, y.exp, y.sig}, ax{false, x.exp, x.sig};
    const bool steep = (ay - ax).sign == false;  // |y| >= |x|
    Wide q = steep ? ax / ay : ay / ax;
    // Above tan(pi / 8), go by pi / 4: atan q = pi/4 + atan((q - 1) / (q + 1)).
    Wide angle;
    constexpr Wide tangent_of_eighth{false, -2, make_u128(0xd413cccfe7799211, 0x65f626cdd52afa7c)};
    if (!(q - tangent_of_eighth).sign) {
        angle = wide_pi.scaled(-2);
        q = (q - wide_one) / (q + wide_one);
    }
    angle = angle + odd_series(q, 50, true);
    if (steep) angle = wide_pi.scaled(-1) - angle;
    if (x.sign) angle = wide_pi - angle;
    angle.sign = y.sign;
    return angle;
}

SineCosine sine_cosine(const Number& x) {
    // pi/2 as a 66-bit integer p / 2^65. x = sig * 2^(exp - 63); both are brought to units of 2^-66 or finer.
    constexpr u128 p = make_u128(3, 0x243f6a8885a308d3);  // 0xc90fdaa22168c234c >> 2
    constexpr int p_scale = 65;
    const int units = 63 - x.exp;  // x = sig / 2^units
    Wide rest;
    unsigned quadrant = 0;
    if (x.exp < -1) {
        rest = widen(x);
        rest.sign = false;
    } else {
        // The remainder of sig * 2^(p_scale - units) by p, by shifting and subtracting.
        u128 r = 0;
        const int shift = p_scale - units;
        for (int i = 63 + shift; i >= 0; --i) {
            const int bit = i - shift;
            r = r << 1 | (bit >= 0 ? x.sig >> bit & 1 : 0);
            quadrant <<= 1;
            if (r >= p) {
                r -= p;
                quadrant |= 1;
            }
        }
        // Above pi/4 take the distance to pi/2 from the other side.
        bool from_above = r > p - r;
        if (from_above) {
            r = p - r;
            ++quadrant;
        }
        if (r) {
            rest.sig = r;
            rest.exp = 127 - p_scale;
            while (!(rest.sig >> 127)) {
                rest.sig <<= 1;
                --rest.exp;
            }
        }
        rest.sign = from_above;
    }
    const Wide square = rest * rest;
    Wide sine = rest * circular_series(square, 2), cosine = circular_series(square, 1);
    SineCosine out;
    switch (quadrant & 3) {
        case 0:
            out = {sine, cosine};
            break;
        case 1:
            out = {cosine, -sine};
            break;
        case 2:
            out = {-sine, -cosine};
            break;
        default:
            out = {-cosine, sine};
            break;
    }
    if (x.sign) out.sine = -out.sine;
    return out;
}

}  // namespace stile::isa::fp
