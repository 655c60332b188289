// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "tests/isa/plant/plant.h"

namespace stile::fuzz {

namespace {

using model::FlagKind;
using model::get;
using model::put;
namespace flag = model::flag;

// CF of a + b where that of a + b + CF is wanted.
template <typename T, bool immediate>
Next adc(Exec& x, const Uop* u) {
    const auto a = get<T>(x, u->a), b = immediate ? static_cast<T>(u->imm) : get<T>(x, u->b);
    Next out;
    if (!alone(x, u, out)) return out;
    T sum;
    const bool carry = __builtin_add_overflow(a, b, &sum);
    x.f.set_plain((model::flags_of(x) & ~flag::CF) | (carry ? flag::CF : 0u));
    return model::next_unwound(u);
}

// inc by way of add.
template <typename T>
Next inc(Exec& x, const Uop* u) {
    const T a = get<T>(x, u->a);
    x.f.set(FlagKind::add, a, 1, model::flag_shift<T>);
    put<T>(x, u->dst, static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + 1u));
    return model::next_unwound(u);
}

Next mov_keeps_high_half(Exec& x, const Uop* u) {
    x.s.r[u->dst] = (x.s.r[u->dst] & ~0xffffffffull) | get<uint32_t>(x, u->a);
    return model::next_unwound(u);
}

Next low_byte(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.r[u->a] & 0xff;
    return model::next_unwound(u);
}

// A count of 32 or more gives 0.
Next shl_unmasked(Exec& x, const Uop* u) {
    const unsigned n = get<uint8_t>(x, u->b);
    if (n < 32) return as_usual(x, u);
    put<uint32_t>(x, u->dst, 0);
    x.f.set_plain(flag::ZF | flag::PF);
    return model::next_unwound(u);
}

// Modulo the operand size instead of that and one, for the carry.
template <typename U, bool immediate>
Next rcl(Exec& x, const Uop* u) {
    constexpr unsigned width = 8 * sizeof(U);
    const unsigned n =
        (immediate ? static_cast<unsigned>(u->imm) : static_cast<unsigned>(x.s.r[u->b]) & 31) % width;
    auto v = get<U>(x, u->a);
    bool c = model::carry_flag(x.f);
    for (unsigned i = 0; i < n; ++i) {
        const bool out = v >> (width - 1) & 1;
        v = static_cast<U>(v << 1 | (c ? 1 : 0));
        c = out;
    }
    if (n)
        x.f.set_plain((model::flags_of(x) & ~(flag::CF | flag::OF)) | (c ? flag::CF : 0u) |
                      ((v >> (width - 1) & 1) != c ? flag::OF : 0u));
    put<U>(x, u->dst, v);
    return model::next_unwound(u);
}

// The quotient is cut where it does not fit.
Next div_without_fault(Exec& x, const Uop* u) {
    const uint64_t divisor = get<uint32_t>(x, u->a);
    if (divisor == 0) return as_usual(x, u);
    const uint64_t dividend =
        static_cast<uint64_t>(get<uint32_t>(x, isa::RDX)) << 32 | get<uint32_t>(x, isa::RAX);
    put<uint32_t>(x, isa::RAX, static_cast<uint32_t>(dividend / divisor));
    put<uint32_t>(x, isa::RDX, static_cast<uint32_t>(dividend % divisor));
    return model::next_unwound(u);
}

Next mul_loses_high_half(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    x.s.r[isa::RDX] = 0;
    return model::next_unwound(u);
}

Next no_bit_offset(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.r[u->a];
    return model::next_unwound(u);
}

// A conditional move of 32 bits that is not done leaves the upper half as it was.
Next cmov_is_a_skip(Exec& x, const Uop* u) {
    if (model::condition_of(x.f, u->aux)) return as_usual(x, u);
    return model::next_unwound(u);
}

Next move_always(Exec& x, const Uop* u) {
    put<uint32_t>(x, u->dst, get<uint32_t>(x, u->a));
    return model::next_unwound(u);
}

Next imul_ignores_overflow(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    x.f.set_plain(model::flags_of(x) & ~flag::CF);
    return model::next_unwound(u);
}

Next sign_extends(Exec& x, const Uop* u) {
    x.s.r[u->dst] = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(x.s.r[u->a])));
    return model::next_unwound(u);
}

// One micro-op is taken for another.
std::function<void(model::Core::Impl&)> mistake_for(Op op, Op other) {
    return [op, other](model::Core::Impl& core) {
        core.translated = [op, other, &core](model::Block& b) {
            for (Uop& u : b.code.uops) {
                Uop wrong = u;
                wrong.op = other;
                if (u.op == op) set_handler(u, model::handlers(core.mode()).select(wrong));
            }
        };
    };
}

}  // namespace

const std::vector<Bug>& integer_bugs() {
    static const std::vector<Bug> bugs{
        {"AdcForgetsACarry", "adc: CF of the sum without the carry that came in", "adc",
         replace({{Op::adc1_rr, adc<uint8_t, false>},
                  {Op::adc2_rr, adc<uint16_t, false>},
                  {Op::adc4_rr, adc<uint32_t, false>},
                  {Op::adc8_rr, adc<uint64_t, false>},
                  {Op::adc1_ri, adc<uint8_t, true>},
                  {Op::adc2_ri, adc<uint16_t, true>},
                  {Op::adc4_ri, adc<uint32_t, true>},
                  {Op::adc8_ri, adc<uint64_t, true>}})},
        {"IncSetsCarry", "inc: sets CF as add does", "inc",
         replace({{Op::inc1, inc<int8_t>},
                  {Op::inc2, inc<int16_t>},
                  {Op::inc4, inc<int32_t>},
                  {Op::inc8, inc<int64_t>}})},
        {"MovKeepsTheUpperHalf", "mov r32, r32: bits 63:32 stay", "mov|xchg|cmpxchg",
         replace({{Op::mov4, mov_keeps_high_half}})},
        {"AddIsTooWide", "add r16: done at 32 bits", "add", mistake_for(Op::add2_rr, Op::add4_rr)},
        {"HighByteIsTheLowByte", "ah, ch, dh, bh read as al, cl, dl, bl", "h",
         replace({{Op::ext_h, low_byte}})},
        {"ImmediateIsNotExtended", "add r64, imm8: the byte is zero-extended", "add",
         in_every_uop([](Uop& u, model::Block&) {
             const auto imm = static_cast<int64_t>(u.imm);
             if (u.op == Op::add8_ri && imm < 0 && imm >= -128) u.imm &= 0xff;
         })},
        {"ShiftCountIsNotMasked", "shl r32, cl: 32 and more shift everything out", "shl|sal",
         replace({{Op::shl4_rr, shl_unmasked}})},
        {"RclBySize", "rcl: modulo 8, 16 instead of 9, 17", "rcl",
         replace({{Op::rcl1_rr, rcl<uint8_t, false>},
                  {Op::rcl1_ri, rcl<uint8_t, true>},
                  {Op::rcl2_rr, rcl<uint16_t, false>},
                  {Op::rcl2_ri, rcl<uint16_t, true>}})},
        {"SarIsShr", "sar r32, imm8: zeros come in", "sar", mistake_for(Op::sar4_ri, Op::shr4_ri)},
        {"DivDoesNotFault", "div r32: no #DE where the quotient does not fit", "div",
         replace({{Op::div4, div_without_fault}})},
        {"MulLosesTheHighHalf", "mul r64: rdx is 0", "mul", replace({{Op::mulw8, mul_loses_high_half}})},
        {"ImulOverflowIsNotSeen", "imul r32: CF stays 0", "imul",
         replace({{Op::imul4_rr, imul_ignores_overflow}, {Op::imul4_ri, imul_ignores_overflow}})},
        {"BitOffsetIgnored", "bt m, r: the bit is looked for in the addressed word only", "bt",
         replace({{Op::bitoff2, no_bit_offset}, {Op::bitoff4, no_bit_offset}, {Op::bitoff8, no_bit_offset}})},
        {"CmovKeepsTheUpperHalf", "cmov r32 that is not done: bits 63:32 stay", "cmov",
         replace({{Op::cmov4, cmov_is_a_skip}})},
        {"CmpxchgAlwaysLoads", "cmpxchg r/m32 that is not done: the destination is written", "cmpxchg",
         replace({{Op::movif4, move_always}})},
        {"MovzxSignExtends", "movzx from a byte: sign-extended", "movzx|xlatb",
         replace({{Op::zx1, sign_extends}})},
    };
    return bugs;
}

}  // namespace stile::fuzz
