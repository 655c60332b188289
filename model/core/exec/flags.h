// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic flags, kept as the operands of the last instruction that set them and computed when read.
// Operands are sign-extended to 64 bits. That keeps both orders, signed and unsigned, so that after a
// subtraction, comparison or logic operation (a comparison of the result with 0) ten of the sixteen
// conditions are a single 64-bit compare whatever the operand size.
#pragma once

#include <cstdint>

#include "model/core/cpu_state.h"

namespace stile::model {

enum class FlagKind : uint8_t {
    sub,  // of a - b
    add,  // of a + b
    inc,  // a = result, b = CF from before
    dec,
    plain  // a = the flags themselves
};

struct LazyFlags {
    int64_t a = 0, b = 0;
    FlagKind kind = FlagKind::plain;
    uint8_t shift = 0;  // 64 - operand size in bits

    void set(FlagKind k, int64_t a_, int64_t b_, unsigned shift_) {
        a = a_;
        b = b_;
        kind = k;
        shift = static_cast<uint8_t>(shift_);
    }
    void set_plain(uint32_t flags) { set(FlagKind::plain, flags, 0, 0); }
};

template <typename T>
inline constexpr unsigned flag_shift = 64 - 8 * sizeof(T);

uint32_t arithmetic_flags(const LazyFlags& f);  // CF, PF, AF, ZF, SF, OF as in RFLAGS
bool carry_flag_slow(const LazyFlags& f);
inline bool carry_flag(const LazyFlags& f) {
    if (f.kind == FlagKind::sub) return static_cast<uint64_t>(f.a) < static_cast<uint64_t>(f.b);
    if (f.kind == FlagKind::inc || f.kind == FlagKind::dec) return f.b != 0;
    return carry_flag_slow(f);
}
bool condition_of(const LazyFlags& f, unsigned cc);

// Condition cc over flags in RFLAGS form.
constexpr bool condition_in(uint32_t v, unsigned cc) {
    const bool c = v & flag::CF, z = v & flag::ZF, s = v & flag::SF, o = v & flag::OF, p = v & flag::PF;
    bool r = false;
    switch (cc >> 1) {
        case 0:
            r = o;
            break;
        case 1:
            r = c;
            break;
        case 2:
            r = z;
            break;
        case 3:
            r = c || z;
            break;
        case 4:
            r = s;
            break;
        case 5:
            r = p;
            break;
        case 6:
            r = s != o;
            break;
        default:
            r = z || s != o;
            break;
    }
    return r != static_cast<bool>(cc & 1);
}

// Condition cc after a comparison of a with b at a width of 64 - shift bits.
template <unsigned cc>
inline bool condition_sub(int64_t a, int64_t b, unsigned shift) {
    const auto sign = [&] {
        return static_cast<int64_t>((static_cast<uint64_t>(a) - static_cast<uint64_t>(b)) << shift) < 0;
    };
    const auto parity = [&] {
        return !__builtin_parity(static_cast<uint8_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b)));
    };
    bool r;
    if constexpr (cc >> 1 == 0) r = sign() != (a < b);
    if constexpr (cc >> 1 == 1) r = static_cast<uint64_t>(a) < static_cast<uint64_t>(b);
    if constexpr (cc >> 1 == 2) r = a == b;
    if constexpr (cc >> 1 == 3) r = static_cast<uint64_t>(a) <= static_cast<uint64_t>(b);
    if constexpr (cc >> 1 == 4) r = sign();
    if constexpr (cc >> 1 == 5) r = parity();
    if constexpr (cc >> 1 == 6) r = a < b;
    if constexpr (cc >> 1 == 7) r = a <= b;
    return r != static_cast<bool>(cc & 1);
}

template <unsigned cc>
inline bool condition(const LazyFlags& f) {
    if (__builtin_expect(f.kind == FlagKind::sub, 1)) return condition_sub<cc>(f.a, f.b, f.shift);
    if constexpr (cc >> 1 == 2)  // loops that end with dec and jnz
        if (f.kind == FlagKind::dec || f.kind == FlagKind::inc)
            return (f.a == 0) != static_cast<bool>(cc & 1);
    return condition_of(f, cc);
}

}  // namespace stile::model
