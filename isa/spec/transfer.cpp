// SPDX-License-Identifier: Apache-2.0
//
// docs/codoms.md, section 4: transfers of control, and the domain capability stack of section 6.
#include "isa/spec/parts.h"

namespace stile::isa::spec {

namespace {

constexpr uint64_t entry_bytes = STILE_DCS_ENTRY;

// The page's own bits (Intel SDM vol. 3, 4.6).
Outcome check_fetch(const World& world, const Core& core, uint64_t address) {
    if (!canonical(address)) return general_protection();
    const Page* page = world.page(core, address);
    const bool user = core.ring == 3;
    if (page && page->executable && (page->user || !user)) return {};
    return {vec_pf, (page ? pf_present : 0u) | (user ? pf_user : 0u) | pf_fetch, address};
}

// "other kinds"
Outcome check_entry(const World& world, const Core& core, uint16_t to, uint64_t target) {
    if (!world.checks.transfer) return {};
    const uint16_t from = core.latch.tag;
    const unsigned r = effective(world, core, from, to, target, 1);
    if (r == STILE_RIGHT_NIL)
        return refuse(core, STILE_CD_RIGHT | STILE_CD_FETCH, target, from, to, STILE_RIGHT_CALL, r);
    if (world.checks.align && r == STILE_RIGHT_CALL && target % STILE_ENTRY_ALIGN != 0)
        return refuse(core, STILE_CD_ALIGN | STILE_CD_FETCH, target, from, to, STILE_RIGHT_READ, r);
    return {};
}

// "kind call, besides"
Outcome push_return(World& world, Core& core, uint16_t to, uint64_t target) {
    const uint16_t from = core.latch.tag;
    if (!room_to_push(world, core) || core.depth == STILE_MAX_DEPTH)
        return refuse(core, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, target, from, to, STILE_RIGHT_CALL);
    if (const Outcome o = check_dcs(world, core, core.dcs_ptr, STILE_CD_FETCH | STILE_CD_WRITE); !o.allowed())
        return o;
    const stile_cap entry{core.latch.return_address, 0, 0, 0,
                          STILE_CAP_WORD(from, core.depth, 0, STILE_CAP_RETURN)};
    write(world, core, core.dcs_ptr, &entry, sizeof entry);
    core.dcs_ptr += entry_bytes;
    core.depth += 1;
    return {};
}

bool matches(const stile_cap& e, uint64_t target, uint16_t to) {
    return type(e) == STILE_CAP_RETURN && e.base == target && STILE_CAP_ORIGIN(e.word) == to;
}

// "kind return". With `ret` off whatever is wrong is allowed, and uses nothing up.
Outcome pop_return(const World& world, Core& core, uint16_t to, uint64_t target) {
    const uint16_t from = core.latch.tag;
    const uint64_t top = core.dcs_ptr - entry_bytes;
    Outcome o;
    stile_cap e{};
    if (!room_to_pop(world, core)) {
        o = refuse(core, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, target, from, to, STILE_RIGHT_CALL);
    } else {
        o = check_dcs(world, core, top, STILE_CD_FETCH);
        if (o.allowed()) read(world, core, top, &e, sizeof e);
        if (o.allowed() && !matches(e, target, to))
            o = refuse(core, STILE_CD_RETURN | STILE_CD_FETCH, target, from, to, STILE_RIGHT_CALL);
    }
    if (!o.allowed()) return world.checks.ret ? o : Outcome{};

    core.dcs_ptr = top;
    core.depth = STILE_CAP_DEPTH(e.word);
    for (stile_cap& c : core.caps)
        if (world.checks.frame && type(c) == STILE_CAP_SYNC && STILE_CAP_DEPTH(c.word) > core.depth) c = {};
    return {};
}

// Control arrives at `target`, on a page tagged `to`, from wherever the latch says.
Outcome arrive(World& world, Core& core, uint64_t target, uint16_t to) {
    Outcome o;
    const unsigned kind = core.latch.kind;
    const bool crossing = to != core.latch.tag;
    if (kind == STILE_XFER_PRIVILEGED_RET || (crossing && kind == STILE_XFER_RET)) {
        o = pop_return(world, core, to, target);
    } else if (crossing) {
        o = check_entry(world, core, to, target);
        if (o.allowed() && kind == STILE_XFER_CALL) o = push_return(world, core, to, target);
    }
    if (o.allowed()) core.latch = {to, STILE_XFER_SEQ, 0};
    return o;
}

}  // namespace

bool room_to_push(const World& world, const Core& core) {
    if (core.dcs_ptr % entry_bytes != 0) return false;
    if (!world.checks.dcs) return true;
    return core.dcs_ptr >= core.dcs_base && core.dcs_ptr <= core.dcs_limit &&
           core.dcs_limit - core.dcs_ptr >= entry_bytes;
}

bool room_to_pop(const World& world, const Core& core) {
    if (core.dcs_ptr % entry_bytes != 0) return false;
    if (!world.checks.dcs) return true;
    return core.dcs_ptr >= core.dcs_base && core.dcs_ptr <= core.dcs_limit &&
           core.dcs_ptr - core.dcs_base >= entry_bytes;
}

// The hardware itself touches the stack, with supervisor rights; the page must be (writable) capability
// storage.
Outcome check_dcs(const World& world, const Core& core, uint64_t address, uint32_t flags) {
    if (!canonical(address)) return general_protection();
    const bool write = flags & STILE_CD_WRITE;
    const Page* page = world.page(core, address);
    if (!page || (write && !page->writable && core.write_protect))
        return {vec_pf, (page ? pf_present : 0u) | (write ? pf_write : 0u), address};
    if (!world.checks.cap_page || !core.domains_on) return {};
    if (!page->cap_storage || (write && !page->writable))
        return refuse(core, STILE_CD_CAP_PAGE | flags, address, domain(core), page->tag,
                      write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ);
    return {};
}

Outcome fetch(World& world, Core& core, uint64_t address, unsigned bytes) {
    if (const Outcome o = check_fetch(world, core, address); !o.allowed()) return o;
    const bool checked = core.ring == 3 && core.domains_on;
    const uint16_t tag = world.page(core, address)->tag;
    if (checked)
        if (const Outcome o = arrive(world, core, address, tag); !o.allowed()) return o;

    const uint64_t second = (address / page_bytes + 1) * page_bytes;
    if (address % page_bytes + bytes <= page_bytes) return {};
    if (const Outcome o = check_fetch(world, core, second); !o.allowed()) return o;
    const uint16_t second_tag = world.page(core, second)->tag;
    if (checked && world.checks.straddle && second_tag != tag)
        return refuse(core, STILE_CD_STRADDLE | STILE_CD_FETCH, second, tag, second_tag, STILE_RIGHT_READ);
    return {};
}

Outcome transfer(World& world, Core& core, stile_transfer kind, uint64_t target, uint64_t return_address,
                 unsigned bytes) {
    if (core.ring == 3 && core.domains_on) {
        core.latch.kind = static_cast<uint8_t>(kind);
        core.latch.return_address = kind == STILE_XFER_CALL ? return_address : 0;
    }
    return fetch(world, core, target, bytes);
}

stile_transfer return_kind(const World& world, const Core& core, uint64_t rip, unsigned bytes) {
    return privileged_code(world, core, rip, bytes) ? STILE_XFER_PRIVILEGED_RET : STILE_XFER_RET;
}

void enter_ring0(World&, Core& core) {
    if (core.ring == 3) core.saved_latch = core.latch;
    core.ring = 0;
}

void return_to_ring3(World& world, Core& core, uint64_t rip) {
    core.ring = 3;
    core.latch = core.saved_latch;
    if (world.checks.saved_latch) return;
    if (const Page* page = world.page(core, rip)) core.latch = {page->tag, STILE_XFER_SEQ, 0};
}

}  // namespace stile::isa::spec
