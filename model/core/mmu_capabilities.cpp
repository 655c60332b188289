// SPDX-License-Identifier: Apache-2.0
//
// What capabilities ask of memory: revocation counters, the domain capability stack for its instructions, and
// ranges of pages that a capability has opened.
//
// A counter is compared when its capability is first used, and then its cache line is watched, as pages are
// from which code was translated: every store to the page takes the slow path, on every core, and one to the
// line makes the capability unverified again. So does whatever may change where the counter's address leads.
#include <cstring>

#include "model/core/mmu_impl.h"
#include "model/protection/capability.h"

namespace stile::model {

namespace {

constexpr uint64_t line_mask = ~uint64_t{63};

}  // namespace

bool Mmu::Impl::stands(unsigned reg, const stile_cap& c, bool any_page, uint64_t vaddr) {
    CounterWatch& w = watch[reg];
    if (w.verified) return true;
    if (c.counter % 8 != 0) return false;
    drain_stores();
    PageAttributes page;
    if (!walker.probe(c.counter, page) || !(page.cap_storage || any_page)) return false;
    const uint64_t paddr = page.page_paddr | (c.counter & ~page_mask);
    if (!memory.contains(paddr, 8)) return false;
    if (counters) ++counters->capability_verifications;
    if (log.on) log.walks.push_back({vaddr, {paddr}, 1, true});
    uint64_t value;
    std::memcpy(&value, memory.host(paddr), 8);
    if (value != c.value) return false;
    w = {paddr & line_mask, true};
    if (mmu.on_watch)
        mmu.on_watch(mmu.on_code_store_arg, paddr);
    else
        mmu.protect_code_page(paddr);
    return true;
}

void Mmu::Impl::forget_counters() {
    bool any = false;
    for (CounterWatch& w : watch) {
        any |= w.verified;
        w.verified = false;
    }
    if (any) mmu.capabilities_changed();
}

void Mmu::counter_stored(uint64_t paddr, unsigned bytes) {
    bool any = false;
    for (Impl::CounterWatch& w : impl_->watch) {
        if (!w.verified || paddr >= w.line + 64 || paddr + bytes <= w.line) continue;
        w.verified = false;
        any = true;
    }
    if (any) capabilities_changed();
}

bool Mmu::watches_counter(uint64_t paddr) const {
    for (const Impl::CounterWatch& w : impl_->watch)
        if (w.verified && w.line >> 12 == paddr >> 12) return true;
    return false;
}

void Mmu::set_capability(unsigned reg, const stile_cap& c) {
    stile_cap& old = impl_->state.cd.caps[reg];
    const bool gone = type_of(old) != STILE_CAP_EMPTY;
    old = c;
    impl_->watch[reg].verified = false;
    if (gone) capabilities_changed();
}

void Mmu::capability_registers_loaded() {
    for (Impl::CounterWatch& w : impl_->watch) w.verified = false;
    capabilities_changed();
}

bool Mmu::revoke(uint64_t vaddr, bool check_cell, Fault& fault, unsigned insn, bool& in_capability) {
    Impl& m = *impl_;
    m.drain_stores();
    Impl::Piece piece[2];
    unsigned n;
    if (!m.resolve(vaddr, 8, Access::cap_write, fault, piece, n)) return false;
    if (check_cell && piece[0].host) {
        stile_cap cell;
        std::memcpy(&cell, piece[0].host - piece[0].paddr % sizeof cell, sizeof cell);
        in_capability = type_of(cell) != STILE_CAP_EMPTY;
        if (in_capability) return true;
    }
    uint64_t value;
    m.load(piece[0], reinterpret_cast<uint8_t*>(&value), insn);
    value = value >= STILE_COUNTER_END ? STILE_COUNTER_END : value + 1;
    m.store(piece[0], reinterpret_cast<const uint8_t*>(&value), insn);
    if (m.counters) ++m.counters->capability_revocations;
    return true;
}

bool Mmu::push_capability(const stile_cap& c, bool any_page, Fault& fault, unsigned insn) {
    return impl_->dcs_store(impl_->state.cd.dcs_ptr, c, 0, any_page, fault, insn);
}

bool Mmu::read_top_capability(stile_cap& c, bool any_page, Fault& fault, unsigned insn) {
    return impl_->dcs_load(impl_->state.cd.dcs_ptr - STILE_DCS_ENTRY, c, 0, any_page, fault, insn);
}

// --- ranges

const OpenRange* Context::range_of(uint64_t vaddr, unsigned bytes, bool write) const {
    for (const OpenRange& r : ranges)
        if (vaddr >= r.from && vaddr < r.to && bytes <= r.to - vaddr && (r.write || !write)) return &r;
    return nullptr;
}

void Context::open_range(const OpenRange& range) {
    ranges[next_range++ % ranges.size()] = range;
    any_range = true;
}

void Context::close_ranges() {
    if (!any_range) return;
    ranges.fill({});
    any_range = false;
}

}  // namespace stile::model
