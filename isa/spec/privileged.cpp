// SPDX-License-Identifier: Apache-2.0
//
// docs/codoms.md, section 7: the instructions of ring 0 and of privileged pages.
#include <algorithm>

#include "isa/spec/parts.h"

namespace stile::isa::spec {

namespace {

Outcome save(World& world, const Core& core, const Instruction& i) {
    if (i.address % 64 != 0) return general_protection();
    stile_cd_state m{};
    m.latch = core.saved_latch.tag | uint64_t{core.saved_latch.kind} << 16;
    m.latch_ret = core.saved_latch.return_address;
    m.dcs_ptr = core.dcs_ptr;
    m.dcs_base = core.dcs_base;
    m.dcs_limit = core.dcs_limit;
    m.kcs = core.kcs;
    m.depth = core.depth;
    std::copy(core.caps.begin(), core.caps.end(), m.caps);
    if (const Outcome o = check(world, core, i.address, sizeof m, true, Kind::capability); !o.allowed())
        return o;
    write(world, core, i.address, &m, sizeof m);
    return {};
}

Outcome restore(const World& world, Core& core, const Instruction& i) {
    if (i.address % 64 != 0) return general_protection();
    stile_cd_state m;
    if (const Outcome o = check(world, core, i.address, sizeof m, false, Kind::capability); !o.allowed())
        return o;
    read(world, core, i.address, &m, sizeof m);
    if (m.latch >> 16 > STILE_XFER_PRIVILEGED_RET || m.depth > STILE_MAX_DEPTH) return general_protection();
    for (const stile_cap& c : m.caps)
        if (type(c) == STILE_CAP_RETURN) return general_protection();
    core.saved_latch = {static_cast<uint16_t>(m.latch), static_cast<uint8_t>(m.latch >> 16), m.latch_ret};
    core.dcs_ptr = m.dcs_ptr;
    core.dcs_base = m.dcs_base;
    core.dcs_limit = m.dcs_limit;
    core.kcs = m.kcs;
    core.depth = m.depth;
    for (unsigned k = 0; k < STILE_CAP_REGS; ++k) core.caps[k] = loaded(m.caps[k]);
    return {};
}

Outcome aplfill(const World& world, const Core& core, const Instruction& i) {
    stile_apl_record m;
    if (const Outcome o = load(world, core, i.address, sizeof m, &m); !o.allowed()) return o;
    if (m.slot >= world.apl_entries || m.tag > 0xffff) return general_protection();
    return {};
}

}  // namespace

Outcome execute_privileged(World& world, Core& core, const Instruction& i, uint64_t& result) {
    if (world.checks.privileged && !privileged_code(world, core, i.rip, i.bytes)) return general_protection();
    uint64_t* const dcs[] = {&core.dcs_ptr, &core.dcs_base, &core.dcs_limit};
    switch (i.op) {
        case Op::save:
            return save(world, core, i);
        case Op::restore:
            return restore(world, core, i);
        case Op::aplfill:
            return aplfill(world, core, i);
        case Op::kcs:
            result = core.kcs;
            return {};
        case Op::rddcs:
            result = *dcs[i.n];
            return {};
        case Op::wrdcs:
            *dcs[i.n] = i.r;
            return {};
        default:
            return {};  // on the APL cache, which does not exist here
    }
}

const char* name(Op op) {
    static constexpr const char* names[] = {
        "cd.save",   "cd.restore", "cd.aplfill", "cd.aplinv",  "cd.aplvictim", "cd.apltag",
        "cd.hwtag",  "cd.kcs",     "cd.rddcs",   "cd.wrdcs",   "cd.capmk",     "cd.caprst",
        "cd.capmov", "cd.capasy",  "cd.cappush", "cd.cappop",  "cd.capsyn",    "cd.caprev",
        "cd.capclr", "cd.capld",   "cd.capst",   "cd.capbase", "cd.caplen",    "cd.capattr"};
    static_assert(std::size(names) == static_cast<size_t>(Op::count));
    return names[static_cast<size_t>(op)];
}

}  // namespace stile::isa::spec
