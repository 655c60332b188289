// SPDX-License-Identifier: Apache-2.0
//
// Multiplication and division. ZF, PF, AF after a multiplication are undefined; ours: ZF and AF 0, PF and SF
// of the low half.
#include <type_traits>

#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"

namespace stile::model {

namespace {

using isa::RAX;
using isa::RDX;

template <typename T>
struct Wide;
template <>
struct Wide<int8_t> {
    using type = int16_t;
};
template <>
struct Wide<int16_t> {
    using type = int32_t;
};
template <>
struct Wide<int32_t> {
    using type = int64_t;
};
template <>
struct Wide<int64_t> {
    using type = __int128;
};
template <>
struct Wide<uint8_t> {
    using type = uint16_t;
};
template <>
struct Wide<uint16_t> {
    using type = uint32_t;
};
template <>
struct Wide<uint32_t> {
    using type = uint64_t;
};
template <>
struct Wide<uint64_t> {
    using type = unsigned __int128;
};
template <typename T>
using WideOf = typename Wide<T>::type;

template <typename T>
void multiply_flags(Exec& x, T low, bool overflow) {
    using S = std::make_signed_t<T>;
    x.f.set_plain((overflow ? flag::CF | flag::OF : 0u) | (static_cast<S>(low) < 0 ? flag::SF : 0u) |
                  (__builtin_parity(static_cast<uint8_t>(low)) ? 0u : flag::PF));
}

template <typename T, bool immediate>
Next imul(Exec& x, const Uop* u) {
    const T b = immediate ? static_cast<T>(u->imm) : get<T>(x, u->b);
    T low;
    const bool overflow = __builtin_mul_overflow(get<T>(x, u->a), b, &low);
    multiply_flags(x, low, overflow);
    put<T>(x, u->dst, low);
    return next(x, u);
}

template <typename T>
Next multiply(Exec& x, const Uop* u) {
    using W = WideOf<T>;
    const W product = static_cast<W>(static_cast<W>(get<T>(x, RAX)) * static_cast<W>(get<T>(x, u->a)));
    const T low = static_cast<T>(product), high = static_cast<T>(product >> (8 * sizeof(T)));
    const T fits = std::is_signed_v<T> && low < 0 ? static_cast<T>(-1) : T{0};
    if constexpr (sizeof(T) == 1) {
        put<uint16_t>(x, RAX, static_cast<uint16_t>(product));
    } else {
        put<T>(x, RAX, low);
        put<T>(x, RDX, high);
    }
    multiply_flags(x, low, high != fits);
    return next(x, u);
}

template <typename T>
Next divide(Exec& x, const Uop* u) {
    using W = WideOf<T>;
    using UW = WideOf<std::make_unsigned_t<T>>;
    const auto divisor = get<T>(x, u->a);
    W dividend;
    if constexpr (sizeof(T) == 1)
        dividend = get<W>(x, RAX);
    else
        dividend = static_cast<W>(static_cast<UW>(get<std::make_unsigned_t<T>>(x, RDX)) << (8 * sizeof(T)) |
                                  get<std::make_unsigned_t<T>>(x, RAX));
    if (divisor == 0) return raise(x, u, VEC_DE);
    // The most negative dividend over -1 does not fit the wide type either.
    if constexpr (std::is_signed_v<T>)
        if (divisor == -1 && dividend == static_cast<W>(UW{1} << (16 * sizeof(T) - 1)))
            return raise(x, u, VEC_DE);
    const W quotient = static_cast<W>(dividend / static_cast<W>(divisor));
    const W remainder = static_cast<W>(dividend % static_cast<W>(divisor));
    if (static_cast<W>(static_cast<T>(quotient)) != quotient) return raise(x, u, VEC_DE);
    // What the microcode looks at first: is the dividend no wider than the divisor?
    if constexpr (sizeof(T) == 8)
        if (static_cast<W>(static_cast<T>(dividend)) != dividend) [[unlikely]]
            variant(x, u, isa::OpClass::div_wide);
    if constexpr (sizeof(T) == 1) {
        put<uint16_t>(
            x, RAX,
            static_cast<uint16_t>(static_cast<uint8_t>(remainder) << 8 | static_cast<uint8_t>(quotient)));
    } else {
        put<T>(x, RAX, static_cast<T>(quotient));
        put<T>(x, RDX, static_cast<T>(remainder));
    }
    return next(x, u);
}

}  // namespace

void register_muldiv(HandlerTable& table, Mode) {
    table.set(Op::imul2_rr, imul<int16_t, false>);
    table.set(Op::imul4_rr, imul<int32_t, false>);
    table.set(Op::imul8_rr, imul<int64_t, false>);
    table.set(Op::imul2_ri, imul<int16_t, true>);
    table.set(Op::imul4_ri, imul<int32_t, true>);
    table.set(Op::imul8_ri, imul<int64_t, true>);
    table.set(Op::mulw1, multiply<uint8_t>);
    table.set(Op::mulw2, multiply<uint16_t>);
    table.set(Op::mulw4, multiply<uint32_t>);
    table.set(Op::mulw8, multiply<uint64_t>);
    STILE_SET_1248(table, imulw, multiply);
    table.set(Op::div1, divide<uint8_t>);
    table.set(Op::div2, divide<uint16_t>);
    table.set(Op::div4, divide<uint32_t>);
    table.set(Op::div8, divide<uint64_t>);
    STILE_SET_1248(table, idiv, divide);
}

}  // namespace stile::model
