// SPDX-License-Identifier: Apache-2.0
//
// Into the kernel and out of it: syscall, sysret, interrupts by instruction; and the flags that decide about
// them.
#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/core/page_walker.h"

namespace stile::model {

// What popf and iret may set, by privilege (Intel SDM vol. 2, POPF). VIF, VIP and VM do not exist here.
uint64_t settable_flags(const Exec& x) {
    constexpr uint64_t iopl_mask = 3 << 12;
    uint64_t mask = flag::arithmetic | flag::TF | flag::DF | flag::NT | flag::AC | flag::ID;
    if (x.s.cpl <= (x.s.rflags_system >> 12 & 3)) mask |= flag::IF;
    if (x.s.cpl == 0) mask |= iopl_mask;
    return mask;
}

namespace {

enum : uint64_t { EFER_SCE = 1 };

Next syscall(Exec& x, const Uop* u) {
    CpuState& s = x.s;
    if (!(s.efer & EFER_SCE)) return raise(x, u, VEC_UD);
    const uint64_t rflags = read_rflags(x) & ~uint64_t{flag::RF};
    s.r[isa::RCX] = after(x, u);
    s.r[isa::R11] = rflags;
    write_rflags(x, rflags & ~s.sfmask);
    s.cs = static_cast<uint16_t>(s.star >> 32 & 0xfffc);
    s.ss = static_cast<uint16_t>(s.cs + 8);
    impl_of(x).set_ring(0);
    ++impl_of(x).counters.syscalls;
    return leave(x, Exit::serial, s.lstar, STILE_XFER_SEQ, true);
}

Next sysret(Exec& x, const Uop* u) {
    CpuState& s = x.s;
    if (!(s.efer & EFER_SCE)) return raise(x, u, VEC_UD);
    if (s.cpl != 0) return raise_gp(x, u);
    if (u->size != 8) return raise(x, u, VEC_UD);  // to compatibility mode, which does not exist here
    if (!canonical(s.r[isa::RCX])) return raise_gp(x, u);
    write_rflags(x, s.r[isa::R11] & 0x3c7fd7);
    s.cs = static_cast<uint16_t>((s.star >> 48) + 16) | 3;
    s.ss = static_cast<uint16_t>((s.star >> 48) + 8) | 3;
    impl_of(x).set_ring(3);
    return leave(x, Exit::user, s.r[isa::RCX], STILE_XFER_SEQ, true);
}

// has_error marks the interrupts whose gate must admit the ring that asks.
Next trap(Exec& x, const Uop* u, uint8_t vector, bool privilege_check) {
    x.fault = {vector, privilege_check, 0, 0};
    return leave(x, Exit::trap, after(x, u), STILE_XFER_SEQ, false);
}
Next int_n(Exec& x, const Uop* u) { return trap(x, u, static_cast<uint8_t>(u->imm), true); }
Next int3(Exec& x, const Uop* u) { return trap(x, u, VEC_BP, true); }
Next int1(Exec& x, const Uop* u) { return trap(x, u, VEC_DB, false); }

Next rdflags(Exec& x, const Uop* u) {
    x.s.r[u->dst] = read_rflags(x) & ~uint64_t{flag::RF};
    return next(x, u);
}
Next wrflags(Exec& x, const Uop* u) {
    uint64_t mask = settable_flags(x);
    if (u->size == 2) mask &= 0xffff;
    write_rflags(x, (x.s.r[u->a] & mask) | (read_rflags(x) & ~(mask | flag::RF)));
    return leave_serial(x, u);
}
bool may_change_if(const Exec& x) { return x.s.cpl <= (x.s.rflags_system >> 12 & 3); }
Next cli(Exec& x, const Uop* u) {
    if (!may_change_if(x)) return raise_gp(x, u);
    x.s.rflags_system &= ~flag::IF;
    return next(x, u);
}
Next sti(Exec& x, const Uop* u) {
    if (!may_change_if(x)) return raise_gp(x, u);
    if (!(x.s.rflags_system & flag::IF)) x.interrupt_shadow = true;
    x.s.rflags_system |= flag::IF;
    return leave_serial(x, u);
}

// Also clac and stac: CPUID offers no SMAP, so they do not exist for any ring.
Next ud(Exec& x, const Uop* u) { return raise(x, u, VEC_UD); }

Next unsupported(Exec& x, const Uop* u) {
    Core::Impl& c = impl_of(x);
    const isa::InsnInfo& insn = c.block->code.insns[u->insn];
    const uint64_t rip = x.s.r[isa::PCBASE] + insn.offset;
    uint8_t bytes[isa::max_instruction_bytes];
    if (c.observer && x.mmu->probe_read(rip, bytes, insn.length))
        c.observer->unsupported(c.self, rip, {bytes, insn.length});
    return raise(x, u, VEC_UD);
}

Next mark(Exec& x, const Uop* u) { return leave(x, Exit::marker, after(x, u), STILE_XFER_SEQ, false); }

}  // namespace

void register_gates(HandlerTable& table, Mode) {
    table.set(Op::mark, mark);
    table.set(Op::ud, ud);
    table.set(Op::unsupported, unsupported);
    table.set(Op::syscall, syscall);
    table.set(Op::sysret, sysret);
    table.set(Op::int_n, int_n);
    table.set(Op::int3, int3);
    table.set(Op::int1, int1);
    table.set(Op::rdflags, rdflags);
    table.set(Op::wrflags, wrflags);
    table.set(Op::cli, cli);
    table.set(Op::sti, sti);
    table.set(Op::clac, ud);
    table.set(Op::stac, ud);
}

}  // namespace stile::model
