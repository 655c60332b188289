// SPDX-License-Identifier: Apache-2.0
//
// SSE floating point: arithmetic, comparison, estimates.
#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"

namespace stile::model {
namespace {

namespace fp = isa::fp;
using fp::Arith;

// What the inline path could not settle.
template <Arith op, class B>
[[gnu::noinline]] Next scalar_slow(Exec& x, const Uop* u) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    Xmm r = vec(x, u->a);
    set_lane(r, 0, fp::arith_exact(op, lane<B>(r, 0), lane<B>(vec(x, u->b), 0), env));
    if (!settle(x, env)) return raise_simd(x, u);
    vec(x, u->dst) = r;
    return next(x, u);
}

template <Arith op, class B>
Next scalar(Exec& x, const Uop* u) {
    using Hv = typename fp::HostVector<B>::type;
    auto r = std::bit_cast<Hv>(whole(x, u->a));
    B out;
    if (!fp::arith_fast<op, B>(lane<B>(vec(x, u->a), 0), lane<B>(vec(x, u->b), 0), x.s.mxcsr, out)) {
        return scalar_slow<op, B>(x, u);
    }
    r[0] = std::bit_cast<typename fp::Traits<B>::Host>(out);
    set_whole(x, u->dst, std::bit_cast<Vec128>(r));
    return next(x, u);
}

template <Arith op, class B>
[[gnu::noinline]] bool packed_slow(Exec& x, const Uop* u) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const Xmm a = vec(x, u->a), b = vec(x, u->b);
    Xmm r;
    for (unsigned i = 0; i < 16 / sizeof(B); ++i) {
        set_lane(r, i, fp::arith_exact(op, lane<B>(a, i), lane<B>(b, i), env));
    }
    if (!settle(x, env)) return false;
    vec(x, u->dst) = r;
    return true;
}

template <Arith op, class B>
Next packed(Exec& x, const Uop* u) {
    Vec128 r;
    if (fp::packed_fast<op, B>(whole(x, u->a), whole(x, u->b), x.s.mxcsr, r)) {
        set_whole(x, u->dst, r);
    } else if (!packed_slow<op, B>(x, u)) {
        return raise_simd(x, u);
    }
    return next(x, u);
}

template <class B, bool all>
[[gnu::noinline]] Next compare_mask_slow(Exec& x, const Uop* u) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const Xmm a = vec(x, u->a), b = vec(x, u->b);
    Xmm r = a;
    for (unsigned i = 0; i < (all ? 16 / sizeof(B) : 1); ++i) {
        const bool holds = fp::compare_predicate(u->imm & 7, lane<B>(a, i), lane<B>(b, i), env);
        set_lane(r, i, static_cast<B>(holds ? ~0ull : 0));
    }
    if (!settle(x, env)) return raise_simd(x, u);
    vec(x, u->dst) = r;
    return next(x, u);
}

// Neither NaNs nor denormals: nothing to raise.
template <class B, bool all>
Next compare_mask(Exec& x, const Uop* u) {
    using H = typename fp::Traits<B>::Host;
    const Xmm a = vec(x, u->a), b = vec(x, u->b);
    const unsigned kind = u->imm & 3;
    const bool negated = u->imm & 4;
    Xmm r = a;
    for (unsigned i = 0; i < (all ? 16 / sizeof(B) : 1); ++i) {
        const B p = lane<B>(a, i), q = lane<B>(b, i);
        const H v = std::bit_cast<H>(p), w = std::bit_cast<H>(q);
        if (!(v == v && w == w) || fp::is_denormal(p) || fp::is_denormal(q))
            return compare_mask_slow<B, all>(x, u);
        const bool holds = kind == 0 ? v == w : kind == 1 ? v < w : kind == 2 ? v <= w : false;
        set_lane(r, i, static_cast<B>(holds != negated ? ~0ull : 0));
    }
    vec(x, u->dst) = r;
    return next(x, u);
}

template <class B, bool quiet>
[[gnu::noinline]] bool order_slow(Exec& x, const Uop* u, fp::Order& out) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    out = fp::compare_ordered(lane<B>(vec(x, u->a), 0), lane<B>(vec(x, u->b), 0), quiet, env);
    return settle(x, env);
}

template <class B, bool quiet>
Next compare_flags(Exec& x, const Uop* u) {
    using H = typename fp::Traits<B>::Host;
    const B a = lane<B>(vec(x, u->a), 0), b = lane<B>(vec(x, u->b), 0);
    const auto plain = [](B v) { return fp::is_normal(v) || fp::is_zero(v); };
    fp::Order o;
    if (plain(a) && plain(b)) {
        const H p = std::bit_cast<H>(a), q = std::bit_cast<H>(b);
        o = p < q ? fp::Order::less : p > q ? fp::Order::greater : fp::Order::equal;
    } else if (!order_slow<B, quiet>(x, u, o)) {
        return raise_simd(x, u);
    }
    uint32_t flags = 0;
    if (o == fp::Order::unordered) flags = flag::ZF | flag::PF | flag::CF;
    if (o == fp::Order::less) flags = flag::CF;
    if (o == fp::Order::equal) flags = flag::ZF;
    x.f.set_plain(flags);
    return next(x, u);
}

template <uint32_t (*estimate)(uint32_t), bool all>
Next estimates(Exec& x, const Uop* u) {
    const Xmm b = vec(x, u->b);
    Xmm r = vec(x, u->a);
    for (unsigned i = 0; i < (all ? 4 : 1); ++i) set_lane(r, i, estimate(lane<uint32_t>(b, i)));
    vec(x, u->dst) = r;
    return next(x, u);
}

}  // namespace

void register_sse_arith(HandlerTable& t, Mode) {
#define STILE_REGISTER(name, kind)                      \
    t.set(Op::name##ps, packed<Arith::kind, uint32_t>); \
    t.set(Op::name##pd, packed<Arith::kind, uint64_t>); \
    t.set(Op::name##ss, scalar<Arith::kind, uint32_t>); \
    t.set(Op::name##sd, scalar<Arith::kind, uint64_t>)
    STILE_REGISTER(add, add);
    STILE_REGISTER(sub, sub);
    STILE_REGISTER(mul, mul);
    STILE_REGISTER(div, div);
    STILE_REGISTER(min, min);
    STILE_REGISTER(max, max);
    STILE_REGISTER(sqrt, sqrt);
#undef STILE_REGISTER
    t.set(Op::vcmpps, compare_mask<uint32_t, true>);
    t.set(Op::vcmppd, compare_mask<uint64_t, true>);
    t.set(Op::vcmpss, compare_mask<uint32_t, false>);
    t.set(Op::vcmpsd, compare_mask<uint64_t, false>);
    t.set(Op::comiss, compare_flags<uint32_t, false>);
    t.set(Op::comisd, compare_flags<uint64_t, false>);
    t.set(Op::ucomiss, compare_flags<uint32_t, true>);
    t.set(Op::ucomisd, compare_flags<uint64_t, true>);
    t.set(Op::rcpps, estimates<fp::reciprocal_estimate, true>);
    t.set(Op::rcpss, estimates<fp::reciprocal_estimate, false>);
    t.set(Op::rsqrtps, estimates<fp::reciprocal_sqrt_estimate, true>);
    t.set(Op::rsqrtss, estimates<fp::reciprocal_sqrt_estimate, false>);
}

}  // namespace stile::model
