// SPDX-License-Identifier: Apache-2.0
//
// Packed-integer instructions of MMX, SSE and SSE2 as functions of 64- or 128-bit values (Intel SDM vol. 2).
// Lane arithmetic is written with the compiler's vector extension, which every host of ours has in some form.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace stile::isa::fp {

template <class T, unsigned bytes>
struct LanesOf {
    typedef T type __attribute__((vector_size(bytes)));
};
// V seen as lanes of T.
template <class T, class V>
using Lanes = typename LanesOf<T, sizeof(V)>::type;
template <class T, class V>
inline constexpr unsigned lane_count = sizeof(V) / sizeof(T);

template <class T, class V>
Lanes<T, V> as(const V& v) {
    return std::bit_cast<Lanes<T, V>>(v);
}

// f on each lane, computed in int64_t.
template <class T, class V, class F>
V each(const V& a, const V& b, F f) {
    Lanes<T, V> x = as<T>(a), y = as<T>(b), r;
    for (unsigned i = 0; i < lane_count<T, V>; ++i) {
        r[i] = static_cast<T>(f(static_cast<int64_t>(x[i]), static_cast<int64_t>(y[i])));
    }
    return std::bit_cast<V>(r);
}

template <class T>
int64_t saturated(int64_t v) {
    return std::clamp<int64_t>(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

#define STILE_V        \
    template <class V> \
    V
STILE_V paddb(const V& a, const V& b) { return std::bit_cast<V>(as<uint8_t>(a) + as<uint8_t>(b)); }
STILE_V paddw(const V& a, const V& b) { return std::bit_cast<V>(as<uint16_t>(a) + as<uint16_t>(b)); }
STILE_V paddd(const V& a, const V& b) { return std::bit_cast<V>(as<uint32_t>(a) + as<uint32_t>(b)); }
STILE_V paddq(const V& a, const V& b) { return std::bit_cast<V>(as<uint64_t>(a) + as<uint64_t>(b)); }
STILE_V psubb(const V& a, const V& b) { return std::bit_cast<V>(as<uint8_t>(a) - as<uint8_t>(b)); }
STILE_V psubw(const V& a, const V& b) { return std::bit_cast<V>(as<uint16_t>(a) - as<uint16_t>(b)); }
STILE_V psubd(const V& a, const V& b) { return std::bit_cast<V>(as<uint32_t>(a) - as<uint32_t>(b)); }
STILE_V psubq(const V& a, const V& b) { return std::bit_cast<V>(as<uint64_t>(a) - as<uint64_t>(b)); }

template <class T, class V>
V add_saturated(const V& a, const V& b) {
    return each<T>(a, b, [](int64_t x, int64_t y) { return saturated<T>(x + y); });
}
template <class T, class V>
V sub_saturated(const V& a, const V& b) {
    return each<T>(a, b, [](int64_t x, int64_t y) { return saturated<T>(x - y); });
}
STILE_V paddsb(const V& a, const V& b) { return add_saturated<int8_t>(a, b); }
STILE_V paddsw(const V& a, const V& b) { return add_saturated<int16_t>(a, b); }
STILE_V paddusb(const V& a, const V& b) { return add_saturated<uint8_t>(a, b); }
STILE_V paddusw(const V& a, const V& b) { return add_saturated<uint16_t>(a, b); }
STILE_V psubsb(const V& a, const V& b) { return sub_saturated<int8_t>(a, b); }
STILE_V psubsw(const V& a, const V& b) { return sub_saturated<int16_t>(a, b); }
STILE_V psubusb(const V& a, const V& b) { return sub_saturated<uint8_t>(a, b); }
STILE_V psubusw(const V& a, const V& b) { return sub_saturated<uint16_t>(a, b); }

STILE_V pmullw(const V& a, const V& b) {
    return each<int16_t>(a, b, [](int64_t x, int64_t y) { return x * y; });
}
STILE_V pmulhw(const V& a, const V& b) {
    return each<int16_t>(a, b, [](int64_t x, int64_t y) { return x * y >> 16; });
}
STILE_V pmulhuw(const V& a, const V& b) {
    return each<uint16_t>(a, b, [](int64_t x, int64_t y) { return x * y >> 16; });
}
STILE_V pmuludq(const V& a, const V& b) {
    constexpr uint64_t low = 0xffffffff;
    return std::bit_cast<V>((as<uint64_t>(a) & low) * (as<uint64_t>(b) & low));
}
STILE_V pmaddwd(const V& a, const V& b) {
    Lanes<int16_t, V> x = as<int16_t>(a), y = as<int16_t>(b);
    Lanes<uint32_t, V> r;
    for (unsigned i = 0; i < lane_count<uint32_t, V>; ++i) {
        // The one sum that overflows, 4 * 2^30, wraps.
        r[i] =
            static_cast<uint32_t>(x[2 * i] * y[2 * i]) + static_cast<uint32_t>(x[2 * i + 1] * y[2 * i + 1]);
    }
    return std::bit_cast<V>(r);
}
STILE_V psadbw(const V& a, const V& b) {
    Lanes<uint8_t, V> x = as<uint8_t>(a), y = as<uint8_t>(b);
    Lanes<uint64_t, V> r{};
    for (unsigned i = 0; i < sizeof(V); ++i)
        r[i / 8] += static_cast<uint64_t>(x[i] > y[i] ? x[i] - y[i] : y[i] - x[i]);
    return std::bit_cast<V>(r);
}
STILE_V pavgb(const V& a, const V& b) {
    return each<uint8_t>(a, b, [](int64_t x, int64_t y) { return (x + y + 1) >> 1; });
}
STILE_V pavgw(const V& a, const V& b) {
    return each<uint16_t>(a, b, [](int64_t x, int64_t y) { return (x + y + 1) >> 1; });
}
STILE_V pminub(const V& a, const V& b) {
    return each<uint8_t>(a, b, [](int64_t x, int64_t y) { return std::min(x, y); });
}
STILE_V pmaxub(const V& a, const V& b) {
    return each<uint8_t>(a, b, [](int64_t x, int64_t y) { return std::max(x, y); });
}
STILE_V pminsw(const V& a, const V& b) {
    return each<int16_t>(a, b, [](int64_t x, int64_t y) { return std::min(x, y); });
}
STILE_V pmaxsw(const V& a, const V& b) {
    return each<int16_t>(a, b, [](int64_t x, int64_t y) { return std::max(x, y); });
}
STILE_V pcmpeqb(const V& a, const V& b) { return std::bit_cast<V>(as<int8_t>(a) == as<int8_t>(b)); }
STILE_V pcmpeqw(const V& a, const V& b) { return std::bit_cast<V>(as<int16_t>(a) == as<int16_t>(b)); }
STILE_V pcmpeqd(const V& a, const V& b) { return std::bit_cast<V>(as<int32_t>(a) == as<int32_t>(b)); }
STILE_V pcmpgtb(const V& a, const V& b) { return std::bit_cast<V>(as<int8_t>(a) > as<int8_t>(b)); }
STILE_V pcmpgtw(const V& a, const V& b) { return std::bit_cast<V>(as<int16_t>(a) > as<int16_t>(b)); }
STILE_V pcmpgtd(const V& a, const V& b) { return std::bit_cast<V>(as<int32_t>(a) > as<int32_t>(b)); }
STILE_V pand(const V& a, const V& b) { return std::bit_cast<V>(as<uint64_t>(a) & as<uint64_t>(b)); }
STILE_V pandn(const V& a, const V& b) { return std::bit_cast<V>(~as<uint64_t>(a) & as<uint64_t>(b)); }
STILE_V por(const V& a, const V& b) { return std::bit_cast<V>(as<uint64_t>(a) | as<uint64_t>(b)); }
STILE_V pxor(const V& a, const V& b) { return std::bit_cast<V>(as<uint64_t>(a) ^ as<uint64_t>(b)); }

// Lanes of the low (high) halves, alternating, a first.
template <class T, bool high, class V>
V interleave(const V& a, const V& b) {
    Lanes<T, V> x = as<T>(a), y = as<T>(b), r;
    constexpr unsigned n = lane_count<T, V>, from = high ? n / 2 : 0;
    for (unsigned i = 0; i < n / 2; ++i) {
        r[2 * i] = x[from + i];
        r[2 * i + 1] = y[from + i];
    }
    return std::bit_cast<V>(r);
}
STILE_V punpcklbw(const V& a, const V& b) { return interleave<uint8_t, false>(a, b); }
STILE_V punpcklwd(const V& a, const V& b) { return interleave<uint16_t, false>(a, b); }
STILE_V punpckldq(const V& a, const V& b) { return interleave<uint32_t, false>(a, b); }
STILE_V punpcklqdq(const V& a, const V& b) { return interleave<uint64_t, false>(a, b); }
STILE_V punpckhbw(const V& a, const V& b) { return interleave<uint8_t, true>(a, b); }
STILE_V punpckhwd(const V& a, const V& b) { return interleave<uint16_t, true>(a, b); }
STILE_V punpckhdq(const V& a, const V& b) { return interleave<uint32_t, true>(a, b); }
STILE_V punpckhqdq(const V& a, const V& b) { return interleave<uint64_t, true>(a, b); }

template <class From, class To, class V>
V narrow(const V& a, const V& b) {
    Lanes<From, V> x = as<From>(a), y = as<From>(b);
    Lanes<To, V> r;
    constexpr unsigned n = lane_count<From, V>;
    for (unsigned i = 0; i < n; ++i) {
        r[i] = static_cast<To>(saturated<To>(x[i]));
        r[n + i] = static_cast<To>(saturated<To>(y[i]));
    }
    return std::bit_cast<V>(r);
}
STILE_V packsswb(const V& a, const V& b) { return narrow<int16_t, int8_t>(a, b); }
STILE_V packssdw(const V& a, const V& b) { return narrow<int32_t, int16_t>(a, b); }
STILE_V packuswb(const V& a, const V& b) { return narrow<int16_t, uint8_t>(a, b); }

// Counts of the lane's width or more give zero, or the sign.
template <class T, class V>
V shift_left(const V& a, uint64_t n) {
    return n < 8 * sizeof(T) ? std::bit_cast<V>(as<T>(a) << static_cast<T>(n)) : V{};
}
template <class T, class V>
V shift_right(const V& a, uint64_t n) {
    constexpr uint64_t bits = 8 * sizeof(T);
    if (n >= bits) {
        if (!std::is_signed_v<T>) return V{};
        n = bits - 1;
    }
    return std::bit_cast<V>(as<T>(a) >> static_cast<T>(n));
}
STILE_V psrlw(const V& a, uint64_t n) { return shift_right<uint16_t>(a, n); }
STILE_V psrld(const V& a, uint64_t n) { return shift_right<uint32_t>(a, n); }
STILE_V psrlq(const V& a, uint64_t n) { return shift_right<uint64_t>(a, n); }
STILE_V psraw(const V& a, uint64_t n) { return shift_right<int16_t>(a, n); }
STILE_V psrad(const V& a, uint64_t n) { return shift_right<int32_t>(a, n); }
STILE_V psllw(const V& a, uint64_t n) { return shift_left<uint16_t>(a, n); }
STILE_V pslld(const V& a, uint64_t n) { return shift_left<uint32_t>(a, n); }
STILE_V psllq(const V& a, uint64_t n) { return shift_left<uint64_t>(a, n); }

STILE_V psrldq(const V& a, uint64_t n) {
    return n < 16 ? std::bit_cast<V>(std::bit_cast<unsigned __int128>(a) >> 8 * n) : V{};
}
STILE_V pslldq(const V& a, uint64_t n) {
    return n < 16 ? std::bit_cast<V>(std::bit_cast<unsigned __int128>(a) << 8 * n) : V{};
}

STILE_V pshufd(const V& a, unsigned s) {
    Lanes<uint32_t, V> x = as<uint32_t>(a);
    return std::bit_cast<V>(Lanes<uint32_t, V>{x[s & 3], x[s >> 2 & 3], x[s >> 4 & 3], x[s >> 6 & 3]});
}
template <unsigned from, class V>
V shuffle_words(const V& a, unsigned s) {
    Lanes<uint16_t, V> x = as<uint16_t>(a), r = x;
    for (unsigned i = 0; i < 4; ++i) r[from + i] = x[from + (s >> 2 * i & 3)];
    return std::bit_cast<V>(r);
}
STILE_V pshufw(const V& a, unsigned s) { return shuffle_words<0>(a, s); }
STILE_V pshuflw(const V& a, unsigned s) { return shuffle_words<0>(a, s); }
STILE_V pshufhw(const V& a, unsigned s) { return shuffle_words<4>(a, s); }
STILE_V shufps(const V& a, const V& b, unsigned s) {
    Lanes<uint32_t, V> x = as<uint32_t>(a), y = as<uint32_t>(b);
    return std::bit_cast<V>(Lanes<uint32_t, V>{x[s & 3], x[s >> 2 & 3], y[s >> 4 & 3], y[s >> 6 & 3]});
}
STILE_V shufpd(const V& a, const V& b, unsigned s) {
    Lanes<uint64_t, V> x = as<uint64_t>(a), y = as<uint64_t>(b);
    return std::bit_cast<V>(Lanes<uint64_t, V>{x[s & 1], y[s >> 1 & 1]});
}

template <class T, class V>
unsigned sign_mask(const V& a) {
    Lanes<T, V> x = as<T>(a);
    unsigned r = 0;
    for (unsigned i = 0; i < lane_count<T, V>; ++i) {
        r |= static_cast<unsigned>(x[i] >> (8 * sizeof(T) - 1)) << i;
    }
    return r;
}
#undef STILE_V

}  // namespace stile::isa::fp
