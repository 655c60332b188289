// SPDX-License-Identifier: Apache-2.0
//
// CODOMs' instructions on capabilities, which any code may execute (docs/codoms.md, 7). Checks come in the
// order of the manual: alignment and immediate, type and range, the access. Nothing is changed before the
// last.
#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/protection/capability.h"

namespace stile::model {

namespace {

template <Handler f>
Next known(Exec& x, const Uop* u) {
    return impl_of(x).has_domains() ? f(x, u) : raise(x, u, VEC_UD);
}

unsigned n_of(const Uop* u) { return u->imm & 7; }
unsigned m_of(const Uop* u) { return u->imm >> 8 & 7; }
const CodomsChecks& rules(Exec& x) { return impl_of(x).protection->rules(); }
const stile_cap& cap(const Exec& x, unsigned i) { return x.s.cd.caps[i]; }
uint16_t domain(const Exec& x) { return x.s.cpl == 0 ? x.s.cd.saved_latch.tag : x.s.cd.latch.tag; }
bool privileged_code(Exec& x) { return x.s.cpl == 0 || impl_of(x).block->privileged; }

// Where domains are not checked, any page will do (docs/codoms.md, 1).
bool any_page(Exec& x) { return !rules(x).cap_page || !(x.s.cd.control & 1); }

Next refuse(Exec& x, const Uop* u, uint32_t error, uint64_t address, uint32_t needed = 0, uint32_t had = 0) {
    ++impl_of(x).counters.domain_faults;
    domain_fault(x.s, x.fault, error | (x.s.cpl == 0 ? STILE_CD_RING0 : 0), address, domain(x), domain(x),
                 needed, had);
    return raise(x, u);
}

Next refuse_access(Exec& x, const Uop* u) {
    impl_of(x).counters.domain_faults +=
        x.fault.vector == STILE_VEC_DOMAIN && STILE_CD_REASON(x.fault.error) == STILE_CD_CAP_PAGE;
    return raise(x, u);
}

Next make(Exec& x, const Uop* u, unsigned i, const stile_cap& c) {
    ++impl_of(x).counters.capabilities_made;
    x.mmu->set_capability(i, c);
    return next_unwound(u);
}

// Base and length must be an address range, and the right one that can be had.
bool nonsense(const Exec& x, const Uop* u) {
    const uint64_t base = x.s.r[u->a], length = x.s.r[u->b];
    return u->aux == 0 || u->aux > 3 || (length != 0 && base > uint64_t{0} - length);
}

Next cd_capmk(Exec& x, const Uop* u) {
    if (nonsense(x, u)) return raise_gp(x, u);
    return make(
        x, u, n_of(u),
        {x.s.r[u->a], x.s.r[u->b], 0, 0, STILE_CAP_WORD(domain(x), x.s.cd.depth, u->aux, STILE_CAP_SYNC)});
}

// The part [from, from + length) of c, neither wrapping.
bool within(const stile_cap& c, uint64_t from, uint64_t length) {
    return from >= c.base && from - c.base <= c.length && length <= c.length - (from - c.base);
}

Next cd_caprst(Exec& x, const Uop* u) {
    if (nonsense(x, u)) return raise_gp(x, u);
    stile_cap c = cap(x, n_of(u));
    const uint64_t base = x.s.r[u->a], length = x.s.r[u->b];
    const bool more = u->aux > right_of(c) || !within(c, base, length);
    if (type_of(c) == STILE_CAP_EMPTY || (more && rules(x).cap_range))
        return refuse(x, u, STILE_CD_CAP_RANGE, base, u->aux, right_of(c));
    c.base = base;
    c.length = length;
    c.word = STILE_CAP_WORD(origin_of(c), depth_of(c), u->aux, type_of(c));
    return make(x, u, n_of(u), c);
}

Next cd_capmov(Exec& x, const Uop* u) { return make(x, u, n_of(u), cap(x, m_of(u))); }

Next cd_capasy(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 7) return raise_gp(x, u);
    stile_cap c = cap(x, n_of(u));
    const bool anothers = origin_of(c) != domain(x) && rules(x).cap_type;
    if (type_of(c) != STILE_CAP_SYNC || anothers || c.counter != 0)
        return refuse(x, u, STILE_CD_CAP_TYPE, vaddr);
    x.storing = nullptr;
    uint64_t value;
    if (!x.mmu->read_capability(vaddr, &value, 8, x.fault, u->insn)) return raise(x, u);
    if (value >= STILE_COUNTER_END) return refuse(x, u, STILE_CD_CAP_RANGE, vaddr);
    c.counter = vaddr;
    c.value = static_cast<uint32_t>(value);
    c.word = STILE_CAP_WORD(origin_of(c), 0, right_of(c), STILE_CAP_ASYNC);
    return make(x, u, n_of(u), c);
}

Next cd_capsyn(Exec& x, const Uop* u) {
    stile_cap c = cap(x, m_of(u));
    if (type_of(c) != STILE_CAP_ASYNC) return refuse(x, u, STILE_CD_CAP_TYPE, 0);
    c.word = STILE_CAP_WORD(origin_of(c), x.s.cd.depth, right_of(c), STILE_CAP_SYNC);
    return make(x, u, m_of(u), c);
}

Next cd_cappush(Exec& x, const Uop* u) {
    CodomsState& cd = x.s.cd;
    if (!dcs_has_room(cd, rules(x).dcs))
        return refuse(x, u, STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, cd.dcs_ptr, STILE_RIGHT_WRITE);
    x.storing = u;
    const stile_cap c = cap(x, m_of(u));
    if (!x.mmu->push_capability(c, any_page(x), x.fault, u->insn)) return refuse_access(x, u);
    cd.dcs_ptr += STILE_DCS_ENTRY;
    return next_unwound(u);
}

Next cd_cappop(Exec& x, const Uop* u) {
    CodomsState& cd = x.s.cd;
    if (!dcs_has_entry(cd, rules(x).dcs))
        return refuse(x, u, STILE_CD_DCS_BOUNDS, cd.dcs_ptr, STILE_RIGHT_READ);
    x.storing = nullptr;
    stile_cap c;
    if (!x.mmu->read_top_capability(c, any_page(x), x.fault, u->insn)) return refuse_access(x, u);
    const uint64_t top = cd.dcs_ptr - STILE_DCS_ENTRY;
    if (type_of(c) == STILE_CAP_RETURN && rules(x).cap_type) return refuse(x, u, STILE_CD_CAP_TYPE, top);
    cd.dcs_ptr = top;
    x.mmu->set_capability(m_of(u), loaded(c));
    return next_unwound(u);
}

Next cd_caprev(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 7) return raise_gp(x, u);
    x.storing = u;
    bool in_capability = false;
    if (!x.mmu->revoke(vaddr, rules(x).cap_type, x.fault, u->insn, in_capability)) return raise(x, u);
    if (in_capability) return refuse(x, u, STILE_CD_CAP_TYPE | STILE_CD_WRITE, vaddr);
    return next_unwound(u);
}

Next cd_capclr(Exec& x, const Uop* u) {
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i)
        if ((u->imm >> i & 1) && type_of(cap(x, i)) != STILE_CAP_EMPTY) x.mmu->set_capability(i, {});
    return next_unwound(u);
}

// Only privileged code moves synchronous capabilities through memory.
bool may_not_move(Exec& x, const stile_cap& c) {
    return type_of(c) == STILE_CAP_SYNC && rules(x).cap_type && !privileged_code(x);
}

Next cd_capld(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 31) return raise_gp(x, u);
    x.storing = nullptr;
    stile_cap c;
    if (!x.mmu->read_capability(vaddr, &c, sizeof c, x.fault, u->insn)) return raise(x, u);
    if (type_of(c) == STILE_CAP_RETURN || may_not_move(x, c)) return refuse(x, u, STILE_CD_CAP_TYPE, vaddr);
    x.mmu->set_capability(n_of(u), loaded(c));
    return next_unwound(u);
}

Next cd_capst(Exec& x, const Uop* u) {
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 31) return raise_gp(x, u);
    const stile_cap c = cap(x, n_of(u));
    if (may_not_move(x, c)) return refuse(x, u, STILE_CD_CAP_TYPE | STILE_CD_WRITE, vaddr);
    x.storing = u;
    if (!x.mmu->write_capability(vaddr, &c, sizeof c, x.fault, u->insn)) return raise(x, u);
    return next_unwound(u);
}

Next cd_capbase(Exec& x, const Uop* u) {
    x.s.r[u->dst] = cap(x, n_of(u)).base;
    return next(x, u);
}
Next cd_caplen(Exec& x, const Uop* u) {
    x.s.r[u->dst] = cap(x, n_of(u)).length;
    return next(x, u);
}
Next cd_capattr(Exec& x, const Uop* u) {
    x.s.r[u->dst] = cap(x, n_of(u)).word;
    return next(x, u);
}

}  // namespace

void register_capabilities(HandlerTable& table, Mode) {
    table.set(Op::cd_capmk, known<cd_capmk>);
    table.set(Op::cd_caprst, known<cd_caprst>);
    table.set(Op::cd_capmov, known<cd_capmov>);
    table.set(Op::cd_capasy, known<cd_capasy>);
    table.set(Op::cd_capsyn, known<cd_capsyn>);
    table.set(Op::cd_cappush, known<cd_cappush>);
    table.set(Op::cd_cappop, known<cd_cappop>);
    table.set(Op::cd_caprev, known<cd_caprev>);
    table.set(Op::cd_capclr, known<cd_capclr>);
    table.set(Op::cd_capld, known<cd_capld>);
    table.set(Op::cd_capst, known<cd_capst>);
    table.set(Op::cd_capbase, known<cd_capbase>);
    table.set(Op::cd_caplen, known<cd_caplen>);
    table.set(Op::cd_capattr, known<cd_capattr>);
}

}  // namespace stile::model
