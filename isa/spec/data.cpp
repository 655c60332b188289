// SPDX-License-Identifier: Apache-2.0
//
// docs/codoms.md, section 5: loads and stores, and the memory that they are about.
#include <algorithm>
#include <cstring>

#include "isa/spec/parts.h"

namespace stile::isa::spec {

const Page* World::page(const Core& core, uint64_t address) const {
    const auto it = pages.find({core.space, address / page_bytes});
    return it == pages.end() ? nullptr : &it->second;
}

void World::peek(uint64_t paddr, void* out, unsigned bytes) const {
    for (unsigned i = 0; i < bytes; ++i) {
        const auto it = memory.find((paddr + i) / 8);
        const uint64_t word = it == memory.end() ? 0 : it->second;
        static_cast<uint8_t*>(out)[i] = static_cast<uint8_t>(word >> (paddr + i) % 8 * 8);
    }
}

void World::poke(uint64_t paddr, const void* in, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
        const uint64_t shift = (paddr + i) % 8 * 8;
        uint64_t& word = memory[(paddr + i) / 8];
        word = (word & ~(0xffull << shift)) | uint64_t{static_cast<const uint8_t*>(in)[i]} << shift;
    }
}

Outcome general_protection() { return {.vector = vec_gp}; }

Outcome refuse(const Core& core, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
               unsigned needed, unsigned had) {
    if (core.ring == 0) error |= STILE_CD_RING0;
    return {vec_cd, error, address, from, to, needed, had};
}

// 48 bits of virtual address: the upper ones repeat bit 47.
bool canonical(uint64_t address) { return address >> 47 == 0 || address >> 47 == 0x1ffff; }

namespace {

// The part of an access that lies on one page.
Outcome check_piece(const World& world, const Core& core, uint64_t address, uint64_t bytes, bool write,
                    Kind kind) {
    // Page-table faults of a piece come before its domain faults (section 8; Intel SDM vol. 3, 4.6 and 4.7).
    const Page* page = world.page(core, address);
    const bool user = core.ring == 3;
    const bool allowed =
        page && (page->user || !user) && (!write || page->writable || (!user && !core.write_protect));
    if (!allowed)
        return {vec_pf, (page ? pf_present : 0u) | (write ? pf_write : 0u) | (user ? pf_user : 0u), address};

    // "At ring 3, and at ring 0 for pages with U=1."
    if (!core.domains_on) return {};
    if (core.ring == 0 && (!page->user || !world.checks.deputy)) return {};

    const uint16_t from = domain(core);
    const unsigned needed = write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ;
    const uint32_t flags = write ? STILE_CD_WRITE : 0;
    if (world.checks.cap_page && page->cap_storage != (kind == Kind::capability))
        return refuse(core, STILE_CD_CAP_PAGE | flags, address, from, page->tag, needed);
    const unsigned had = effective(world, core, from, page->tag, address, static_cast<unsigned>(bytes));
    if (world.checks.data && had < needed)
        return refuse(core, STILE_CD_RIGHT | flags, address, from, page->tag, needed, had);
    return {};
}

// Calls `each(address, bytes)` for the part on every page, the lower first.
template <class F>
void by_page(uint64_t address, uint64_t bytes, F each) {
    while (bytes > 0) {
        const uint64_t part = std::min(bytes, page_bytes - address % page_bytes);
        each(address, part);
        address += part;
        bytes -= part;
    }
}

}  // namespace

Outcome check(const World& world, const Core& core, uint64_t address, uint64_t bytes, bool write, Kind kind) {
    if (!canonical(address) || !canonical(address + bytes - 1)) return general_protection();
    Outcome first_fault;
    by_page(address, bytes, [&](uint64_t at, uint64_t part) {
        if (first_fault.allowed()) first_fault = check_piece(world, core, at, part, write, kind);
    });
    return first_fault;
}

void read(const World& world, const Core& core, uint64_t address, void* out, uint64_t bytes) {
    auto* to = static_cast<uint8_t*>(out);
    by_page(address, bytes, [&](uint64_t at, uint64_t part) {
        const uint64_t paddr = world.page(core, at)->frame * page_bytes + at % page_bytes;
        world.peek(paddr, to, static_cast<unsigned>(part));
        to += part;
    });
}

void write(World& world, const Core& core, uint64_t address, const void* in, uint64_t bytes) {
    const auto* from = static_cast<const uint8_t*>(in);
    by_page(address, bytes, [&](uint64_t at, uint64_t part) {
        const uint64_t paddr = world.page(core, at)->frame * page_bytes + at % page_bytes;
        world.poke(paddr, from, static_cast<unsigned>(part));
        from += part;
    });
}

Outcome load(const World& world, const Core& core, uint64_t address, unsigned bytes, void* out) {
    const Outcome o = check(world, core, address, bytes, false, Kind::ordinary);
    if (o.allowed() && out) read(world, core, address, out, bytes);
    return o;
}

Outcome store(World& world, const Core& core, uint64_t address, unsigned bytes, const void* in) {
    const Outcome o = check(world, core, address, bytes, true, Kind::ordinary);
    if (o.allowed() && in) write(world, core, address, in, bytes);
    return o;
}

Outcome check_store(const World& world, const Core& core, uint64_t address, unsigned bytes) {
    return check(world, core, address, bytes, true, Kind::ordinary);
}

}  // namespace stile::isa::spec
