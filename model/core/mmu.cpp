// SPDX-License-Identifier: Apache-2.0
#include "model/core/mmu.h"

#include <algorithm>
#include <cstring>

#include "model/core/mmu_impl.h"

namespace stile::model {

// The quick answer for small capabilities.
bool Mmu::Impl::in_open_range(Piece& piece, Access access) {
    if (!current->any_range || (access != Access::read && access != Access::write)) return false;
    const OpenRange* r = current->range_of(piece.vaddr, piece.bytes, access == Access::write);
    if (!r) return false;
    piece.host = reinterpret_cast<uint8_t*>(piece.vaddr + r->addend);
    piece.paddr = memory.paddr_of(piece.host);
    return true;
}

// A piece is answered from the software TLB where that already says yes: an access gets here because it left
// its page, or because it was made by hardware (frames, descriptors), as often as because nothing is known.
bool Mmu::Impl::resolve_piece(Piece& piece, Access access, Fault& fault) {
    const uint64_t page = piece.vaddr & page_mask;
    const SoftTlb::Entry& e = current->tlb.e[(piece.vaddr >> 12) % soft_tlb_entries];
    if ((access == Access::read && e.read == page) || (access == Access::write && e.write == page)) {
        piece.host = reinterpret_cast<uint8_t*>(piece.vaddr + e.addend);
        piece.paddr = memory.paddr_of(piece.host);
        return true;
    }
    if (in_open_range(piece, access)) return true;
    PageAttributes attributes;
    const auto who = state.cpl == 0 ? PageWalker::Who::supervisor : PageWalker::Who::user;
    if (!walker.translate(piece.vaddr, access, who, attributes, fault)) return false;
    Verdict verdict = Verdict::allow_page;
    if (state.cpl != 0 || attributes.user)
        verdict = protection.data(state, domain(), attributes, piece.vaddr, piece.bytes, access, fault);
    if (protection.stale) [[unlikely]]
        drop_foreign();  // the check fetched a right, for which another one had to go
    if (verdict == Verdict::refuse) return false;
    piece.paddr = attributes.page_paddr | (piece.vaddr & ~page_mask);
    if (!memory.contains(attributes.page_paddr, page_bytes)) return true;
    piece.host = memory.host(piece.paddr);
    if (attributes.large) large_regions.set(region_bit(piece.vaddr));
    remember(piece, access, verdict, (state.cd.control & 1) && attributes.tag != domain());
    return true;
}

void Mmu::Impl::remember(const Piece& piece, Access access, Verdict verdict, bool foreign) {
    if (access != Access::read && access != Access::write) return;
    if (access == Access::write && (watcher || is_code_page(piece.paddr))) return;
    const uint64_t page = piece.vaddr & page_mask;
    const unsigned index = (piece.vaddr >> 12) % soft_tlb_entries;
    SoftTlb::Entry& e = current->tlb.e[index];
    const uint64_t addend = reinterpret_cast<uint64_t>(piece.host) - piece.vaddr;
    if (verdict == Verdict::allow_range) {
        remembers_capabilities = true;
        if (access == Access::write) writable_seen[piece.paddr >> 12] = true;
        current->open_range({std::max(protection.allowed_from, page),
                             std::min(protection.allowed_to - 1, page | ~page_mask) + 1, addend,
                             access == Access::write});
        return;
    }
    if ((e.read != page && e.write != page) || e.addend != addend) e = {SoftTlb::none, SoftTlb::none, addend};
    if (access == Access::write) {
        e.write = page;
        writable_seen[piece.paddr >> 12] = true;
    } else {
        e.read = page;
    }
    if (foreign && !current->foreign_entry[index]) {
        current->foreign_entry[index] = true;
        current->foreign.push_back(static_cast<uint16_t>(index));
    }
    if (verdict == Verdict::allow_page_by_cap && !current->capability_entry[index]) {
        current->capability_entry[index] = true;
        remembers_capabilities = true;
        current->by_capability.push_back(static_cast<uint16_t>(index));
    }
}

bool Mmu::Impl::resolve(uint64_t vaddr, unsigned bytes, Access access, Fault& fault, Piece piece[2],
                        unsigned& n) {
    const unsigned room = static_cast<unsigned>(page_bytes - (vaddr & ~page_mask));
    n = bytes > room ? 2 : 1;
    if (n == 2 &&
        (!canonical(vaddr) || !canonical(vaddr + bytes - 1))) {  // known before any page is looked at
        fault = {VEC_GP, true, 0, 0};
        return false;
    }
    piece[0] = {vaddr, 0, nullptr, std::min(bytes, room)};
    piece[1] = {vaddr + room, 0, nullptr, bytes - piece[0].bytes};
    for (unsigned i = 0; i < n; ++i)
        if (!resolve_piece(piece[i], access, fault)) return false;
    return true;
}

void Mmu::Impl::load(const Piece& piece, uint8_t* to, unsigned insn) {
    if (piece.host) {
        std::memcpy(to, piece.host, piece.bytes);
    } else if (!mmio.mmio_read(piece.paddr, to, piece.bytes)) {
        std::memset(to, 0xff, piece.bytes);  // an open bus
    }
    if (log.on)
        log.add(piece.vaddr, piece.paddr, piece.bytes, piece.host ? MemKind::load : MemKind::mmio_load, insn);
}

void Mmu::Impl::store(const Piece& piece, const uint8_t* from, unsigned insn) {
    if (piece.host) {
        mmu.before_store(piece.paddr, piece.bytes);
        std::memcpy(piece.host, from, piece.bytes);
        if (watcher) watcher->store(*watched_core, piece.vaddr, piece.paddr, piece.bytes);
    } else {
        mmio.mmio_write(piece.paddr, from, piece.bytes);  // where nobody listens the store is lost
    }
    if (log.on)
        log.add(piece.vaddr, piece.paddr, piece.bytes, piece.host ? MemKind::store : MemKind::mmio_store,
                insn);
}

bool Mmu::Impl::read(uint64_t vaddr, void* out, unsigned bytes, Access access, Fault& fault, unsigned insn) {
    drain_stores();
    if (Piece whole{vaddr, 0, nullptr, bytes}; in_open_range(whole, access)) {
        load(whole, static_cast<uint8_t*>(out), insn);
        return true;
    }
    Piece piece[2];
    unsigned n;
    if (!resolve(vaddr, bytes, access, fault, piece, n)) return false;
    auto* to = static_cast<uint8_t*>(out);
    for (unsigned i = 0; i < n; to += piece[i++].bytes) load(piece[i], to, insn);
    return true;
}

bool Mmu::Impl::write(uint64_t vaddr, const void* in, unsigned bytes, Access access, Fault& fault,
                      unsigned insn) {
    drain_stores();
    if (Piece whole{vaddr, 0, nullptr, bytes}; in_open_range(whole, access)) {
        store(whole, static_cast<const uint8_t*>(in), insn);
        return true;
    }
    Piece piece[2];
    unsigned n;
    if (!resolve(vaddr, bytes, access, fault, piece, n)) return false;
    const auto* from = static_cast<const uint8_t*>(in);
    for (unsigned i = 0; i < n; from += piece[i++].bytes) store(piece[i], from, insn);
    return true;
}

Mmu::Mmu(CpuState& state, PhysicalMemory& memory, MmioPort& mmio, Protection& protection, MemLog& log)
    : impl_(std::make_unique<Impl>(*this, state, memory, mmio, protection, log)) {
    context_changed();
}

Mmu::~Mmu() = default;

bool Mmu::read(uint64_t vaddr, void* out, unsigned bytes, Fault& fault, unsigned insn, bool will_write) {
    slow_accesses += impl_->state.cpl == 3;
    return impl_->read(vaddr, out, bytes, will_write ? Access::write : Access::read, fault, insn);
}

bool Mmu::write(uint64_t vaddr, const void* in, unsigned bytes, Fault& fault, unsigned insn) {
    slow_accesses += impl_->state.cpl == 3;
    return impl_->write(vaddr, in, bytes, Access::write, fault, insn);
}

bool Mmu::read_capability(uint64_t vaddr, void* out, unsigned bytes, Fault& fault, unsigned insn) {
    return impl_->read(vaddr, out, bytes, Access::cap_read, fault, insn);
}

bool Mmu::write_capability(uint64_t vaddr, const void* in, unsigned bytes, Fault& fault, unsigned insn) {
    return impl_->write(vaddr, in, bytes, Access::cap_write, fault, insn);
}

bool Mmu::probe(uint64_t vaddr, PageAttributes& out) const { return impl_->walker.probe(vaddr, out); }

bool Mmu::probe_read(uint64_t vaddr, void* out, uint64_t bytes) const {
    auto* to = static_cast<uint8_t*>(out);
    while (bytes > 0) {
        PageAttributes page;
        if (!probe(vaddr, page) || !impl_->memory.contains(page.page_paddr, page_bytes)) return false;
        const uint64_t n = std::min(bytes, page_bytes - (vaddr & ~page_mask));
        const uint64_t paddr = page.page_paddr | (vaddr & ~page_mask);
        std::memcpy(to, impl_->memory.host(paddr), n);
        if (store_buffer) store_buffer->overlay(paddr, to, n);
        vaddr += n, to += n, bytes -= n;
    }
    return true;
}

}  // namespace stile::model
