// SPDX-License-Identifier: Apache-2.0
//
// docs/codoms.md, sections 6 and 7: the instructions that any code may execute. Order of checks: alignment
// and immediate, type and range in the order given, the access.
#include <algorithm>

#include "isa/spec/parts.h"

namespace stile::isa::spec {

namespace {

using Wide = unsigned __int128;

constexpr uint64_t no_more = STILE_COUNTER_END;

// ib == 0 or ib > 3, or r + RCX > 2^64
bool says_nonsense(const Instruction& i) {
    return i.imm == 0 || i.imm > 3 || Wide{i.r} + i.rcx > Wide{1} << 64;
}

Outcome wrong_type(const Core& core, uint64_t address, uint32_t flags = 0) {
    return refuse(core, STILE_CD_CAP_TYPE | flags, address, domain(core), domain(core));
}

Outcome capmk(Core& core, const Instruction& i) {
    if (says_nonsense(i)) return general_protection();
    core.caps[i.n] = {i.r, i.rcx, 0, 0, STILE_CAP_WORD(domain(core), core.depth, i.imm, STILE_CAP_SYNC)};
    return {};
}

Outcome caprst(const World& world, Core& core, const Instruction& i) {
    if (says_nonsense(i)) return general_protection();
    stile_cap& c = core.caps[i.n];
    const unsigned had = STILE_CAP_RIGHT(c.word);
    const bool wider = i.imm > had || i.r < c.base || Wide{i.r} + i.rcx > Wide{c.base} + c.length;
    if (is_empty(c) || (world.checks.cap_range && wider))
        return refuse(core, STILE_CD_CAP_RANGE, i.r, domain(core), domain(core), i.imm, had);
    c.base = i.r;
    c.length = i.rcx;
    c.word = STILE_CAP_WORD(STILE_CAP_ORIGIN(c.word), STILE_CAP_DEPTH(c.word), i.imm, type(c));
    return {};
}

Outcome capasy(const World& world, Core& core, const Instruction& i) {
    if (i.address % 8 != 0) return general_protection();
    stile_cap& c = core.caps[i.n];
    const bool anothers = world.checks.cap_type && STILE_CAP_ORIGIN(c.word) != domain(core);
    if (type(c) != STILE_CAP_SYNC || anothers || c.counter != 0)
        return wrong_type(core, i.address);
    if (const Outcome o = check(world, core, i.address, 8, false, Kind::capability); !o.allowed()) return o;
    uint64_t v;
    read(world, core, i.address, &v, 8);
    if (v >= no_more) return refuse(core, STILE_CD_CAP_RANGE, i.address, domain(core), domain(core));
    c.counter = i.address;
    c.value = static_cast<uint32_t>(v);
    c.word = STILE_CAP_WORD(STILE_CAP_ORIGIN(c.word), 0, STILE_CAP_RIGHT(c.word), STILE_CAP_ASYNC);
    return {};
}

Outcome capsyn(Core& core, const Instruction& i) {
    stile_cap& c = core.caps[i.m];
    if (type(c) != STILE_CAP_ASYNC) return wrong_type(core, 0);
    c.word = STILE_CAP_WORD(STILE_CAP_ORIGIN(c.word), core.depth, STILE_CAP_RIGHT(c.word), STILE_CAP_SYNC);
    return {};
}

// To count in a field of a stored capability would be to forge one.
bool lies_in_capability(const World& world, const Core& core, uint64_t counter) {
    stile_cap cell;
    read(world, core, counter & ~31ull, &cell, sizeof cell);
    return world.checks.cap_type && !is_empty(cell);
}

Outcome caprev(World& world, const Core& core, const Instruction& i) {
    if (i.address % 8 != 0) return general_protection();
    if (const Outcome o = check(world, core, i.address, 8, true, Kind::capability); !o.allowed()) return o;
    if (lies_in_capability(world, core, i.address)) return wrong_type(core, i.address, STILE_CD_WRITE);
    uint64_t v;
    read(world, core, i.address, &v, 8);
    v = v >= no_more ? no_more : v + 1;
    write(world, core, i.address, &v, 8);
    return {};
}

Outcome cappush(World& world, Core& core, const Instruction& i) {
    if (!room_to_push(world, core))
        return refuse(core, STILE_CD_DCS_BOUNDS | STILE_CD_WRITE, core.dcs_ptr, domain(core), domain(core),
                      STILE_RIGHT_WRITE);
    if (const Outcome o = check_dcs(world, core, core.dcs_ptr, STILE_CD_WRITE); !o.allowed()) return o;
    write(world, core, core.dcs_ptr, &core.caps[i.m], sizeof(stile_cap));
    core.dcs_ptr += STILE_DCS_ENTRY;
    return {};
}

Outcome cappop(const World& world, Core& core, const Instruction& i) {
    if (!room_to_pop(world, core))
        return refuse(core, STILE_CD_DCS_BOUNDS, core.dcs_ptr, domain(core), domain(core), STILE_RIGHT_READ);
    const uint64_t top = core.dcs_ptr - STILE_DCS_ENTRY;
    if (const Outcome o = check_dcs(world, core, top, 0); !o.allowed()) return o;
    stile_cap c;
    read(world, core, top, &c, sizeof c);
    if (world.checks.cap_type && type(c) == STILE_CAP_RETURN) return wrong_type(core, top);
    core.caps[i.m] = loaded(c);
    core.dcs_ptr = top;
    return {};
}

// Only privileged code moves synchronous capabilities through memory.
bool may_not_move(const World& world, const Core& core, const Instruction& i, const stile_cap& c) {
    return world.checks.cap_type && type(c) == STILE_CAP_SYNC &&
           !privileged_code(world, core, i.rip, i.bytes);
}

Outcome capld(const World& world, Core& core, const Instruction& i) {
    if (i.address % 32 != 0) return general_protection();
    if (const Outcome o = check(world, core, i.address, 32, false, Kind::capability); !o.allowed()) return o;
    stile_cap c;
    read(world, core, i.address, &c, sizeof c);
    if (type(c) == STILE_CAP_RETURN || may_not_move(world, core, i, c)) return wrong_type(core, i.address);
    core.caps[i.n] = loaded(c);
    return {};
}

Outcome capst(World& world, const Core& core, const Instruction& i) {
    if (i.address % 32 != 0) return general_protection();
    const stile_cap& c = core.caps[i.n];
    if (may_not_move(world, core, i, c)) return wrong_type(core, i.address, STILE_CD_WRITE);
    if (const Outcome o = check(world, core, i.address, 32, true, Kind::capability); !o.allowed()) return o;
    write(world, core, i.address, &c, sizeof c);
    return {};
}

}  // namespace

Outcome execute(World& world, Core& core, const Instruction& i, uint64_t* result) {
    uint64_t value = 0;
    Outcome o;
    switch (i.op) {
        case Op::capmk:
            o = capmk(core, i);
            break;
        case Op::caprst:
            o = caprst(world, core, i);
            break;
        case Op::capmov:
            core.caps[i.n] = core.caps[i.m];
            break;
        case Op::capasy:
            o = capasy(world, core, i);
            break;
        case Op::cappush:
            o = cappush(world, core, i);
            break;
        case Op::cappop:
            o = cappop(world, core, i);
            break;
        case Op::capsyn:
            o = capsyn(core, i);
            break;
        case Op::caprev:
            o = caprev(world, core, i);
            break;
        case Op::capclr:
            for (unsigned k = 0; k < STILE_CAP_REGS; ++k)
                if (i.imm >> k & 1) core.caps[k] = {};
            break;
        case Op::capld:
            o = capld(world, core, i);
            break;
        case Op::capst:
            o = capst(world, core, i);
            break;
        case Op::capbase:
            value = core.caps[i.n].base;
            break;
        case Op::caplen:
            value = core.caps[i.n].length;
            break;
        case Op::capattr:
            value = core.caps[i.n].word;
            break;
        default:
            o = execute_privileged(world, core, i, value);
            break;
    }
    if (o.allowed() && result) *result = value;
    return o;
}

}  // namespace stile::isa::spec
