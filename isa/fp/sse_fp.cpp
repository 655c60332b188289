// SPDX-License-Identifier: Apache-2.0
#include "isa/fp/sse_fp.h"

namespace stile::isa::fp {

namespace {

template <class B>
constexpr Format format_of = std::is_same_v<B, uint32_t> ? single : double_;

template <class B>
B pack(const Number& n) {
    if constexpr (std::is_same_v<B, uint32_t>) {
        return pack_single(n);
    } else {
        return pack_double(n);
    }
}

// Reads an operand's denormal as DAZ asks, and says whether the denormal flag is due.
bool settle_denormal(Number& n, const Env& env) {
    if (!n.denormal) return false;
    if (!env.daz) return true;
    n = {Class::zero, n.sign, false, 0, 0};
    return false;
}

bool signalling(const Number& a, const Number& b) {
    return a.cls == Class::signalling_nan || b.cls == Class::signalling_nan;
}

}  // namespace

template <class B>
B arith_exact(Arith op, B a, B b, Env& env) {
    Number y = unpack(b), x = op == Arith::sqrt ? y : unpack(a);
    bool extreme = op == Arith::min || op == Arith::max;
    if (x.is_nan() || y.is_nan()) {
        if (extreme) {
            env.flags |= IE;
            settle_denormal(y, env);
            return y.is_nan() ? b : pack<B>(y);
        }
        // The first operand's NaN goes before the second's (Intel SDM vol. 1, table 4-7, SSE rows).
        if (signalling(x, y)) env.flags |= IE;
        return pack<B>(quieted(x.is_nan() ? x : y));
    }
    bool denormal_x = settle_denormal(x, env), denormal_y = settle_denormal(y, env);
    bool denormal = denormal_x || denormal_y;
    if (extreme) {
        if (denormal) env.flags |= DE;
        Order o = compare(x, y);
        return pack<B>(o == (op == Arith::min ? Order::less : Order::greater) ? x : y);
    }
    const Format& f = format_of<B>;
    unsigned before = env.flags;
    env.flags = 0;
    Number r;
    switch (op) {
        case Arith::add:
            r = add(x, y, f, env);
            break;
        case Arith::sub:
            r = sub(x, y, f, env);
            break;
        case Arith::mul:
            r = mul(x, y, f, env);
            break;
        case Arith::div:
            r = div(x, y, f, env);
            break;
        default:
            r = sqrt(y, f, env);
            break;
    }
    if (denormal && !(env.flags & (IE | ZE))) env.flags |= DE;
    env.flags |= before;
    return pack<B>(r);
}
template uint32_t arith_exact(Arith, uint32_t, uint32_t, Env&);
template uint64_t arith_exact(Arith, uint64_t, uint64_t, Env&);

template <class B>
Order compare_ordered(B a, B b, bool quiet, Env& env) {
    Number x = unpack(a), y = unpack(b);
    if (x.is_nan() || y.is_nan()) {
        if (!quiet || signalling(x, y)) env.flags |= IE;
        return Order::unordered;
    }
    bool denormal_x = settle_denormal(x, env), denormal_y = settle_denormal(y, env);
    if (denormal_x || denormal_y) env.flags |= DE;
    return compare(x, y);
}
template Order compare_ordered(uint32_t, uint32_t, bool, Env&);
template Order compare_ordered(uint64_t, uint64_t, bool, Env&);

template <class B>
bool compare_predicate(unsigned predicate, B a, B b, Env& env) {
    unsigned kind = predicate & 3;
    Order o = compare_ordered(a, b, kind == 0 || kind == 3, env);
    bool holds = kind == 0   ? o == Order::equal
                 : kind == 1 ? o == Order::less
                 : kind == 2 ? o == Order::less || o == Order::equal
                             : o == Order::unordered;
    return holds != (predicate >= 4);
}
template bool compare_predicate(unsigned, uint32_t, uint32_t, Env&);
template bool compare_predicate(unsigned, uint64_t, uint64_t, Env&);

namespace {

template <class From, class To>
To convert(From a, Env& env) {
    Number n = unpack(a);
    if (n.is_nan()) {
        if (n.cls == Class::signalling_nan) env.flags |= IE;
        return pack<To>(quieted(n));
    }
    if (settle_denormal(n, env)) env.flags |= DE;
    return pack<To>(round(n, format_of<To>, env));
}

}  // namespace

uint64_t single_to_double(uint32_t a, Env& env) { return convert<uint32_t, uint64_t>(a, env); }
uint32_t double_to_single(uint64_t a, Env& env) { return convert<uint64_t, uint32_t>(a, env); }
uint32_t int_to_single(int64_t a, Env& env) { return pack_single(round(from_int(a), single, env)); }
uint64_t int_to_double(int64_t a, Env& env) { return pack_double(round(from_int(a), double_, env)); }

template <class B>
int64_t to_integer(B a, unsigned bits, bool truncate, Env& env) {
    Number n = unpack(a);
    settle_denormal(n, env);  // conversions to integers know no denormal exception
    Round mode = env.round;
    if (truncate) env.round = Round::zero;
    int64_t r = to_int(n, bits, env);
    env.round = mode;
    return r;
}
template int64_t to_integer(uint32_t, unsigned, bool, Env&);
template int64_t to_integer(uint64_t, unsigned, bool, Env&);

uint32_t reciprocal_estimate(uint32_t a) {
    uint32_t sign = a & 0x80000000;
    int e = exponent_field(a);
    uint32_t fraction = a & 0x7fffff;
    if (e == 255) return fraction ? a | 0x400000 : sign;
    if (e == 0) return sign | 0x7f800000;
    // 1.fraction in steps of 2^-12; twice the interval's middle is an odd 14-bit number.
    uint32_t middle = ((1u << 12 | fraction >> 11) << 1) + 1;
    // 2^26 / middle lies in (2^12, 2^13): 13 bits of 1 / 1.fraction, whose exponent is -1.
    uint32_t q = ((1u << 27) / middle + 1) >> 1;
    int exponent = 253 - e;
    if (exponent <= 0) return sign;
    return sign | static_cast<uint32_t>(exponent) << 23 | (q << 11 & 0x7fffff);
}

uint32_t reciprocal_sqrt_estimate(uint32_t a) {
    uint32_t sign = a & 0x80000000;
    int e = exponent_field(a);
    uint32_t fraction = a & 0x7fffff;
    if (e == 255 && fraction) return a | 0x400000;
    if (e == 0) return sign | 0x7f800000;
    if (sign) return 0xffc00000;
    if (e == 255) return 0;
    int exponent = e - 127;
    int odd = exponent & 1;
    // m in [1, 4) with an even exponent, as `middle` / 2^13.
    uint64_t middle = (((1u << 12 | fraction >> 11) << 1) + 1) << odd;
    // 1 / sqrt(m) in (1/2, 1): the largest q with q * q * middle <= 2^(13 + 2 * 14), then rounded to 13 bits.
    uint64_t q = 0;
    for (int bit = 14; bit >= 0; --bit) {
        uint64_t trial = q | 1ull << bit;
        if (trial * trial * middle <= 1ull << 41) q = trial;
    }
    uint32_t rounded = static_cast<uint32_t>(q + 1) >> 1;
    int result = 126 - (exponent - odd) / 2;
    if (rounded >> 13) return static_cast<uint32_t>(result + 1) << 23;
    return static_cast<uint32_t>(result) << 23 | (rounded << 11 & 0x7fffff);
}

}  // namespace stile::isa::fp
