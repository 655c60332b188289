// SPDX-License-Identifier: Apache-2.0
//
// SSE conversions between integers, single and double precision.
#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"

namespace stile::model {
namespace {

namespace fp = isa::fp;

// The result replaces the lowest element of a.
template <class To>
Next finish_low(Exec& x, const Uop* u, To value, const fp::Env& env) {
    if (!settle(x, env)) return raise_simd(x, u);
    Xmm r = vec(x, u->a);
    set_lane(r, 0, value);
    vec(x, u->dst) = r;
    return next(x, u);
}

Next single_to_double(Exec& x, const Uop* u) {
    const uint32_t b = lane<uint32_t>(vec(x, u->b), 0);
    if (fp::is_normal(b) || fp::is_zero(b)) {
        const double wide = static_cast<double>(std::bit_cast<float>(b));
        set_whole(x, u->dst, Vec128{std::bit_cast<uint64_t>(wide), vec(x, u->a).hi});
        return next(x, u);
    }
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const uint64_t r = fp::single_to_double(b, env);
    return finish_low(x, u, r, env);
}

Next double_to_single(Exec& x, const Uop* u) {
    const uint64_t wide = vec(x, u->b).lo;
    const auto narrow = std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(wide)));
    if (fp::inexact_is_invisible(x.s.mxcsr) && (fp::is_safe_result(narrow) || fp::is_zero(wide))) {
        const Xmm a = vec(x, u->a);
        set_whole(x, u->dst, Vec128{(a.lo & ~0xffffffffull) | narrow, a.hi});
        return next(x, u);
    }
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const uint32_t r = fp::double_to_single(vec(x, u->b).lo, env);
    return finish_low(x, u, r, env);
}

int64_t general_operand(const Exec& x, const Uop* u) {
    return u->size == 8 ? get<int64_t>(x, u->b) : get<int32_t>(x, u->b);
}

Next int_to_single(Exec& x, const Uop* u) {
    const int64_t value = general_operand(x, u);
    constexpr int64_t exact = 1 << 24;
    if ((value >= -exact && value <= exact) || fp::inexact_is_invisible(x.s.mxcsr)) {
        const Xmm a = vec(x, u->a);
        const auto r = std::bit_cast<uint32_t>(static_cast<float>(value));
        set_whole(x, u->dst, Vec128{(a.lo & ~0xffffffffull) | r, a.hi});
        return next(x, u);
    }
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const uint32_t r = fp::int_to_single(value, env);
    return finish_low(x, u, r, env);
}

Next int_to_double(Exec& x, const Uop* u) {
    const int64_t value = general_operand(x, u);
    constexpr int64_t exact = 1ll << 53;
    if (value >= -exact && value <= exact) {
        set_whole(x, u->dst, Vec128{std::bit_cast<uint64_t>(static_cast<double>(value)), vec(x, u->a).hi});
        return next(x, u);
    }
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const uint64_t r = fp::int_to_double(value, env);
    return finish_low(x, u, r, env);
}

template <class B>
Next to_int(Exec& x, const Uop* u) {
    using H = typename fp::Traits<B>::Host;
    const H value = std::bit_cast<H>(lane<B>(vec(x, u->a), 0));
    const H limit = u->size == 8 ? H(0x1p63) : H(0x1p31);
    if (value > -limit && value < limit) {
        // An integer already, or cut off, or inexact where that is nothing new.
        const auto whole = static_cast<int64_t>(value);
        const bool exact = static_cast<H>(whole) == value;
        constexpr uint32_t quiet = fp::mxcsr_quiet_inexact;
        if (exact || (u->aux && (x.s.mxcsr & quiet) == quiet)) {
            u->size == 8 ? put<int64_t>(x, u->dst, whole)
                         : put<int32_t>(x, u->dst, static_cast<int32_t>(whole));
            return next(x, u);
        }
    }
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const int64_t r = fp::to_integer(lane<B>(vec(x, u->a), 0), u->size * 8u, u->aux, env);
    if (!settle(x, env)) return raise_simd(x, u);
    u->size == 8 ? put<int64_t>(x, u->dst, r) : put<int32_t>(x, u->dst, static_cast<int32_t>(r));
    return next(x, u);
}

// n elements of From to as many of To; what is left of the register is zero.
template <class From, class To, unsigned n, class F>
[[gnu::always_inline]] inline Next each_element(Exec& x, const Uop* u, F convert) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const Xmm a = vec(x, u->a);
    Xmm r;
    for (unsigned i = 0; i < n; ++i) set_lane(r, i, static_cast<To>(convert(lane<From>(a, i), env)));
    if (!settle(x, env)) return raise_simd(x, u);
    vec(x, u->dst) = r;
    return next(x, u);
}

Next cvtps2pd(Exec& x, const Uop* u) {
    return each_element<uint32_t, uint64_t, 2>(x, u, fp::single_to_double);
}
Next cvtpd2ps(Exec& x, const Uop* u) {
    return each_element<uint64_t, uint32_t, 2>(x, u, fp::double_to_single);
}
Next cvtdq2ps(Exec& x, const Uop* u) { return each_element<int32_t, uint32_t, 4>(x, u, fp::int_to_single); }
Next cvtdq2pd(Exec& x, const Uop* u) { return each_element<int32_t, uint64_t, 2>(x, u, fp::int_to_double); }

template <class B>
Next to_dwords(Exec& x, const Uop* u) {
    return each_element<B, uint32_t, 16 / sizeof(B)>(
        x, u, [u](B v, fp::Env& env) { return fp::to_integer(v, 32, u->aux, env); });
}

}  // namespace

void register_sse_convert(HandlerTable& t, Mode) {
    t.set(Op::cvtss2sd, single_to_double);
    t.set(Op::cvtsd2ss, double_to_single);
    t.set(Op::cvtsi2ss, int_to_single);
    t.set(Op::cvtsi2sd, int_to_double);
    t.set(Op::cvtss2si, to_int<uint32_t>);
    t.set(Op::cvtsd2si, to_int<uint64_t>);
    t.set(Op::cvtps2pd, cvtps2pd);
    t.set(Op::cvtpd2ps, cvtpd2ps);
    t.set(Op::cvtdq2ps, cvtdq2ps);
    t.set(Op::cvtdq2pd, cvtdq2pd);
    t.set(Op::cvtps2dq, to_dwords<uint32_t>);
    t.set(Op::cvtpd2dq, to_dwords<uint64_t>);
}

}  // namespace stile::model
