// SPDX-License-Identifier: Apache-2.0
//
// Far transfers: iret, far return, far call and far jump (Intel SDM vol. 2). Everything is checked before
// anything changes.
#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

using isa::RSP;

// Reads n words of a return frame.
bool read_frame(Exec& x, const Uop* u, uint64_t at, unsigned n, uint64_t* out) {
    uint8_t raw[40];
    if (!read_memory(x, u, at, raw, n * u->size)) return false;
    for (unsigned i = 0; i < n; ++i) {
        out[i] = 0;
        std::memcpy(&out[i], raw + i * u->size, u->size);
    }
    return true;
}

struct Destination {
    uint64_t rip, rsp;
    uint16_t cs, ss;
};

// To the same ring, or outward; `with_stack`: SS:RSP come from the frame (always so in a 64-bit iret). The
// RIP is looked at before the stack segment, as AMD's processors do (Intel SDM vol. 2: after it).
Next far_return(Exec& x, const Uop* u, const Destination& to, bool with_stack) {
    Core::Impl& c = impl_of(x);
    CpuState& s = x.s;
    if (!c.code_segment_for_return(to.cs, x.fault)) return raise(x, u);
    const unsigned ring = to.cs & 3;
    if (!canonical(to.rip)) return raise_gp(x, u);
    if (with_stack && !c.stack_segment_for_return(to.ss, ring, x.fault)) return raise(x, u);
    if (with_stack) s.ss = to.ss;
    s.r[RSP] = to.rsp;
    s.cs = to.cs;
    const bool outward = ring > s.cpl;
    if (outward)
        c.drop_inner_segments(ring);
    else
        variant(x, u, isa::OpClass::sys_iret_same);
    c.set_ring(ring);
    return leave(x, outward && ring == 3 ? Exit::user : Exit::serial, to.rip, STILE_XFER_JUMP, true);
}

Next iret(Exec& x, const Uop* u) {
    if (x.s.rflags_system & flag::NT) return raise_gp(x, u);
    uint64_t frame[5];
    if (!read_frame(x, u, x.s.r[RSP], 5, frame)) return raise(x, u);
    const uint64_t mask = settable_flags(x) | flag::RF;
    const uint64_t rflags = (frame[2] & mask) | (read_rflags(x) & ~mask);
    const Destination to{frame[0], frame[3], static_cast<uint16_t>(frame[1]),
                         static_cast<uint16_t>(frame[4])};
    const Next out = far_return(x, u, to, true);
    if (x.exit == Exit::fault) return out;
    write_rflags(x, rflags);
    impl_of(x).nmi_blocked = false;
    return out;
}

Next retf(Exec& x, const Uop* u) {
    const uint64_t rsp = x.s.r[RSP];
    uint64_t frame[2], stack[2] = {};
    if (!read_frame(x, u, rsp, 2, frame)) return raise(x, u);
    const auto cs = static_cast<uint16_t>(frame[1]);
    // A selector of an inner ring is refused in the end, but as AMD's processors do it not before a look at
    // where an outer stack's pointer would be. Intel's refuse it at once (SDM vol. 2, RET).
    if ((cs & 3) == x.s.cpl) return far_return(x, u, {frame[0], rsp + 2 * u->size + u->imm, cs, 0}, false);
    if (!read_frame(x, u, rsp + 2 * u->size + u->imm, 2, stack)) return raise(x, u);
    return far_return(x, u, {frame[0], stack[0] + u->imm, cs, static_cast<uint16_t>(stack[1])}, true);
}

uint16_t with_ring(const Exec& x, uint64_t selector) {
    return static_cast<uint16_t>((selector & ~3u) | x.s.cpl);
}

// Null: go ahead, to a code segment. A call gate is refused aloud: 64-bit kernels that have one are unknown
// to us. In another domain a far transfer, call or not, arrives as a jump does: there is no far crossing
// return.
Next refuse_target(Exec& x, const Uop* u, bool& refused) {
    bool gate = false;
    refused = true;
    if (!impl_of(x).code_segment_for_jump(get<uint16_t>(x, u->b), gate, x.fault))
        return gate ? handlers(Mode::functional).select({.op = Op::unsupported})(x, u) : raise(x, u);
    if (!canonical(x.s.r[u->a])) return raise_gp(x, u);
    refused = false;
    return nullptr;
}

Next jmp_far(Exec& x, const Uop* u) {
    bool refused;
    const Next out = refuse_target(x, u, refused);
    if (refused) return out;
    x.s.cs = with_ring(x, x.s.r[u->b]);
    return leave(x, Exit::serial, x.s.r[u->a], STILE_XFER_JUMP, true);
}

Next call_far(Exec& x, const Uop* u) {
    bool refused;
    const Next out = refuse_target(x, u, refused);
    if (refused) return out;
    uint8_t frame[16] = {};
    const uint64_t back = after(x, u);
    std::memcpy(frame, &back, u->size);
    std::memcpy(frame + u->size, &x.s.cs, 2);
    const uint64_t rsp = x.s.r[RSP] - 2 * u->size;
    if (!write_memory(x, u, rsp, frame, 2 * u->size)) return raise(x, u);
    x.s.r[RSP] = rsp;
    x.s.cs = with_ring(x, x.s.r[u->b]);
    return leave(x, Exit::serial, x.s.r[u->a], STILE_XFER_JUMP, true);
}

}  // namespace

void register_far(HandlerTable& table, Mode) {
    table.set(Op::iret, iret);
    table.set(Op::retf, retf);
    table.set(Op::jmp_far, jmp_far);
    table.set(Op::call_far, call_far);
}

}  // namespace stile::model
