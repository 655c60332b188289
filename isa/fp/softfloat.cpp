// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/softfloat.h"

#include <algorithm>
#include <bit>

namespace stile::isa::fp {

namespace {

int leading_zeros(u128 v) {
    uint64_t hi = static_cast<uint64_t>(v >> 64);
    return hi ? std::countl_zero(hi) : 64 + std::countl_zero(static_cast<uint64_t>(v));
}

// Shifts right and keeps "something was lost" in the lowest bit.
u128 shift_jam(u128 v, int n) {
    if (n <= 0) return v;
    if (n >= 128) return v != 0;
    return (v >> n) | ((v << (128 - n)) != 0);
}

// Intel SDM vol. 1, 4.8.4.1. `rest` are the bits below the last one kept, aligned to the top of the word.
bool increments(Round mode, bool sign, bool odd, u128 rest) {
    constexpr u128 half = static_cast<u128>(1) << 127;
    switch (mode) {
        case Round::nearest:
            return rest > half || (rest == half && odd);
        case Round::down:
            return sign && rest != 0;
        case Round::up:
            return !sign && rest != 0;
        case Round::zero:
            return false;
    }
    return false;
}

struct Kept {
    uint64_t sig;  // top-aligned; 0 with carry set means 2.0
    bool carry, inexact, up;
};

// Keeps the top `precision` bits of a word whose unit is bit 127.
Kept keep(u128 sig, int precision, Round mode, bool sign) {
    u128 rest = sig << precision;
    uint64_t top = static_cast<uint64_t>(sig >> 64);
    int drop = 64 - precision;
    top = drop ? top >> drop << drop : top;
    uint64_t unit = 1ull << drop;
    bool up = increments(mode, sign, top & unit, rest);
    uint64_t sum = up ? top + unit : top;
    return {sum, up && sum == 0, rest != 0, up};
}

template <int fraction_bits, int exponent_bits>
Number unpack_ieee(uint64_t bits) {
    constexpr int bias = (1 << (exponent_bits - 1)) - 1;
    constexpr int top = (1 << exponent_bits) - 1;
    Number n;
    n.sign = bits >> (fraction_bits + exponent_bits) & 1;
    int e = static_cast<int>(bits >> fraction_bits) & top;
    uint64_t fraction = bits & ((1ull << fraction_bits) - 1);
    uint64_t aligned = fraction << (63 - fraction_bits);
    if (e == top) {
        bool quiet = fraction >> (fraction_bits - 1) & 1;
        n.cls = !fraction ? Class::infinity : quiet ? Class::quiet_nan : Class::signalling_nan;
        n.sig = aligned | 1ull << 63;
    } else if (e) {
        n.cls = Class::finite;
        n.exp = e - bias;
        n.sig = aligned | 1ull << 63;
    } else if (fraction) {
        int shift = std::countl_zero(aligned);
        n.cls = Class::finite;
        n.denormal = true;
        n.exp = 1 - bias - shift;
        n.sig = aligned << shift;
    }
    return n;
}

template <int fraction_bits, int exponent_bits>
uint64_t pack_ieee(const Number& n) {
    constexpr int bias = (1 << (exponent_bits - 1)) - 1;
    constexpr uint64_t top = (1ull << exponent_bits) - 1;
    uint64_t sign = static_cast<uint64_t>(n.sign) << (fraction_bits + exponent_bits);
    uint64_t fraction = n.sig << 1 >> (64 - fraction_bits);
    switch (n.cls) {
        case Class::zero:
            return sign;
        case Class::infinity:
            return sign | top << fraction_bits;
        case Class::quiet_nan:
        case Class::signalling_nan:
        case Class::unsupported:
            return sign | top << fraction_bits | fraction;
        case Class::finite:
            break;
    }
    int e = n.exp + bias;
    if (e >= 1) return sign | static_cast<uint64_t>(e) << fraction_bits | fraction;
    return sign | n.sig >> (64 - fraction_bits - e);
}

Number zero(bool sign) { return {Class::zero, sign, false, 0, 0}; }
Number infinity(bool sign) { return {Class::infinity, sign, false, 0, 1ull << 63}; }

Number invalid(Env& env) {
    env.flags |= IE;
    return default_nan();
}

Number overflow(bool sign, const Format& f, Env& env) {
    env.flags |= OE | PE;
    bool to_infinity = env.round == Round::nearest || (env.round == Round::up && !sign) ||
                       (env.round == Round::down && sign);
    env.rounded_up = to_infinity;
    if (to_infinity) return infinity(sign);
    return {Class::finite, sign, false, f.emax, ~0ull << (64 - f.precision)};
}

// The exponent adjustment of unmasked x87 overflow and underflow (Intel SDM vol. 1, 8.5.4). It also takes
// narrower formats' results out of their range.
constexpr int wrap_bias = 24576;

}  // namespace

Number unpack(uint32_t bits) { return unpack_ieee<23, 8>(bits); }
Number unpack(uint64_t bits) { return unpack_ieee<52, 11>(bits); }
uint32_t pack_single(const Number& n) { return static_cast<uint32_t>(pack_ieee<23, 8>(n)); }
uint64_t pack_double(const Number& n) { return pack_ieee<52, 11>(n); }

// Unnormals, pseudo-infinities and pseudo-NaNs are unsupported since the 387; pseudo-denormals are read as
// the denormal they stand for (Intel SDM vol. 1, 8.2.2).
Number unpack(Ext bits) {
    Number n;
    n.sign = bits.se >> 15;
    int e = bits.se & 0x7fff;
    bool integer = bits.sig >> 63;
    n.sig = bits.sig;
    if (e == 0) {
        if (!bits.sig) return n;
        int shift = std::countl_zero(bits.sig);
        n.cls = Class::finite;
        n.denormal = true;
        n.exp = -16382 - shift;
        n.sig = bits.sig << shift;
    } else if (!integer) {
        n.cls = Class::unsupported;
    } else if (e == 0x7fff) {
        bool quiet = bits.sig >> 62 & 1;
        n.cls = bits.sig << 1 == 0 ? Class::infinity : quiet ? Class::quiet_nan : Class::signalling_nan;
    } else {
        n.cls = Class::finite;
        n.exp = e - 16383;
    }
    return n;
}

Ext pack_extended(const Number& n) {
    uint16_t sign = static_cast<uint16_t>(n.sign << 15);
    switch (n.cls) {
        case Class::zero:
            return {0, sign};
        case Class::infinity:
            return {1ull << 63, static_cast<uint16_t>(sign | 0x7fff)};
        case Class::quiet_nan:
        case Class::signalling_nan:
        case Class::unsupported:
            return {n.sig, static_cast<uint16_t>(sign | 0x7fff)};
        case Class::finite:
            break;
    }
    if (n.exp >= -16382) return {n.sig, static_cast<uint16_t>(sign | (n.exp + 16383))};
    uint64_t sig = n.sig >> (-16382 - n.exp);
    return {sig, static_cast<uint16_t>(sign | (sig >> 63))};
}

Number round(bool sign, int32_t exp, u128 sig, const Format& f, Env& env) {
    env.rounded_up = false;
    if (!sig) return zero(sign);
    Kept k = keep(sig, f.precision, env.round, sign);
    int32_t rounded_exp = exp + k.carry;
    if (rounded_exp > f.emax) {
        if (env.masked & OE) return overflow(sign, f, env);
        if (f.emax == extended.emax && rounded_exp - wrap_bias > f.emax) {
            // Even the wrapped exponent does not fit (fscale): infinity, whatever the rounding mode.
            env.flags |= OE | PE;
            env.rounded_up = true;
            return infinity(sign);
        }
        env.flags |= OE;
        rounded_exp -= wrap_bias;
    } else if (rounded_exp < f.emin) {
        // Tiny: x86 decides after rounding as if the exponent were unbounded (Intel SDM vol. 1, 4.9.1.5).
        if (env.masked & UE) {
            if (env.ftz) {
                env.flags |= UE | PE;
                return zero(sign);
            }
            k = keep(shift_jam(sig, f.emin - exp), f.precision, env.round, sign);
            if (k.inexact) env.flags |= UE | PE;
            env.rounded_up = k.up;
            if (!k.sig) return zero(sign);
            int shift = std::countl_zero(k.sig);
            return {Class::finite, sign, shift > 0, f.emin - shift, k.sig << shift};
        }
        env.flags |= UE;
        if (f.emax == extended.emax && rounded_exp + wrap_bias < f.emin) {
            env.flags |= PE;
            return zero(sign);
        }
        rounded_exp += wrap_bias;
    }
    // Not tiny after rounding although exp < emin: then the value is 2^emin wherever it is rounded.
    if (k.inexact) env.flags |= PE;
    env.rounded_up = k.up;
    // A result that an unmasked exception keeps from being delivered has no format to fit.
    if (f.emax < extended.emax && (rounded_exp < f.emin || rounded_exp > f.emax)) return zero(sign);
    return {Class::finite, sign, false, rounded_exp, k.carry ? 1ull << 63 : k.sig};
}

Number round(const Number& n, const Format& f, Env& env) {
    env.rounded_up = false;
    if (n.cls != Class::finite) return n;
    return round(n.sign, n.exp, static_cast<u128>(n.sig) << 64, f, env);
}

Number default_nan() { return {Class::quiet_nan, true, false, 0, 3ull << 62}; }

Number quieted(Number n) {
    n.cls = Class::quiet_nan;
    n.sig |= 3ull << 62;
    return n;
}

Number add(const Number& a, const Number& b, const Format& f, Env& env) {
    env.rounded_up = false;
    if (a.cls == Class::infinity) return b.cls == Class::infinity && a.sign != b.sign ? invalid(env) : a;
    if (b.cls == Class::infinity) return b;
    if (b.cls == Class::zero && a.cls == Class::zero) {
        return zero(a.sign == b.sign ? a.sign : env.round == Round::down);
    }
    if (b.cls == Class::zero) return round(a, f, env);
    if (a.cls == Class::zero) return round(b, f, env);
    bool swap = b.exp > a.exp || (b.exp == a.exp && b.sig > a.sig);
    const Number& big = swap ? b : a;
    const Number& small = swap ? a : b;
    // One bit of headroom for the carry, 63 guard bits below.
    u128 x = static_cast<u128>(big.sig) << 63;
    u128 y = shift_jam(static_cast<u128>(small.sig) << 63, big.exp - small.exp);
    u128 sum = a.sign == b.sign ? x + y : x - y;
    if (!sum) return zero(env.round == Round::down);
    int shift = leading_zeros(sum);
    return round(big.sign, big.exp + 1 - shift, sum << shift, f, env);
}

Number sub(const Number& a, Number b, const Format& f, Env& env) {
    b.sign = !b.sign;
    return add(a, b, f, env);
}

Number mul(const Number& a, const Number& b, const Format& f, Env& env) {
    env.rounded_up = false;
    bool sign = a.sign != b.sign;
    if (a.cls == Class::infinity || b.cls == Class::infinity) {
        return a.cls == Class::zero || b.cls == Class::zero ? invalid(env) : infinity(sign);
    }
    if (a.cls == Class::zero || b.cls == Class::zero) return zero(sign);
    u128 product = static_cast<u128>(a.sig) * b.sig;
    int shift = leading_zeros(product);
    return round(sign, a.exp + b.exp + 1 - shift, product << shift, f, env);
}

Number div(const Number& a, const Number& b, const Format& f, Env& env) {
    env.rounded_up = false;
    bool sign = a.sign != b.sign;
    if (a.cls == Class::infinity) return b.cls == Class::infinity ? invalid(env) : infinity(sign);
    if (b.cls == Class::infinity) return zero(sign);
    if (b.cls == Class::zero) {
        if (a.cls == Class::zero) return invalid(env);
        env.flags |= ZE;
        return infinity(sign);
    }
    if (a.cls == Class::zero) return zero(sign);
    u128 dividend = static_cast<u128>(a.sig) << 63;
    u128 rest = dividend % b.sig;
    u128 quotient = dividend / b.sig << 64;
    quotient |= (rest << 64) / b.sig;
    quotient |= (rest << 64) % b.sig != 0;
    int shift = leading_zeros(quotient);
    return round(sign, a.exp - b.exp - shift, quotient << shift, f, env);
}

Number sqrt(const Number& a, const Format& f, Env& env) {
    env.rounded_up = false;
    if (a.cls == Class::zero) return a;
    if (a.sign) return invalid(env);
    if (a.cls == Class::infinity) return a;
    // Radicand in [2^126, 2^128), so that its root has 64 bits; the exponent must come out even.
    int odd = a.exp & 1;
    u128 radicand = static_cast<u128>(a.sig) << (63 + odd);
    uint64_t root = 0;
    u128 rest = 0;
    for (int i = 126; i >= 0; i -= 2) {
        rest = rest << 2 | (radicand >> i & 3);
        u128 trial = static_cast<u128>(root) << 2 | 1;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    // sqrt(radicand) - root > 1/2 exactly when rest > root; an exact half cannot be.
    u128 sig = static_cast<u128>(root) << 64 | static_cast<u128>(rest > root) << 63 | (rest != 0);
    return round(false, (a.exp - odd) / 2, sig, f, env);
}

Number from_int(int64_t value) {
    if (!value) return zero(false);
    bool sign = value < 0;
    uint64_t magnitude = sign ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    int shift = std::countl_zero(magnitude);
    return {Class::finite, sign, false, 63 - shift, magnitude << shift};
}

int64_t to_int(const Number& n, unsigned bits, Env& env) {
    env.rounded_up = false;
    const int64_t indefinite = static_cast<int64_t>(~0ull << (bits - 1));
    if (n.cls == Class::zero) return 0;
    if (n.cls == Class::finite && n.exp < 64) {
        u128 sig = static_cast<u128>(n.sig) << 64;
        // As a fixed-point number: integer part above bit 64, fraction below.
        u128 fixed = shift_jam(sig, 63 - n.exp);
        u128 rest = fixed << 64;
        u128 magnitude = fixed >> 64;
        bool up = increments(env.round, n.sign, magnitude & 1, rest);
        magnitude += up;
        u128 limit = (static_cast<u128>(1) << (bits - 1)) - !n.sign;
        if (magnitude <= limit) {
            if (rest) env.flags |= PE;
            env.rounded_up = up;
            uint64_t low = static_cast<uint64_t>(magnitude);
            return static_cast<int64_t>(n.sign ? 0 - low : low);
        }
    }
    env.flags |= IE;
    return indefinite;
}

Number round_to_integral(const Number& n, Env& env) {
    env.rounded_up = false;
    if (n.cls != Class::finite || n.exp >= 63) return n;
    u128 fixed = shift_jam(static_cast<u128>(n.sig) << 64, 63 - n.exp);
    u128 rest = fixed << 64;
    uint64_t magnitude = static_cast<uint64_t>(fixed >> 64);
    bool up = increments(env.round, n.sign, magnitude & 1, rest);
    if (rest) env.flags |= PE;
    env.rounded_up = up;
    magnitude += up;
    if (!magnitude) return zero(n.sign);
    int shift = std::countl_zero(magnitude);
    return {Class::finite, n.sign, false, 63 - shift, magnitude << shift};
}

Order compare(const Number& a, const Number& b) {
    if (a.is_nan() || b.is_nan()) return Order::unordered;
    if (a.cls == Class::zero && b.cls == Class::zero) return Order::equal;
    auto flip = [](bool negative, Order o) {
        return negative ? static_cast<Order>(-static_cast<int8_t>(o)) : o;
    };
    if (a.cls == Class::zero) return flip(b.sign, Order::less);
    if (b.cls == Class::zero || a.sign != b.sign) return flip(a.sign, Order::greater);
    int32_t ea = a.cls == Class::infinity ? 1 << 20 : a.exp, eb = b.cls == Class::infinity ? 1 << 20 : b.exp;
    if (ea != eb) return flip(a.sign, ea < eb ? Order::less : Order::greater);
    if (a.sig == b.sig) return Order::equal;
    return flip(a.sign, a.sig < b.sig ? Order::less : Order::greater);
}

}  // namespace stile::isa::fp
