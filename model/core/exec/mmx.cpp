// SPDX-License-Identifier: Apache-2.0
//
// MMX: 64-bit registers in the significands of the x87 stack. What the packed operations do is in
// isa/fp/vector_int.h, for both widths.
#include <bit>

#include "isa/fp/vector_int.h"
#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"
#include "model/core/exec/x87.h"

namespace stile::model {
namespace {

namespace fp = isa::fp;

X87Register& slot(Exec& x, unsigned reg) { return x.s.x87.st[reg - isa::MMX0]; }

// The x87 unit is MMX's from now on, until emms (Intel SDM vol. 1, 9.5.1).
void enter(Exec& x) {
    x.s.x87.top = 0;
    x.s.x87.tag = 0xff;
}
uint64_t read(Exec& x, unsigned reg) { return slot(x, reg).significand; }
void write(Exec& x, unsigned reg, uint64_t value) {
    enter(x);
    slot(x, reg) = {value, 0xffff};
}

Next mcheck(Exec& x, const Uop* u) {
    if (x.s.cr0 & cr0_em) return raise(x, u, VEC_UD);
    if (x.s.cr0 & cr0_ts) return raise(x, u, VEC_NM);
    if (x87::pending(x.s.x87)) return raise(x, u, VEC_MF);
    return next(x, u);
}

// --- Memory ------------------------------------------------------------------------------------------------
template <Mode mode, class T>
Next load_part(Exec& x, const Uop* u) {
    T value;
    if (!load<mode>(x, u, effective(x, u), value)) return raise(x, u);
    write(x, u->dst, value);
    return next(x, u);
}

template <Mode mode, class T>
Next store_part(Exec& x, const Uop* u) {
    if (!store<mode>(x, u, effective(x, u), static_cast<T>(read(x, u->c)))) return raise(x, u);
    enter(x);
    return next(x, u);
}

// As maskmovdqu. The unit is MMX's even if it faults.
Next maskmov(Exec& x, const Uop* u) {
    enter(x);
    const auto bytes = std::bit_cast<std::array<uint8_t, 8>>(read(x, u->b));
    const unsigned selected = fp::sign_mask<uint8_t>(read(x, u->c));
    const uint64_t base = string_destination(x, u);
    if (!writable(x, u, base, 8)) return raise(x, u);
    for (unsigned i = 0; i < 8;) {
        const unsigned run = static_cast<unsigned>(std::countr_one(selected >> i));
        if (run && !write_memory(x, u, base + i, &bytes[i], run)) return raise(x, u);
        i += run + 1;
    }
    return next(x, u);
}

// --- Moves -------------------------------------------------------------------------------------------------
Next move(Exec& x, const Uop* u) {
    write(x, u->dst, read(x, u->a));
    return next(x, u);
}

template <class T>
Next from_general(Exec& x, const Uop* u) {
    write(x, u->dst, get<T>(x, u->a));
    return next(x, u);
}

template <class T>
Next to_general(Exec& x, const Uop* u) {
    enter(x);
    put<T>(x, u->dst, static_cast<T>(read(x, u->a)));
    return next(x, u);
}

Next to_xmm(Exec& x, const Uop* u) {
    enter(x);
    vec(x, u->dst) = {read(x, u->a), 0};
    return next(x, u);
}

Next from_xmm(Exec& x, const Uop* u) {
    write(x, u->dst, vec(x, u->a).lo);
    return next(x, u);
}

Next signs(Exec& x, const Uop* u) {
    enter(x);
    put<uint32_t>(x, u->dst, fp::sign_mask<uint8_t>(read(x, u->a)));
    return next(x, u);
}

Next extract_word(Exec& x, const Uop* u) {
    enter(x);
    put<uint32_t>(x, u->dst, static_cast<uint16_t>(read(x, u->a) >> 16 * u->imm));
    return next(x, u);
}

Next insert_word(Exec& x, const Uop* u) {
    const unsigned at = static_cast<unsigned>(16 * u->imm);
    const uint64_t word = get<uint16_t>(x, u->b);
    write(x, u->dst, (read(x, u->a) & ~(0xffffull << at)) | word << at);
    return next(x, u);
}

// --- Packed integers ---------------------------------------------------------------------------------------
template <auto function>
Next binary(Exec& x, const Uop* u) {
    write(x, u->dst, function(read(x, u->a), read(x, u->b)));
    return next(x, u);
}

template <auto function>
Next with_immediate(Exec& x, const Uop* u) {
    write(x, u->dst, function(read(x, u->a), u->imm));
    return next(x, u);
}

// --- Conversions -------------------------------------------------------------------------------------------
Next ints_to_singles(Exec& x, const Uop* u) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    Xmm r = vec(x, u->a);
    for (unsigned i = 0; i < 2; ++i) {
        set_lane(r, i, fp::int_to_single(lane<int32_t>(vec(x, u->b), i), env));
    }
    if (!settle(x, env)) return raise_simd(x, u);
    vec(x, u->dst) = r;
    return next(x, u);
}

// The unit is MMX's even if the conversion raises an exception, as on AMD's processors; the manuals are
// silent.
template <class B>
Next to_dwords(Exec& x, const Uop* u) {
    fp::Env env = fp::env_of_mxcsr(x.s.mxcsr);
    const Xmm a = vec(x, u->a);
    uint64_t r = 0;
    for (unsigned i = 0; i < 2; ++i) {
        const int64_t value = fp::to_integer(lane<B>(a, i), 32, u->aux, env);
        r |= static_cast<uint64_t>(static_cast<uint32_t>(value)) << 32 * i;
    }
    enter(x);
    if (!settle(x, env)) return raise_simd(x, u);
    write(x, u->dst, r);
    return next(x, u);
}

Next emms(Exec& x, const Uop* u) {
    x.s.x87.top = 0;
    x.s.x87.tag = 0;
    return next(x, u);
}

template <Mode mode>
void register_memory(HandlerTable& t) {
    t.set(Op::mld4, load_part<mode, uint32_t>);
    t.set(Op::mld8, load_part<mode, uint64_t>);
    t.set(Op::mst4, store_part<mode, uint32_t>);
    t.set(Op::mst8, store_part<mode, uint64_t>);
}

}  // namespace

void register_mmx(HandlerTable& t, Mode mode) {
    instantiate(mode, [&]<Mode m>() { register_memory<m>(t); });
    t.set(Op::mcheck, mcheck);
    t.set(Op::mmaskmov, maskmov);
    t.set(Op::mmov, move);
    t.set(Op::mfromg4, from_general<uint32_t>);
    t.set(Op::mfromg8, from_general<uint64_t>);
    t.set(Op::mtog4, to_general<uint32_t>);
    t.set(Op::mtog8, to_general<uint64_t>);
    t.set(Op::mtox, to_xmm);
    t.set(Op::mfromx, from_xmm);
    t.set(Op::m_pmovmskb, signs);
    t.set(Op::m_pextrw, extract_word);
    t.set(Op::m_pinsrw, insert_word);
    t.set(Op::m_pshufw, with_immediate<fp::pshufw<uint64_t>>);
#define STILE_REGISTER(name) t.set(Op::m_##name, binary<fp::name<uint64_t>>);
    STILE_MMX_INT(STILE_REGISTER)
#undef STILE_REGISTER
#define STILE_REGISTER(name)                              \
    t.set(Op::m_##name##_rr, binary<fp::name<uint64_t>>); \
    t.set(Op::m_##name##_ri, with_immediate<fp::name<uint64_t>>);
    STILE_VECTOR_SHIFT(STILE_REGISTER)
#undef STILE_REGISTER
    t.set(Op::cvtpi2ps, ints_to_singles);
    t.set(Op::cvtps2pi, to_dwords<uint32_t>);
    t.set(Op::cvtpd2pi, to_dwords<uint64_t>);
    t.set(Op::emms, emms);
}

}  // namespace stile::model
