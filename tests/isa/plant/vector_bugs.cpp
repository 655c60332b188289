// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/vector.h"
#include "tests/isa/plant/plant.h"

namespace stile::fuzz {

namespace {

using model::effective;
using model::raise;
using model::vec;

Next movss_merges(Exec& x, const Uop* u) {
    uint32_t value;
    if (!model::read_memory(x, u, effective(x, u), &value, 4)) return raise(x, u);
    model::set_lane(vec(x, u->dst), 0, value);
    return model::next_unwound(u);
}

Next forgets_exceptions(Exec& x, const Uop* u) {
    const uint32_t mxcsr = x.s.mxcsr;
    Next out;
    if (!alone(x, u, out)) return out;
    x.s.mxcsr = mxcsr;
    return model::next_unwound(u);
}

Next top_moves(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    x.s.x87.top = (x.s.x87.top + 1) & 7;
    return model::next_unwound(u);
}

// The NaN of the hardware in place of the operand's.
Next loses_payload(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    const auto bits = model::lane<uint64_t>(vec(x, u->dst), 0);
    if ((bits & ~(1ull << 63)) > 0x7ff0000000000000)
        model::set_lane(vec(x, u->dst), 0, 0xfff8000000000000ull);
    return model::next_unwound(u);
}

// Stores and loads that must be aligned.
template <bool load>
Next unaligned(Exec& x, const Uop* u) {
    return as(x, u, load ? Op::vld16 : Op::vst16);
}

Next wraps_around(Exec& x, const Uop* u) { return as(x, u, Op::paddb); }

}  // namespace

const std::vector<Bug>& vector_bugs() {
    static const std::vector<Bug> bugs{
        {"MovssLoadKeepsTheRest", "movss xmm, m32: bits 127:32 stay", "movss|movd",
         replace({{Op::vld4, movss_merges}})},
        {"ExceptionFlagIsLost", "mulps, mulpd, mulss, mulsd: MXCSR's sticky flags are not set", "mul",
         replace({{Op::mulps, forgets_exceptions},
                  {Op::mulpd, forgets_exceptions},
                  {Op::mulss, forgets_exceptions},
                  {Op::mulsd, forgets_exceptions}})},
        {"FxchMovesTop", "fxch: TOP is one too high afterwards", "fxch", replace({{Op::fxch, top_moves}})},
        {"ConversionTruncates", "cvtsd2si: MXCSR's rounding mode is ignored", "cvtsd2si",
         in_every_uop([](Uop& u, model::Block&) {
             if (u.op == Op::cvtsd2si) u.aux = 1;
         })},
        {"NanLosesItsPayload", "addsd: a NaN operand becomes the default NaN", "addsd",
         replace({{Op::addsd, loses_payload}})},
        {"AlignmentIsNotChecked", "operands of 16 bytes: no #GP at an odd address", "xmm",
         replace({{Op::vld16a, unaligned<true>}, {Op::vst16a, unaligned<false>}})},
        {"PaddsbWraps", "paddsb: wraps around", "paddsb", replace({{Op::paddsb, wraps_around}})},
    };
    return bugs;
}

}  // namespace stile::fuzz
