// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>

#include "model/core/mmu_impl.h"

namespace stile::model {

namespace {

// What a fetch from where there is no RAM finds: an open bus, which decodes as an undefined instruction.
constexpr auto open_bus = [] {
    std::array<uint8_t, page_bytes> a{};
    a.fill(0xff);
    return a;
}();

}  // namespace

bool Mmu::Impl::fetch(uint64_t vaddr, FetchPage& out, Fault& fault) {
    const uint64_t vpage = vaddr & page_mask;
    FetchEntry& e = fetches[(vaddr >> 12) % fetch_entries];
    if (e.generation != mmu.fetch_generation_ || e.page.vpage != vpage) {
        drain_stores();
        PageAttributes page;
        const auto who = state.cpl == 0 ? PageWalker::Who::supervisor : PageWalker::Who::user;
        if (!walker.translate(vaddr, Access::fetch, who, page, fault)) return false;
        const bool ram = memory.contains(page.page_paddr, page_bytes);
        e.generation = mmu.fetch_generation_;
        e.page = {vpage, ram ? memory.host(page.page_paddr) : open_bus.data(), page};
    }
    out = e.page;
    return true;
}

// The domain capability stack is the hardware's own structure: it is reached with supervisor rights whatever
// the ring, must be writable even where CR0.WP is off, and lies in capability-storage pages only.
bool Mmu::Impl::locate_dcs(uint64_t vaddr, Access access, uint32_t flags, bool any_page, Piece& piece,
                           Fault& fault) {
    drain_stores();
    const uint64_t vpage = vaddr & page_mask;
    const bool write = access == Access::cap_write;
    if (dcs_page.vpage != vpage || dcs_page.generation != mmu.fetch_generation_ ||
        (write && !dcs_page.dirty)) {
        PageAttributes page;
        if (!walker.translate(vaddr, access, PageWalker::Who::supervisor, page, fault)) return false;
        dcs_page = {vpage, mmu.fetch_generation_, page, write};
    }
    const PageAttributes& page = dcs_page.page;
    if (!any_page && (!page.cap_storage || (write && !page.writable))) {
        flags |= (write ? STILE_CD_WRITE : 0) | (state.cpl == 0 ? STILE_CD_RING0 : 0);
        domain_fault(state, fault, STILE_CD_CAP_PAGE | flags, vaddr, domain(), page.tag,
                     write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ, STILE_RIGHT_NIL);
        return false;
    }
    piece = {vaddr, page.page_paddr | (vaddr & ~page_mask), nullptr, STILE_DCS_ENTRY};
    if (memory.contains(piece.paddr, piece.bytes)) piece.host = memory.host(piece.paddr);
    return true;
}

bool Mmu::Impl::dcs_store(uint64_t vaddr, const stile_cap& c, uint32_t flags, bool any_page, Fault& fault,
                          unsigned insn) {
    Piece piece;
    if (!locate_dcs(vaddr, Access::cap_write, flags, any_page, piece, fault)) return false;
    store(piece, reinterpret_cast<const uint8_t*>(&c), insn);
    return true;
}

bool Mmu::Impl::dcs_load(uint64_t vaddr, stile_cap& c, uint32_t flags, bool any_page, Fault& fault,
                         unsigned insn) {
    Piece piece;
    if (!locate_dcs(vaddr, Access::cap_read, flags, any_page, piece, fault)) return false;
    load(piece, reinterpret_cast<uint8_t*>(&c), insn);
    return true;
}

bool Mmu::Impl::read_word(uint64_t paddr, uint64_t& value) {
    if (!memory.contains(paddr, 8)) return false;
    drain_stores();
    std::memcpy(&value, memory.host(paddr), 8);
    return true;
}

void Mmu::Impl::walked(const AplWalk& walk) {
    if (log.on) log.walks.push_back(walk);
}

bool Mmu::fetch(uint64_t vaddr, FetchPage& out, Fault& fault) { return impl_->fetch(vaddr, out, fault); }

bool Mmu::arrive(uint64_t vaddr, const FetchPage& target, uint64_t from_rip, Fault& fault) {
    Impl& m = *impl_;
    if (!m.protection.arrive(m.state, target.page, vaddr, from_rip, m, fault)) return false;
    if (m.protection.capabilities_stale) capabilities_changed();
    context_changed();
    return true;
}

}  // namespace stile::model
