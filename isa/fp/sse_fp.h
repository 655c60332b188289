// SPDX-License-Identifier: Apache-2.0
//
// Scalar arithmetic of SSE and SSE2 on bit patterns: NaN choice, flags, DAZ and FTZ as MXCSR asks. The inline
// functions answer the common case (normal numbers, round to nearest, no flag to raise) with one host
// operation, which IEEE 754 makes the same everywhere; all else goes to integer arithmetic in sse_fp.cpp.
#pragma once

#include <array>
#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "isa/fp/softfloat.h"

namespace stile::isa::fp {

// MXCSR (Intel SDM vol. 1, 10.2.3): flags 0-5, DAZ 6, masks 7-12, rounding 13-14, FTZ 15.
inline constexpr uint32_t mxcsr_daz = 1 << 6, mxcsr_ftz = 1 << 15, mxcsr_round = 3 << 13,
                          mxcsr_reserved = 0xffff0000;

inline Env env_of_mxcsr(uint32_t mxcsr) {
    Env e;
    e.round = static_cast<Round>(mxcsr >> 13 & 3);
    e.daz = mxcsr & mxcsr_daz;
    e.ftz = mxcsr & mxcsr_ftz;
    e.masked = mxcsr >> 7 & 0x3f;
    return e;
}

// What the one host operation needs: formats of IEEE 754, no wider intermediates, no algebra by the compiler.
// (The host's rounding mode is never changed.)
static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);
static_assert(FLT_EVAL_METHOD == 0, "arithmetic in wider formats rounds twice");
#ifdef __FAST_MATH__
#error "-ffast-math makes results depend on the compiler"
#endif

enum class Arith : uint8_t { add, sub, mul, div, min, max, sqrt };

template <class B>
struct Traits;
template <>
struct Traits<uint32_t> {
    using Host = float;
    static constexpr int fraction = 23, top = 255;
};
template <>
struct Traits<uint64_t> {
    using Host = double;
    static constexpr int fraction = 52, top = 2047;
};
template <class B>
int exponent_field(B v) {
    return static_cast<int>(v >> Traits<B>::fraction) & Traits<B>::top;
}

// sqrt takes its operand in b, as the instruction does.
template <class B>
B arith_exact(Arith op, B a, B b, Env& env);
extern template uint32_t arith_exact(Arith, uint32_t, uint32_t, Env&);
extern template uint64_t arith_exact(Arith, uint64_t, uint64_t, Env&);

inline constexpr uint32_t mxcsr_quiet_inexact = PE | PE << 7;  // inexactness is masked and already noted

// Round to nearest, and an inexact result changes nothing that anybody could see.
inline bool inexact_is_invisible(uint32_t mxcsr) {
    return (mxcsr & (mxcsr_round | mxcsr_quiet_inexact)) == mxcsr_quiet_inexact;
}

template <class B>
bool is_zero(B v) {
    return static_cast<B>(v << 1) == 0;
}
template <class B>
bool is_normal(B v) {
    const int e = exponent_field(v);
    return e != 0 && e != Traits<B>::top;
}

// Whether x op y = r exactly; false where that is not cheap to know.
template <Arith op, class B, class H>
bool surely_exact(H x, H y, H r) {
    if constexpr (op == Arith::add || op == Arith::sub) {
        // Knuth's two-sum: the rounding error of an addition is itself a number, computed exactly.
        const H z = op == Arith::sub ? -y : y, t = r - x;
        return (x - (r - t)) + (z - t) == 0;
    }
    if constexpr (op == Arith::mul) {
        const int zeros = std::countr_zero(std::bit_cast<B>(x)) + std::countr_zero(std::bit_cast<B>(y));
        return zeros > Traits<B>::fraction;
    }
    return false;
}

template <class B>
bool is_denormal(B v) {
    constexpr B least_normal = B{1} << Traits<B>::fraction;
    return static_cast<B>((v << 1) - 1) < static_cast<B>((least_normal << 1) - 1);
}
// Normal, and not the smallest exponent: a result that may have been rounded up from a tiny one is not.
template <class B>
bool is_safe_result(B v) {
    constexpr int shift = Traits<B>::fraction + 1;
    return static_cast<B>((v << 1) - (B{2} << shift)) <
           static_cast<B>(static_cast<B>(Traits<B>::top - 2) << shift);
}

template <Arith op, class H>
[[gnu::always_inline]] inline H host_operation(H x, H y) {
    if constexpr (op == Arith::add) return x + y;
    if constexpr (op == Arith::sub) return x - y;
    if constexpr (op == Arith::mul) return x * y;
    if constexpr (op == Arith::div) return x / y;
    if constexpr (op == Arith::sqrt)
        return std::is_same_v<H, float> ? __builtin_sqrtf(static_cast<float>(y))
                                        : static_cast<H>(__builtin_sqrt(y));
    return x;
}

// One host operation settles it: operands that are no denormals, a result that is safely normal (so that no
// operand was infinite or a NaN) or a zero that is exact, round to nearest, and nothing new to raise.
template <Arith op, class B>
[[gnu::always_inline]] inline bool arith_fast(B a, B b, uint32_t mxcsr, B& out) {
    using H = typename Traits<B>::Host;
    const H x = std::bit_cast<H>(a), y = std::bit_cast<H>(b);
    if constexpr (op == Arith::min || op == Arith::max) {
        out = (op == Arith::min ? x < y : x > y) ? a : b;
        return x == x && y == y && !is_denormal(a) && !is_denormal(b);
    }
    if constexpr (op == Arith::sqrt) {
        if (!is_normal(b) || !(y > 0)) return false;
    } else if (is_denormal(a) || is_denormal(b)) {
        return false;
    }
    const H r = host_operation<op>(x, y);
    out = std::bit_cast<B>(r);
    if (!is_safe_result(out)) {
        if (!is_zero(out) || (mxcsr & mxcsr_round)) return false;
        if constexpr (op == Arith::add || op == Arith::sub) return true;
        if constexpr (op == Arith::mul) return is_zero(a) || is_zero(b);
        return op == Arith::div && is_zero(a);
    }
    if (inexact_is_invisible(mxcsr)) return true;
    return !(mxcsr & mxcsr_round) && surely_exact<op, B>(x, y, r);
}

// The same for whole vectors, by the compiler's vector extension, where inexactness is invisible.
template <class B>
struct HostVector {
    typedef typename Traits<B>::Host type __attribute__((vector_size(16)));
};
template <Arith op, class B, class V>
[[gnu::always_inline]] inline bool packed_fast(const V& a, const V& b, uint32_t mxcsr, V& out) {
    using H = typename Traits<B>::Host;
    using Hv = typename HostVector<B>::type;
    constexpr H least = std::numeric_limits<H>::min(), most = std::numeric_limits<H>::max();
    const Hv x = std::bit_cast<Hv>(a), y = std::bit_cast<Hv>(b);
    const Hv zero{};
    using Bits = decltype(x == x);
    const auto positive = [](Hv v) {
        constexpr B all = static_cast<B>(~B{0}) >> 1;
        return std::bit_cast<Hv>(std::bit_cast<Bits>(v) & static_cast<std::make_signed_t<B>>(all));
    };
    const Hv ax = positive(x), ay = positive(y);
    Hv r;
    auto fine = x == x;
    if constexpr (op == Arith::min || op == Arith::max) {
        const auto first = op == Arith::min ? x < y : x > y;
        r = first ? x : y;
        fine = fine & (y == y);
    } else {
        if (!inexact_is_invisible(mxcsr)) return false;
        if constexpr (op == Arith::sqrt) {
            for (unsigned i = 0; i < 16 / sizeof(B); ++i) r[i] = host_operation<op>(y[i], y[i]);
            fine = (y >= least) & (y <= most);
        } else {
            r = host_operation<op>(x, y);
            const Hv ar = positive(r);
            fine = (ar >= 2 * least) & (ar <= most);
            if constexpr (op == Arith::add || op == Arith::sub) fine = fine | (r == zero);
            if constexpr (op == Arith::mul) fine = fine | ((r == zero) & ((x == zero) | (y == zero)));
            if constexpr (op == Arith::div) fine = fine | ((r == zero) & (x == zero));
        }
    }
    if constexpr (op != Arith::sqrt)
        fine = fine & ((ax >= least) | (x == zero)) & ((ay >= least) | (y == zero));
    out = std::bit_cast<V>(r);
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(fine);
    return (halves[0] & halves[1]) == ~0ull;
}

// Predicates of cmpps and its kin: eq lt le unord neq nlt nle ord.
template <class B>
bool compare_predicate(unsigned predicate, B a, B b, Env& env);
extern template bool compare_predicate(unsigned, uint32_t, uint32_t, Env&);
extern template bool compare_predicate(unsigned, uint64_t, uint64_t, Env&);

// comis (signals on any NaN) and ucomis (on signalling ones).
template <class B>
Order compare_ordered(B a, B b, bool quiet, Env& env);
extern template Order compare_ordered(uint32_t, uint32_t, bool, Env&);
extern template Order compare_ordered(uint64_t, uint64_t, bool, Env&);

uint64_t single_to_double(uint32_t a, Env& env);
uint32_t double_to_single(uint64_t a, Env& env);
uint32_t int_to_single(int64_t a, Env& env);
uint64_t int_to_double(int64_t a, Env& env);

// To 32 or 64 bits; `truncate` overrides MXCSR's rounding.
template <class B>
int64_t to_integer(B a, unsigned bits, bool truncate, Env& env);
extern template int64_t to_integer(uint32_t, unsigned, bool, Env&);
extern template int64_t to_integer(uint64_t, unsigned, bool, Env&);

// rcpps and rsqrtps. Real processors differ within the architecture's bound (1.5 * 2^-12, relative); ours is
// the reciprocal of the middle of the operand's 12-bit (rsqrt: 13-bit, exponent parity included) interval,
// rounded to 13 bits. No flags, denormals read as zero, tiny results flushed.
uint32_t reciprocal_estimate(uint32_t a);
uint32_t reciprocal_sqrt_estimate(uint32_t a);

}  // namespace stile::isa::fp
