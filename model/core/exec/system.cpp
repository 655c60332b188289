// SPDX-License-Identifier: Apache-2.0
//
// Instructions that read or change what only a kernel cares about, and time.
#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;

enum : uint64_t { CR4_TSD = 4, CR4_DE = 8, CR4_FSGSBASE = 1 << 16 };

// A handler that is for ring 0 only.
template <Handler f>
Next ring0(Exec& x, const Uop* u) {
    if (x.s.cpl != 0) return raise_gp(x, u);
    return f(x, u);
}

Next nothing(Exec& x, const Uop* u) { return next(x, u); }

Next hlt(Exec& x, const Uop* u) {
    x.s.halted = true;
    return leave_serial(x, u);
}

Next swapgs(Exec& x, const Uop* u) {
    std::swap(x.s.gs.base, x.s.kernel_gs_base);
    return next(x, u);
}

void put_pair(Exec& x, uint64_t v) {
    x.s.r[RAX] = static_cast<uint32_t>(v);
    x.s.r[RDX] = v >> 32;
}

enum Msr : uint32_t { ICR = 0x830, FS_BASE = 0xc0000100, KERNEL_GS_BASE = 0xc0000102 };

bool local_apic_register(uint32_t index) { return index >= 0x800 && index <= 0x8ff; }

Next rdmsr(Exec& x, const Uop* u) {
    uint64_t v;
    const auto index = get<uint32_t>(x, RCX);
    if (!impl_of(x).read_msr(index, v)) return raise_gp(x, u);
    if (local_apic_register(index)) variant(x, u, isa::OpClass::sys_apic_read);
    put_pair(x, v);
    return next(x, u);
}
// Serialising, but for the interrupt controller and its deadline (Intel SDM vol. 3, 9.3): an interrupt may
// overtake the stores before it.
Next wrmsr(Exec& x, const Uop* u) {
    const auto index = get<uint32_t>(x, RCX);
    if (!(index >= 0x800 && index <= 0x8ff) && index != 0x6e0) drain_stores(x);
    const uint64_t v = x.s.r[RDX] << 32 | get<uint32_t>(x, RAX);
    if (!impl_of(x).write_msr(index, v)) return raise_gp(x, u);
    if (local_apic_register(index))
        variant(x, u, index == ICR ? isa::OpClass::sys_apic_icr : isa::OpClass::sys_apic_write);
    else if (index >= FS_BASE && index <= KERNEL_GS_BASE)
        variant(x, u, isa::OpClass::sys_msr_base);
    return leave_serial(x, u);
}

// First in its block, so the clock is exact.
Next rdtsc(Exec& x, const Uop* u) {
    if ((x.s.cr4 & CR4_TSD) && x.s.cpl != 0) return raise_gp(x, u);
    put_pair(x, impl_of(x).tsc());
    return next(x, u);
}
Next rdtscp(Exec& x, const Uop* u) {
    if ((x.s.cr4 & CR4_TSD) && x.s.cpl != 0) return raise_gp(x, u);
    put_pair(x, impl_of(x).tsc());
    x.s.r[RCX] = static_cast<uint32_t>(x.s.tsc_aux);
    return next(x, u);
}

Next cpuid(Exec& x, const Uop* u) {
    uint32_t out[4];
    impl_of(x).cpuid(get<uint32_t>(x, RAX), get<uint32_t>(x, RCX), out);
    x.s.r[RAX] = out[0];
    x.s.r[RBX] = out[1];
    x.s.r[RCX] = out[2];
    x.s.r[RDX] = out[3];
    return next(x, u);
}

Next rdcr(Exec& x, const Uop* u) {
    const CpuState& s = x.s;
    uint64_t v = s.cr0;
    if (u->imm == 2) v = s.cr2;
    if (u->imm == 3) v = s.cr3;
    if (u->imm == 4) v = s.cr4;
    if (u->imm == 8) v = impl_of(x).apic.task_priority() >> 4;
    x.s.r[u->dst] = v;
    return next(x, u);
}
Next wrcr(Exec& x, const Uop* u) {
    if (!impl_of(x).write_cr(static_cast<unsigned>(u->imm), x.s.r[u->a])) return raise_gp(x, u);
    return leave_serial(x, u);
}
Next wrcr3(Exec& x, const Uop* u) {
    const uint64_t v = x.s.r[u->a];
    if (!impl_of(x).write_cr(3, v)) return raise_gp(x, u);
    if (v & cr::CR3_NO_FLUSH) variant(x, u, isa::OpClass::sys_cr3_keep);
    return leave_serial(x, u);
}
Next clts(Exec& x, const Uop* u) {
    x.s.cr0 &= ~8ull;
    return leave_serial(x, u);
}
Next smsw(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.cr0;
    return next(x, u);
}
Next lmsw(Exec& x, const Uop* u) {
    x.s.cr0 = (x.s.cr0 & ~0xeull) | (x.s.r[u->a] & 0xe);
    return leave_serial(x, u);
}

// Debug registers hold what is written, but there are no breakpoints: enabling one is refused aloud.
int debug_register(const Exec& x, uint64_t n) {
    if (n != 4 && n != 5) return static_cast<int>(n);
    return x.s.cr4 & CR4_DE ? -1 : static_cast<int>(n + 2);
}
Next rddr(Exec& x, const Uop* u) {
    const int n = debug_register(x, u->imm);
    if (n < 0) return raise(x, u, VEC_UD);
    x.s.r[u->dst] = impl_of(x).dr[n];
    return next(x, u);
}
Next wrdr(Exec& x, const Uop* u) {
    const int n = debug_register(x, u->imm);
    if (n < 0) return raise(x, u, VEC_UD);
    uint64_t v = x.s.r[u->a];
    if (n >= 6 && v >> 32) return raise_gp(x, u);
    if (n == 6) v = (v & 0xe00f) | 0xffff0ff0;
    if (n == 7) {
        if (v & 0x20ff) return handlers(Mode::functional).select({.op = Op::unsupported})(x, u);
        v |= 0x400;
    }
    impl_of(x).dr[n] = v;
    return leave_serial(x, u);
}

Next invlpg(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective_of_ender(x, u);
    x.mmu->invlpg(vaddr);
    if (impl_of(x).active) impl_of(x).active->invlpg(vaddr);
    return leave_serial(x, u);
}

template <TableRegister CpuState::*table>
Next load_table(Exec& x, const Uop* u) {
    uint8_t raw[10];
    if (!read_memory(x, u, effective(x, u), raw, 10)) return raise(x, u);
    TableRegister t;
    std::memcpy(&t.limit, raw, 2);
    std::memcpy(&t.base, raw + 2, 8);
    if (!canonical(t.base)) return raise_gp(x, u);
    x.s.*table = t;
    return next(x, u);
}
template <TableRegister CpuState::*table>
Next store_table(Exec& x, const Uop* u) {
    uint8_t raw[10];
    std::memcpy(raw, &(x.s.*table).limit, 2);
    std::memcpy(raw + 2, &(x.s.*table).base, 8);
    if (!write_memory(x, u, effective(x, u), raw, 10)) return raise(x, u);
    return next(x, u);
}

Next lldt(Exec& x, const Uop* u) {
    const auto selector = get<uint16_t>(x, u->a);
    if (selector & ~3) return raise_gp(x, u, selector & 0xfffc);  // there are no local descriptor tables
    x.s.ldtr = selector;
    return next(x, u);
}
Next ltr(Exec& x, const Uop* u) {
    x.storing = u;
    if (!impl_of(x).load_task_register(get<uint16_t>(x, u->a), x.fault)) return raise(x, u);
    return next(x, u);
}
template <uint16_t CpuState::*reg>
Next read_selector(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.*reg;
    return next(x, u);
}

Next rdseg(Exec& x, const Uop* u) {
    const CpuState& s = x.s;
    const uint16_t selectors[6] = {s.es, s.cs, s.ss, s.ds, s.fs.selector, s.gs.selector};
    x.s.r[u->dst] = selectors[u->imm];
    return next(x, u);
}
Next wrseg(Exec& x, const Uop* u) {
    x.storing = nullptr;
    if (!impl_of(x).load_segment(static_cast<unsigned>(u->imm), get<uint16_t>(x, u->a), x.fault))
        return raise(x, u);
    if (u->imm == 2) x.interrupt_shadow = true;
    return next(x, u);  // `pop fs` has a register to write after this
}

// lar and lsl write their register only where the descriptor is visible; ZF says whether.
template <Core::Impl::Query query>
Next descriptor(Exec& x, const Uop* u) {
    bool visible;
    uint32_t answer = 0;
    x.storing = nullptr;
    if (!impl_of(x).query_descriptor(query, get<uint16_t>(x, u->a), visible, answer, x.fault))
        return raise(x, u);
    x.f.set_plain((flags_of(x) & ~flag::ZF) | (visible ? flag::ZF : 0u));
    if (!visible || query > Core::Impl::Query::limit) return next(x, u);
    if (u->size == 2)
        put(x, u->dst, static_cast<uint16_t>(answer));
    else
        put(x, u->dst, answer);
    return next(x, u);
}

Next rdsegbase(Exec& x, const Uop* u) {
    if (!(x.s.cr4 & CR4_FSGSBASE)) return raise(x, u, VEC_UD);
    x.s.r[u->dst] = u->imm == 4 ? x.s.fs.base : x.s.gs.base;
    return next(x, u);
}
Next wrsegbase(Exec& x, const Uop* u) {
    if (!(x.s.cr4 & CR4_FSGSBASE)) return raise(x, u, VEC_UD);
    const uint64_t v = x.s.r[u->a];
    if (!canonical(v)) return raise_gp(x, u);
    (u->imm == 4 ? x.s.fs : x.s.gs).base = v;
    return next(x, u);
}

// Protection keys (Intel SDM vol. 2, RDPKRU, WRPKRU). CR4.PKE cannot be set on a processor without them.
Next rdpkru(Exec& x, const Uop* u) {
    if (!(x.s.cr4 & cr::CR4_PKE)) return raise(x, u, VEC_UD);
    if (get<uint32_t>(x, RCX) != 0) return raise_gp(x, u);
    put_pair(x, x.s.pkru);
    return next(x, u);
}
// Stores in the buffer have been checked; accesses behind this one ask anew, or what is remembered for the
// new value.
Next wrpkru(Exec& x, const Uop* u) {
    if (!(x.s.cr4 & cr::CR4_PKE)) return raise(x, u, VEC_UD);
    if (get<uint32_t>(x, RCX) != 0 || get<uint32_t>(x, RDX) != 0) return raise_gp(x, u);
    x.s.pkru = get<uint32_t>(x, RAX);
    impl_of(x).sync();
    return next_unwound(u);
}

Next io(Exec& x, const Uop* u) { return raise_gp(x, u); }

}  // namespace

void register_system(HandlerTable& table, Mode) {
    table.set(Op::fence, nothing);
    table.set(Op::pause, nothing);
    table.set(Op::hlt, ring0<hlt>);
    table.set(Op::swapgs, ring0<swapgs>);
    table.set(Op::rdmsr, ring0<rdmsr>);
    table.set(Op::wrmsr, ring0<wrmsr>);
    table.set(Op::rdtsc, rdtsc);
    table.set(Op::rdtscp, rdtscp);
    table.set(Op::cpuid, cpuid);
    table.set(Op::rdcr, ring0<rdcr>);
    table.set(Op::wrcr, ring0<wrcr>);
    table.set(Op::wrcr3, ring0<wrcr3>);
    table.set(Op::rddr, ring0<rddr>);
    table.set(Op::wrdr, ring0<wrdr>);
    table.set(Op::clts, ring0<clts>);
    table.set(Op::smsw, smsw);
    table.set(Op::lmsw, ring0<lmsw>);
    table.set(Op::invlpg, ring0<invlpg>);
    table.set(Op::wbinvd, ring0<nothing>);
    table.set(Op::lgdt, ring0<load_table<&CpuState::gdt>>);
    table.set(Op::lidt, ring0<load_table<&CpuState::idt>>);
    table.set(Op::sgdt, store_table<&CpuState::gdt>);
    table.set(Op::sidt, store_table<&CpuState::idt>);
    table.set(Op::ring0, ring0<nothing>);
    table.set(Op::lldt, ring0<lldt>);
    table.set(Op::ltr, ring0<ltr>);
    table.set(Op::sldt, read_selector<&CpuState::ldtr>);
    table.set(Op::str, read_selector<&CpuState::tr>);
    table.set(Op::rdseg, rdseg);
    table.set(Op::wrseg, wrseg);
    table.set(Op::lar, descriptor<Core::Impl::Query::rights>);
    table.set(Op::lsl, descriptor<Core::Impl::Query::limit>);
    table.set(Op::verr, descriptor<Core::Impl::Query::readable>);
    table.set(Op::verw, descriptor<Core::Impl::Query::writable>);
    table.set(Op::rdsegbase, rdsegbase);
    table.set(Op::wrsegbase, wrsegbase);
    table.set(Op::rdpkru, rdpkru);
    table.set(Op::wrpkru, wrpkru);
    table.set(Op::io, io);
}

}  // namespace stile::model
