// SPDX-License-Identifier: Apache-2.0
//
// Moves, arithmetic, logic, bit operations, conditions: everything that stays within the registers.
#include <bit>
#include <type_traits>

#include "model/core/exec/groups.h"

namespace stile::model {

namespace {

template <typename T>
using Unsigned = std::make_unsigned_t<T>;

template <typename T>
inline T operand(const Exec& x, const Uop* u, bool immediate) {
    return immediate ? static_cast<T>(u->imm) : get<T>(x, u->b);
}

template <typename T>
inline void set_logic(Exec& x, T result) {
    x.f.set(FlagKind::sub, result, 0, flag_shift<T>);
}

// --- Two operands ------------------------------------------------------------------------------------------
struct Add {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        x.f.set(FlagKind::add, a, b, flag_shift<T>);
        return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
    }
};
struct Sub {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        x.f.set(FlagKind::sub, a, b, flag_shift<T>);
        return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
    }
};

// With a carry coming in the flags fit no pair of operands; they are worked out at once.
template <typename T>
uint32_t result_flags(T result) {
    return (result == 0 ? flag::ZF : 0u) | (result < 0 ? flag::SF : 0u) |
           (__builtin_parity(static_cast<uint8_t>(result)) ? 0u : flag::PF);
}
struct Adc {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        T low, r;
        const bool c = carry_flag(x.f);
        const bool carry = __builtin_add_overflow(static_cast<Unsigned<T>>(a), static_cast<Unsigned<T>>(b),
                                                  reinterpret_cast<Unsigned<T>*>(&low));
        const bool carry2 = __builtin_add_overflow(static_cast<Unsigned<T>>(low), static_cast<Unsigned<T>>(c),
                                                   reinterpret_cast<Unsigned<T>*>(&r));
        x.f.set_plain(result_flags(r) | (carry || carry2 ? flag::CF : 0u) |
                      ((a ^ b ^ r) & 16 ? flag::AF : 0u) | (((a ^ r) & (b ^ r)) < 0 ? flag::OF : 0u));
        return r;
    }
};
struct Sbb {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        T low, r;
        const bool c = carry_flag(x.f);
        const bool borrow = __builtin_sub_overflow(static_cast<Unsigned<T>>(a), static_cast<Unsigned<T>>(b),
                                                   reinterpret_cast<Unsigned<T>*>(&low));
        const bool borrow2 = __builtin_sub_overflow(
            static_cast<Unsigned<T>>(low), static_cast<Unsigned<T>>(c), reinterpret_cast<Unsigned<T>*>(&r));
        x.f.set_plain(result_flags(r) | (borrow || borrow2 ? flag::CF : 0u) |
                      ((a ^ b ^ r) & 16 ? flag::AF : 0u) | (((a ^ b) & (a ^ r)) < 0 ? flag::OF : 0u));
        return r;
    }
};
struct And {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        const T r = a & b;
        set_logic(x, r);
        return r;
    }
};
struct Or {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        const T r = a | b;
        set_logic(x, r);
        return r;
    }
};
struct Xor {
    template <typename T>
    static T apply(Exec& x, T a, T b) {
        const T r = a ^ b;
        set_logic(x, r);
        return r;
    }
};

template <typename F, typename T, bool immediate, bool writes>
Next binary(Exec& x, const Uop* u) {
    const T r = F::template apply<T>(x, get<T>(x, u->a), operand<T>(x, u, immediate));
    if constexpr (writes) put<T>(x, u->dst, r);
    return next(x, u);
}

// --- One operand -------------------------------------------------------------------------------------------
template <typename T>
Next inc(Exec& x, const Uop* u) {
    const T r = static_cast<T>(static_cast<Unsigned<T>>(get<T>(x, u->a)) + 1u);
    x.f.set(FlagKind::inc, r, carry_flag(x.f), flag_shift<T>);
    put<T>(x, u->dst, r);
    return next(x, u);
}
template <typename T>
Next dec(Exec& x, const Uop* u) {
    const T r = static_cast<T>(static_cast<Unsigned<T>>(get<T>(x, u->a)) - 1u);
    x.f.set(FlagKind::dec, r, carry_flag(x.f), flag_shift<T>);
    put<T>(x, u->dst, r);
    return next(x, u);
}
template <typename T>
Next neg(Exec& x, const Uop* u) {
    put<T>(x, u->dst, Sub::apply<T>(x, 0, get<T>(x, u->a)));
    return next(x, u);
}
template <typename T>
Next invert(Exec& x, const Uop* u) {
    put<T>(x, u->dst, static_cast<T>(~get<T>(x, u->a)));
    return next(x, u);
}

// --- Moves -------------------------------------------------------------------------------------------------
template <typename T>
Next mov(Exec& x, const Uop* u) {
    put<T>(x, u->dst, get<T>(x, u->a));
    return next(x, u);
}
template <typename T>
Next movi(Exec& x, const Uop* u) {
    put<T>(x, u->dst, static_cast<T>(u->imm));
    return next(x, u);
}
template <typename To, typename From>
Next extend(Exec& x, const Uop* u) {
    put<To>(x, u->dst, static_cast<To>(get<From>(x, u->a)));
    return next(x, u);
}
template <typename T>
Next sign(Exec& x, const Uop* u) {
    put<T>(x, u->dst, static_cast<T>(get<T>(x, u->a) < 0 ? -1 : 0));
    return next(x, u);
}
Next extract_high(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.r[u->a] >> 8 & 0xff;
    return next(x, u);
}
Next insert_high(Exec& x, const Uop* u) {
    x.s.r[u->dst] = (x.s.r[u->dst] & ~0xff00ull) | (x.s.r[u->a] & 0xff) << 8;
    return next(x, u);
}
Next bswap4(Exec& x, const Uop* u) {
    x.s.r[u->dst] = __builtin_bswap32(get<uint32_t>(x, u->a));
    return next(x, u);
}
Next bswap8(Exec& x, const Uop* u) {
    x.s.r[u->dst] = __builtin_bswap64(x.s.r[u->a]);
    return next(x, u);
}
template <typename T>
Next lea(Exec& x, const Uop* u) {
    put<T>(x, u->dst, static_cast<T>(effective<false>(x, u)));
    return next(x, u);
}

// --- Single bits -------------------------------------------------------------------------------------------
enum class Bit { test, set, reset, complement };

template <Bit what, typename T, bool immediate>
Next bit(Exec& x, const Uop* u) {
    const auto v = get<Unsigned<T>>(x, u->a);
    const auto index = static_cast<unsigned>(operand<T>(x, u, immediate)) % (8 * sizeof(T));
    const auto mask = static_cast<Unsigned<T>>(Unsigned<T>{1} << index);
    x.f.set_plain((flags_of(x) & ~flag::CF) | (v & mask ? flag::CF : 0u));
    if constexpr (what == Bit::set) put<Unsigned<T>>(x, u->dst, v | mask);
    if constexpr (what == Bit::reset) put<Unsigned<T>>(x, u->dst, v & static_cast<Unsigned<T>>(~mask));
    if constexpr (what == Bit::complement) put<Unsigned<T>>(x, u->dst, v ^ mask);
    return next(x, u);
}
template <typename T, unsigned shift>
Next bit_offset(Exec& x, const Uop* u) {
    x.s.r[u->dst] =
        x.s.r[u->a] + (static_cast<int64_t>(get<T>(x, u->b)) >> shift) * static_cast<int64_t>(sizeof(T));
    return next(x, u);
}

// Flags other than ZF are undefined; ours are those of a comparison of the source with 0, as on recent parts
// of Intel's for CF, OF, SF, AF.
template <bool reverse, typename T>
Next scan(Exec& x, const Uop* u) {
    const auto v = get<Unsigned<T>>(x, u->a);
    set_logic<T>(x, static_cast<T>(v));
    if (v != 0)
        put<T>(x, u->dst,
               static_cast<T>(reverse ? 8 * sizeof(T) - 1 - std::countl_zero(v) : std::countr_zero(v)));
    return next(x, u);
}

// --- Conditions --------------------------------------------------------------------------------------------
template <unsigned cc>
struct SetCc {
    static Next run(Exec& x, const Uop* u) {
        put<uint8_t>(x, u->dst, condition<cc>(x.f));
        return next(x, u);
    }
};
template <typename T>
struct CMov {
    template <unsigned cc>
    struct With {
        static Next run(Exec& x, const Uop* u) {
            put<T>(x, u->dst, condition<cc>(x.f) ? get<T>(x, u->b) : get<T>(x, u->a));
            return next(x, u);
        }
    };
};
template <typename T>
struct MovIf {
    template <unsigned cc>
    struct With {
        static Next run(Exec& x, const Uop* u) {
            if (condition<cc>(x.f)) put<T>(x, u->dst, get<T>(x, u->a));
            return next(x, u);
        }
    };
};

// --- Flags -------------------------------------------------------------------------------------------------
template <uint32_t keep, uint32_t flip, uint32_t set>
Next change_flags(Exec& x, const Uop* u) {
    x.f.set_plain(((flags_of(x) & keep) ^ flip) | set);
    return next(x, u);
}
Next lahf(Exec& x, const Uop* u) {
    const uint32_t v = (flags_of(x) & 0xd5) | 2;
    x.s.r[u->dst] = (x.s.r[u->dst] & ~0xff00ull) | v << 8;
    return next(x, u);
}
Next sahf(Exec& x, const Uop* u) {
    x.f.set_plain((flags_of(x) & flag::OF) | (x.s.r[u->a] >> 8 & 0xd5));
    return next(x, u);
}
Next cld(Exec& x, const Uop* u) {
    x.s.rflags_system &= ~flag::DF;
    return next(x, u);
}
Next std_(Exec& x, const Uop* u) {
    x.s.rflags_system |= flag::DF;
    return next(x, u);
}
Next nothing(Exec& x, const Uop* u) { return next(x, u); }

}  // namespace

#define STILE_SET_BINARY(name, F, writes)                         \
    table.set(Op::name##1_rr, binary<F, int8_t, false, writes>);  \
    table.set(Op::name##2_rr, binary<F, int16_t, false, writes>); \
    table.set(Op::name##4_rr, binary<F, int32_t, false, writes>); \
    table.set(Op::name##8_rr, binary<F, int64_t, false, writes>); \
    table.set(Op::name##1_ri, binary<F, int8_t, true, writes>);   \
    table.set(Op::name##2_ri, binary<F, int16_t, true, writes>);  \
    table.set(Op::name##4_ri, binary<F, int32_t, true, writes>);  \
    table.set(Op::name##8_ri, binary<F, int64_t, true, writes>)

#define STILE_SET_BIT(name, what)                         \
    table.set(Op::name##2_rr, bit<what, int16_t, false>); \
    table.set(Op::name##4_rr, bit<what, int32_t, false>); \
    table.set(Op::name##8_rr, bit<what, int64_t, false>); \
    table.set(Op::name##2_ri, bit<what, int16_t, true>);  \
    table.set(Op::name##4_ri, bit<what, int32_t, true>);  \
    table.set(Op::name##8_ri, bit<what, int64_t, true>)

void register_alu(HandlerTable& table, Mode) {
    table.set(Op::nop, nothing);
    STILE_SET_BINARY(add, Add, true);
    STILE_SET_BINARY(adc, Adc, true);
    STILE_SET_BINARY(sub, Sub, true);
    STILE_SET_BINARY(sbb, Sbb, true);
    STILE_SET_BINARY(and, And, true);
    STILE_SET_BINARY(or, Or, true);
    STILE_SET_BINARY(xor, Xor, true);
    STILE_SET_BINARY(cmp, Sub, false);
    STILE_SET_BINARY(test, And, false);
    STILE_SET_1248(table, inc, inc);
    STILE_SET_1248(table, dec, dec);
    STILE_SET_1248(table, neg, neg);
    STILE_SET_1248(table, not, invert);

    STILE_SET_1248(table, mov, mov);
    table.set(Op::movi1, movi<uint8_t>);
    table.set(Op::movi2, movi<uint16_t>);
    table.set(Op::movi8, movi<uint64_t>);
    table.set(Op::zx1, extend<uint64_t, uint8_t>);
    table.set(Op::zx2, extend<uint64_t, uint16_t>);
    table.set(Op::sx1_4, extend<int32_t, int8_t>);
    table.set(Op::sx1_8, extend<int64_t, int8_t>);
    table.set(Op::sx2_4, extend<int32_t, int16_t>);
    table.set(Op::sx2_8, extend<int64_t, int16_t>);
    table.set(Op::sx4_8, extend<int64_t, int32_t>);
    table.set(Op::sign2, sign<int16_t>);
    table.set(Op::sign4, sign<int32_t>);
    table.set(Op::sign8, sign<int64_t>);
    table.set(Op::ext_h, extract_high);
    table.set(Op::ins_h, insert_high);
    table.set(Op::bswap4, bswap4);
    table.set(Op::bswap8, bswap8);
    table.set(Op::lea4, lea<uint32_t>);
    table.set(Op::lea8, lea<uint64_t>);

    STILE_SET_BIT(bt, Bit::test);
    STILE_SET_BIT(bts, Bit::set);
    STILE_SET_BIT(btr, Bit::reset);
    STILE_SET_BIT(btc, Bit::complement);
    table.set(Op::bitoff2, bit_offset<int16_t, 4>);
    table.set(Op::bitoff4, bit_offset<int32_t, 5>);
    table.set(Op::bitoff8, bit_offset<int64_t, 6>);
    table.set(Op::bsf2, scan<false, int16_t>);
    table.set(Op::bsf4, scan<false, int32_t>);
    table.set(Op::bsf8, scan<false, int64_t>);
    table.set(Op::bsr2, scan<true, int16_t>);
    table.set(Op::bsr4, scan<true, int32_t>);
    table.set(Op::bsr8, scan<true, int64_t>);

    static constexpr auto setcc = by_condition<SetCc>();
    static constexpr auto cmov2 = by_condition<CMov<int16_t>::With>(),
                          cmov4 = by_condition<CMov<int32_t>::With>(),
                          cmov8 = by_condition<CMov<int64_t>::With>();
    static constexpr auto movif1 = by_condition<MovIf<int8_t>::With>(),
                          movif2 = by_condition<MovIf<int16_t>::With>(),
                          movif4 = by_condition<MovIf<int32_t>::With>(),
                          movif8 = by_condition<MovIf<int64_t>::With>();
    table.set_by_condition(Op::setcc, setcc);
    table.set_by_condition(Op::cmov2, cmov2);
    table.set_by_condition(Op::cmov4, cmov4);
    table.set_by_condition(Op::cmov8, cmov8);
    table.set_by_condition(Op::movif1, movif1);
    table.set_by_condition(Op::movif2, movif2);
    table.set_by_condition(Op::movif4, movif4);
    table.set_by_condition(Op::movif8, movif8);

    table.set(Op::clc, change_flags<~flag::CF, 0, 0>);
    table.set(Op::stc, change_flags<~0u, 0, flag::CF>);
    table.set(Op::cmc, change_flags<~0u, flag::CF, 0>);
    table.set(Op::lahf, lahf);
    table.set(Op::sahf, sahf);
    table.set(Op::cld, cld);
    table.set(Op::std, std_);
}

}  // namespace stile::model
