// SPDX-License-Identifier: Apache-2.0
//
// Shifts and rotates. Flags that the manuals call undefined (OF for counts above 1, AF) are what Intel's and
// AMD's processors compute in practice: OF by the rule for a count of 1 applied to the result, AF 0.
#include <type_traits>

#include "model/core/exec/groups.h"

namespace stile::model {

namespace {

template <typename U>
inline constexpr unsigned width = 8 * sizeof(U);

template <typename U>
inline bool top(U v) {
    return v >> (width<U> - 1) & 1;
}

template <typename U>
uint32_t shift_flags(U r, bool carry, bool overflow) {
    return (r == 0 ? flag::ZF : 0u) | (top(r) ? flag::SF : 0u) |
           (__builtin_parity(static_cast<uint8_t>(r)) ? 0u : flag::PF) | (carry ? flag::CF : 0u) |
           (overflow ? flag::OF : 0u);
}

template <typename U>
void rotate_flags(Exec& x, bool carry, bool overflow) {
    x.f.set_plain((flags_of(x) & ~(flag::CF | flag::OF)) | (carry ? flag::CF : 0u) |
                  (overflow ? flag::OF : 0u));
}

// `n` is 1 .. 31, or 63 for 64-bit operands; it may exceed the width of 8- and 16-bit ones.
struct Shl {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        const auto r = static_cast<U>(n < width<U> ? static_cast<uint64_t>(v) << n : 0);
        const bool carry = n <= width<U> && (static_cast<uint64_t>(v) >> (width<U> - n) & 1);
        x.f.set_plain(shift_flags(r, carry, top(r) != carry));
        return r;
    }
};
struct Shr {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        const auto r = static_cast<U>(n < width<U> ? v >> n : 0);
        const bool carry = n <= width<U> && (static_cast<uint64_t>(v) >> (n - 1) & 1);
        x.f.set_plain(shift_flags(r, carry, n == 1 ? top(v) : false));
        return r;
    }
};
struct Sar {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        const auto s = static_cast<int64_t>(static_cast<std::make_signed_t<U>>(v));
        const auto r = static_cast<U>(s >> n);
        x.f.set_plain(shift_flags(r, s >> (n - 1) & 1, false));
        return r;
    }
};
struct Rol {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        n %= width<U>;
        const auto r = static_cast<U>(n ? v << n | v >> (width<U> - n) : v);
        rotate_flags<U>(x, r & 1, top(r) != static_cast<bool>(r & 1));
        return r;
    }
};
struct Ror {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        n %= width<U>;
        const auto r = static_cast<U>(n ? v >> n | v << (width<U> - n) : v);
        rotate_flags<U>(x, top(r), top(r) != static_cast<bool>(r >> (width<U> - 2) & 1));
        return r;
    }
};
struct Rcl {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        n %= width<U> + 1;
        bool c = carry_flag(x.f);
        for (unsigned i = 0; i < n; ++i) {
            const bool out = top(v);
            v = static_cast<U>(v << 1 | (c ? 1 : 0));
            c = out;
        }
        if (n) rotate_flags<U>(x, c, top(v) != c);
        return v;
    }
};
struct Rcr {
    template <typename U>
    static U apply(Exec& x, U v, unsigned n) {
        n %= width<U> + 1;
        bool c = carry_flag(x.f);
        for (unsigned i = 0; i < n; ++i) {
            const bool out = v & 1;
            v = static_cast<U>(v >> 1 | (static_cast<U>(c) << (width<U> - 1)));
            c = out;
        }
        if (n) rotate_flags<U>(x, c, top(v) != static_cast<bool>(v >> (width<U> - 2) & 1));
        return v;
    }
};

template <typename U>
inline unsigned count_of(const Exec& x, unsigned reg) {
    return static_cast<unsigned>(x.s.r[reg]) & (sizeof(U) == 8 ? 63 : 31);
}

template <typename F, typename U, bool immediate>
Next shift(Exec& x, const Uop* u) {
    const unsigned n = immediate ? static_cast<unsigned>(u->imm) : count_of<U>(x, u->b);
    auto v = get<U>(x, u->a);
    if (immediate || n != 0) v = F::template apply<U>(x, v, n);
    put<U>(x, u->dst, v);
    return next(x, u);
}

// A 16-bit double shift by more than 16 is undefined; here the bits that follow are those of the first
// operand again, as Intel's processors do.
template <bool left, typename U, bool immediate>
Next double_shift(Exec& x, const Uop* u) {
    const unsigned n = immediate ? static_cast<unsigned>(u->imm) : count_of<U>(x, u->c);
    const auto a = get<U>(x, u->a), b = get<U>(x, u->b);
    U r = a;
    if (n != 0) {
        bool carry;
        if constexpr (sizeof(U) == 2) {
            const uint64_t aba = static_cast<uint64_t>(a) << 32 | static_cast<uint64_t>(b) << 16 | a;
            r = static_cast<U>(left ? aba << n >> 32 : aba >> n);
            carry = aba >> (left ? 48 - n : n - 1) & 1;
        } else if (left) {
            r = static_cast<U>(a << n | b >> (width<U> - n));
            carry = a >> (width<U> - n) & 1;
        } else {
            r = static_cast<U>(a >> n | b << (width<U> - n));
            carry = a >> (n - 1) & 1;
        }
        x.f.set_plain(shift_flags(r, carry, top(r) != top(a)));
    }
    put<U>(x, u->dst, r);
    return next(x, u);
}

}  // namespace

#define STILE_SET_SHIFT(name, F)                          \
    table.set(Op::name##1_rr, shift<F, uint8_t, false>);  \
    table.set(Op::name##2_rr, shift<F, uint16_t, false>); \
    table.set(Op::name##4_rr, shift<F, uint32_t, false>); \
    table.set(Op::name##8_rr, shift<F, uint64_t, false>); \
    table.set(Op::name##1_ri, shift<F, uint8_t, true>);   \
    table.set(Op::name##2_ri, shift<F, uint16_t, true>);  \
    table.set(Op::name##4_ri, shift<F, uint32_t, true>);  \
    table.set(Op::name##8_ri, shift<F, uint64_t, true>)

#define STILE_SET_DOUBLE_SHIFT(name, left)                          \
    table.set(Op::name##2_rr, double_shift<left, uint16_t, false>); \
    table.set(Op::name##4_rr, double_shift<left, uint32_t, false>); \
    table.set(Op::name##8_rr, double_shift<left, uint64_t, false>); \
    table.set(Op::name##2_ri, double_shift<left, uint16_t, true>);  \
    table.set(Op::name##4_ri, double_shift<left, uint32_t, true>);  \
    table.set(Op::name##8_ri, double_shift<left, uint64_t, true>)

void register_shift(HandlerTable& table, Mode) {
    STILE_SET_SHIFT(shl, Shl);
    STILE_SET_SHIFT(shr, Shr);
    STILE_SET_SHIFT(sar, Sar);
    STILE_SET_SHIFT(rol, Rol);
    STILE_SET_SHIFT(ror, Ror);
    STILE_SET_SHIFT(rcl, Rcl);
    STILE_SET_SHIFT(rcr, Rcr);
    STILE_SET_DOUBLE_SHIFT(shld, true);
    STILE_SET_DOUBLE_SHIFT(shrd, false);
}

}  // namespace stile::model
