// SPDX-License-Identifier: Apache-2.0
//
// CODOMs' privileged instructions (docs/codoms.md, 7): ring 0 or code on a privileged page. A processor
// without CODOMs (protection: paging) does not know them.
#include "model/core/core_impl.h"
#include "model/core/exec/groups.h"
#include "model/protection/capability.h"

namespace stile::model {

namespace {

template <Handler f>
Next privileged(Exec& x, const Uop* u) {
    if (!impl_of(x).has_domains()) return raise(x, u, VEC_UD);
    if (x.s.cpl != 0 && !impl_of(x).block->privileged && impl_of(x).protection->rules().privileged)
        return raise_gp(x, u);
    return f(x, u);
}

Next cd_save(Exec& x, const Uop* u) {
    const CodomsState& cd = x.s.cd;
    const uint64_t vaddr = effective(x, u);
    if (vaddr & 63) return raise_gp(x, u);
    stile_cd_state m{};
    m.latch = cd.saved_latch.tag | static_cast<uint64_t>(cd.saved_latch.kind) << 16;
    m.latch_ret = cd.saved_latch.return_address;
    m.dcs_ptr = cd.dcs_ptr;
    m.dcs_base = cd.dcs_base;
    m.dcs_limit = cd.dcs_limit;
    m.kcs = cd.kcs;
    m.depth = cd.depth;
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i) m.caps[i] = cd.caps[i];
    x.storing = u;
    if (!x.mmu->write_capability(vaddr, &m, sizeof m, x.fault, u->insn)) return raise(x, u);
    return next(x, u);
}

Next cd_restore(Exec& x, const Uop* u) {
    CodomsState& cd = x.s.cd;
    const uint64_t vaddr = effective_of_ender(x, u);
    if (vaddr & 63) return raise_gp(x, u);
    x.storing = nullptr;
    stile_cd_state m;
    if (!x.mmu->read_capability(vaddr, &m, sizeof m, x.fault, u->insn)) return raise(x, u);
    if (m.latch >> 16 > STILE_XFER_PRIVILEGED_RET || m.depth > STILE_MAX_DEPTH) return raise_gp(x, u);
    for (const stile_cap& c : m.caps)
        if (type_of(c) == STILE_CAP_RETURN) return raise_gp(x, u);
    cd.saved_latch = {static_cast<uint16_t>(m.latch), static_cast<uint8_t>(m.latch >> 16), m.latch_ret};
    cd.dcs_ptr = m.dcs_ptr;
    cd.dcs_base = m.dcs_base;
    cd.dcs_limit = m.dcs_limit;
    cd.kcs = m.kcs;
    cd.depth = m.depth;
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i) cd.caps[i] = loaded(m.caps[i]);
    x.mmu->capability_registers_loaded();
    return leave_serial(x, u);
}

Next cd_aplfill(Exec& x, const Uop* u) {
    stile_apl_record record;
    const uint64_t vaddr = effective_of_ender(x, u);
    auto* bytes = reinterpret_cast<uint8_t*>(&record);
    for (unsigned at = 0; at < sizeof record; at += 48)
        if (!read_memory(x, u, vaddr + at, bytes + at, 48)) return raise(x, u);
    if (record.slot >= impl_of(x).config.apl_cache.entries || record.tag > 0xffff) return raise_gp(x, u);
    impl_of(x).protection->apl_fill(record);
    return leave_serial(x, u);
}
static_assert(sizeof(stile_apl_record) % 48 == 0);

Next cd_aplinv(Exec& x, const Uop* u) {
    impl_of(x).protection->apl_invalidate(static_cast<int64_t>(x.s.r[u->a]));
    return leave_serial(x, u);
}
Next cd_aplvictim(Exec& x, const Uop* u) {
    x.s.r[u->dst] = static_cast<uint64_t>(impl_of(x).protection->apl_victim());
    return next(x, u);
}
Next cd_apltag(Exec& x, const Uop* u) {
    x.s.r[u->dst] = static_cast<uint64_t>(impl_of(x).protection->apl_tag(x.s.r[u->a]));
    return next(x, u);
}
Next cd_hwtag(Exec& x, const Uop* u) {
    x.s.r[u->dst] = static_cast<uint64_t>(impl_of(x).protection->hardware_tag(x.s.r[u->a]));
    return next(x, u);
}
Next cd_kcs(Exec& x, const Uop* u) {
    x.s.r[u->dst] = x.s.cd.kcs;
    return next(x, u);
}

uint64_t& dcs_register(Exec& x, const Uop* u) {
    CodomsState& cd = x.s.cd;
    return u->imm == 0 ? cd.dcs_ptr : u->imm == 1 ? cd.dcs_base : cd.dcs_limit;
}
Next cd_rddcs(Exec& x, const Uop* u) {
    x.s.r[u->dst] = dcs_register(x, u);
    return next(x, u);
}
Next cd_wrdcs(Exec& x, const Uop* u) {
    dcs_register(x, u) = x.s.r[u->a];
    return next(x, u);
}

}  // namespace

void register_codoms(HandlerTable& table, Mode) {
    table.set(Op::cd_save, privileged<cd_save>);
    table.set(Op::cd_restore, privileged<cd_restore>);
    table.set(Op::cd_aplfill, privileged<cd_aplfill>);
    table.set(Op::cd_aplinv, privileged<cd_aplinv>);
    table.set(Op::cd_aplvictim, privileged<cd_aplvictim>);
    table.set(Op::cd_apltag, privileged<cd_apltag>);
    table.set(Op::cd_hwtag, privileged<cd_hwtag>);
    table.set(Op::cd_kcs, privileged<cd_kcs>);
    table.set(Op::cd_rddcs, privileged<cd_rddcs>);
    table.set(Op::cd_wrdcs, privileged<cd_wrdcs>);
}

}  // namespace stile::model
