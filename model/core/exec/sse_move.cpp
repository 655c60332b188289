// SPDX-License-Identifier: Apache-2.0
//
// Moves of vector registers to and from memory, general registers and each other; MXCSR.
#include <bit>

#include "isa/fp/vector_int.h"
#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"

namespace stile::model {
namespace {

namespace fp = isa::fp;

Next vcheck(Exec& x, const Uop* u) {
    if ((x.s.cr0 & cr0_em) || !(x.s.cr4 & cr4_osfxsr)) return raise(x, u, VEC_UD);
    if (x.s.cr0 & cr0_ts) return raise(x, u, VEC_NM);
    return next(x, u);
}

// --- Memory ------------------------------------------------------------------------------------------------
template <Mode mode, bool segmented, class T>
Next load_low(Exec& x, const Uop* u) {
    T value;
    if (!load<mode>(x, u, effective<segmented>(x, u), value)) return raise(x, u);
    set_whole(x, u->dst, Vec128{value, 0});
    return next(x, u);
}

template <Mode mode, bool segmented, bool aligned>
Next load_whole(Exec& x, const Uop* u) {
    const uint64_t at = effective<segmented>(x, u);
    if (aligned && (at & 15)) return raise_gp(x, u);
    Vec128 value;
    if (!load<mode>(x, u, at, value)) return raise(x, u);
    set_whole(x, u->dst, value);
    return next(x, u);
}

template <Mode mode, bool segmented, bool high>
Next load_half(Exec& x, const Uop* u) {
    uint64_t value;
    if (!load<mode>(x, u, effective<segmented>(x, u), value)) return raise(x, u);
    Vec128 v = whole(x, u->c);
    v[high] = value;
    set_whole(x, u->dst, v);
    return next(x, u);
}

template <Mode mode, bool segmented, class T, bool high = false>
Next store_part(Exec& x, const Uop* u) {
    const Xmm& v = vec(x, u->c);
    const T value = static_cast<T>(high ? v.hi : v.lo);
    if (!store<mode>(x, u, effective<segmented>(x, u), value)) return raise(x, u);
    return next(x, u);
}

template <Mode mode, bool segmented, bool aligned>
Next store_whole(Exec& x, const Uop* u) {
    const uint64_t at = effective<segmented>(x, u);
    if (aligned && (at & 15)) return raise_gp(x, u);
    if (!store<mode>(x, u, at, whole(x, u->c))) return raise(x, u);
    return next(x, u);
}

// Each run of selected bytes is one store, once all sixteen may be written: the manual leaves open whether
// bytes that are not selected can fault (Intel SDM vol. 2, MASKMOVDQU); on AMD's processors, and here, they
// do.
Next maskmov(Exec& x, const Uop* u) {
    const Xmm data = vec(x, u->b);
    const unsigned selected = fp::sign_mask<uint8_t>(vec(x, u->c));
    const uint64_t base = string_destination(x, u);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&data);
    if (!writable(x, u, base, 16)) return raise(x, u);
    for (unsigned i = 0; i < 16;) {
        const unsigned run = static_cast<unsigned>(std::countr_one(selected >> i));
        if (run && !write_memory(x, u, base + i, bytes + i, run)) return raise(x, u);
        i += run + 1;
    }
    return next(x, u);
}

// --- Registers ---------------------------------------------------------------------------------------------
Next move(Exec& x, const Uop* u) {
    set_whole(x, u->dst, whole(x, u->a));
    return next(x, u);
}

Next move_low(Exec& x, const Uop* u) {
    set_whole(x, u->dst, Vec128{vec(x, u->a).lo, 0});
    return next(x, u);
}

Next insert_4(Exec& x, const Uop* u) {
    const Vec128 a = whole(x, u->a);
    const uint64_t low = (a[0] & ~0xffffffffull) | static_cast<uint32_t>(vec(x, u->b).lo);
    set_whole(x, u->dst, Vec128{low, a[1]});
    return next(x, u);
}

Next insert_8(Exec& x, const Uop* u) {
    set_whole(x, u->dst, Vec128{vec(x, u->b).lo, vec(x, u->a).hi});
    return next(x, u);
}

Next high_to_low(Exec& x, const Uop* u) {
    set_whole(x, u->dst, Vec128{vec(x, u->b).hi, vec(x, u->a).hi});
    return next(x, u);
}

Next low_to_high(Exec& x, const Uop* u) {
    set_whole(x, u->dst, Vec128{vec(x, u->a).lo, vec(x, u->b).lo});
    return next(x, u);
}

template <class T>
Next from_general(Exec& x, const Uop* u) {
    set_whole(x, u->dst, Vec128{get<T>(x, u->a), 0});
    return next(x, u);
}

template <class T>
Next to_general(Exec& x, const Uop* u) {
    put<T>(x, u->dst, static_cast<T>(vec(x, u->a).lo));
    return next(x, u);
}

template <class T>
Next signs(Exec& x, const Uop* u) {
    put<uint32_t>(x, u->dst, fp::sign_mask<T>(vec(x, u->a)));
    return next(x, u);
}

Next extract_word(Exec& x, const Uop* u) {
    put<uint32_t>(x, u->dst, lane<uint16_t>(vec(x, u->a), u->imm & 7));
    return next(x, u);
}

Next insert_word(Exec& x, const Uop* u) {
    Xmm v = vec(x, u->a);
    set_lane(v, u->imm & 7, get<uint16_t>(x, u->b));
    vec(x, u->dst) = v;
    return next(x, u);
}

// --- MXCSR -------------------------------------------------------------------------------------------------
template <Mode mode>
Next load_mxcsr(Exec& x, const Uop* u) {
    uint32_t value;
    if (!load<mode>(x, u, effective(x, u), value)) return raise(x, u);
    if (value & fp::mxcsr_reserved) return raise_gp(x, u);
    x.s.mxcsr = value;
    return next(x, u);
}

template <Mode mode>
Next store_mxcsr(Exec& x, const Uop* u) {
    if (!store<mode>(x, u, effective(x, u), x.s.mxcsr)) return raise(x, u);
    return next(x, u);
}

template <Mode mode>
void register_memory(HandlerTable& t) {
    t.set(Op::vld4, load_low<mode, false, uint32_t>, load_low<mode, true, uint32_t>);
    t.set(Op::vld8, load_low<mode, false, uint64_t>, load_low<mode, true, uint64_t>);
    t.set(Op::vld16, load_whole<mode, false, false>, load_whole<mode, true, false>);
    t.set(Op::vld16a, load_whole<mode, false, true>, load_whole<mode, true, true>);
    t.set(Op::vldlo, load_half<mode, false, false>, load_half<mode, true, false>);
    t.set(Op::vldhi, load_half<mode, false, true>, load_half<mode, true, true>);
    t.set(Op::vst4, store_part<mode, false, uint32_t>, store_part<mode, true, uint32_t>);
    t.set(Op::vst8, store_part<mode, false, uint64_t>, store_part<mode, true, uint64_t>);
    t.set(Op::vsthi, store_part<mode, false, uint64_t, true>, store_part<mode, true, uint64_t, true>);
    t.set(Op::vst16, store_whole<mode, false, false>, store_whole<mode, true, false>);
    t.set(Op::vst16a, store_whole<mode, false, true>, store_whole<mode, true, true>);
    t.set(Op::ldmxcsr, load_mxcsr<mode>);
    t.set(Op::stmxcsr, store_mxcsr<mode>);
}

}  // namespace

void register_sse_move(HandlerTable& t, Mode mode) {
    instantiate(mode, [&]<Mode m>() { register_memory<m>(t); });
    t.set(Op::vcheck, vcheck);
    t.set(Op::maskmov, maskmov);
    t.set(Op::vmov, move);
    t.set(Op::vmovq, move_low);
    t.set(Op::vins4, insert_4);
    t.set(Op::vins8, insert_8);
    t.set(Op::vmovhl, high_to_low);
    t.set(Op::vmovlh, low_to_high);
    t.set(Op::vfromg4, from_general<uint32_t>);
    t.set(Op::vfromg8, from_general<uint64_t>);
    t.set(Op::vtog4, to_general<uint32_t>);
    t.set(Op::vtog8, to_general<uint64_t>);
    t.set(Op::movmskps, signs<uint32_t>);
    t.set(Op::movmskpd, signs<uint64_t>);
    t.set(Op::pmovmskb, signs<uint8_t>);
    t.set(Op::pextrw, extract_word);
    t.set(Op::pinsrw, insert_word);
}

}  // namespace stile::model
