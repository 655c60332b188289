// SPDX-License-Identifier: Apache-2.0
#include "model/core/mmu_impl.h"

namespace stile::model {

namespace {

constexpr uint64_t cr0_paging = cr::CR0_PG | cr::CR0_WP;
constexpr uint64_t cr4_paging = cr::CR4_PGE | cr::CR4_PCIDE | cr::CR4_SMEP;
constexpr uint64_t efer_paging = cr::EFER_NXE;

constexpr uint64_t key_ring3 = 1u << 12;
constexpr unsigned key_unit_shift = 13;

constexpr unsigned pcids = 4096;

}  // namespace

void Context::clear() {
    for (SoftTlb::Entry& e : tlb.e) e = {};
    by_capability.clear();
    capability_entry.reset();
    foreign.clear();
    foreign_entry.reset();
    close_ranges();
}

void Context::drop_foreign() {
    for (const uint16_t i : foreign) {
        tlb.e[i] = {};
        foreign_entry[i] = false;
    }
    foreign.clear();
    close_ranges();
}

void Context::drop_by_capability() {
    for (const uint16_t i : by_capability) {
        tlb.e[i] = {};
        capability_entry[i] = false;
    }
    by_capability.clear();
    close_ranges();
}

Mmu::Impl::Impl(Mmu& mmu, CpuState& state, PhysicalMemory& memory, MmioPort& mmio, Protection& protection,
                MemLog& log)
    : mmu(mmu),
      state(state),
      memory(memory),
      mmio(mmio),
      protection(protection),
      log(log),
      walker(state, memory, protection),
      pool(pool_size),
      generations(pcids * 2),
      fetches(fetch_entries),
      code_pages(memory.size() / page_bytes),
      writable_seen(memory.size() / page_bytes) {
    walker.on_update_arg = this;
    walker.on_update = [](void* self, uint64_t paddr, unsigned bytes) {
        static_cast<Impl*>(self)->mmu.before_store(paddr, bytes);
    };
    protection.apl_memory = this;
    protection.revocation = this;
    controls_changed();
}

uint64_t Mmu::Impl::context_key() const {
    return pcid() | (state.cpl == 0 ? 0 : key_ring3) | protection.context(state) << key_unit_shift;
}

void Mmu::Impl::select(uint64_t key) {
    uint8_t& slot = hint[key * 0x9e3779b97f4a7c15ull >> 58];
    if (pool[slot].key != key) {
        unsigned oldest = 0, found = pool_size;
        for (unsigned i = 0; i < pool_size; ++i) {
            if (pool[i].key == key) found = i;
            if (pool[i].last_selected < pool[oldest].last_selected) oldest = i;
        }
        if (found == pool_size) {
            found = oldest;
            pool[found].clear();
            pool[found].key = key;
        }
        slot = static_cast<uint8_t>(found);
    }
    current = &pool[slot];
    current->last_selected = ++selections;
    mmu.soft = &current->tlb;
    mmu.fetch_generation_ = generation_of(pcid(), state.cpl == 0 ? 0 : 1);
}

uint64_t Mmu::Impl::generation_of(unsigned pcid, unsigned ring) {
    Generation& g = generations[pcid * 2 + ring];
    if (g.epoch != epoch) g = {next_generation++, epoch};
    return g.value;
}

void Mmu::Impl::controls_changed() {
    seen_cr0 = state.cr0;
    seen_cr4 = state.cr4;
    seen_efer = state.efer;
    ++epoch;
    forget_counters();
    drop_tlbs();
}

void Mmu::Impl::drop_tlbs() {
    for (Context& c : pool) {
        if (c.key == Context::no_key) continue;
        c.clear();
        c.key = Context::no_key;
        c.last_selected = 0;
    }
    large_regions.reset();
    writable_seen.assign(writable_seen.size(), false);
    protection.stale = false;
    current = nullptr;
}

// What a domain may do with its own pages does not hang on the APL cache.
void Mmu::Impl::drop_foreign() {
    protection.stale = false;
    for (Context& c : pool) c.drop_foreign();
}

void Mmu::Impl::drop_pcid(unsigned pcid) {
    for (Context& c : pool)
        if (c.key != Context::no_key && (c.key & 0xfff) == pcid) c.clear();
    generations[pcid * 2].epoch = generations[pcid * 2 + 1].epoch = 0;
}

void Mmu::Impl::drop_page(uint64_t vaddr) {
    const uint64_t page = vaddr & page_mask;
    const bool large = large_regions[region_bit(vaddr)];
    for (Context& c : pool) {
        if (c.key == Context::no_key) continue;
        c.close_ranges();
        const unsigned first = large ? 0 : (vaddr >> 12) % soft_tlb_entries;
        const unsigned last = large ? soft_tlb_entries - 1 : first;
        for (unsigned i = first; i <= last; ++i) {
            SoftTlb::Entry& e = c.tlb.e[i];
            const uint64_t holds = e.read != SoftTlb::none ? e.read : e.write;
            if (holds == page || (large && holds >> 21 == page >> 21)) e = {};
        }
    }
}

void Mmu::Impl::drop_writes_to(uint64_t paddr) {
    const uint64_t page = paddr >> 12;
    if (page >= writable_seen.size() || !writable_seen[page]) return;
    writable_seen[page] = false;
    const auto host = reinterpret_cast<uint64_t>(memory.host(page << 12));
    for (Context& c : pool) {
        c.close_ranges();
        for (SoftTlb::Entry& e : c.tlb.e)
            if (e.write != SoftTlb::none && e.write + e.addend == host) e.write = SoftTlb::none;
    }
}

void Mmu::Impl::drop_all_writes() {
    for (Context& c : pool) {
        c.close_ranges();
        for (SoftTlb::Entry& e : c.tlb.e) e.write = SoftTlb::none;
    }
    writable_seen.assign(writable_seen.size(), false);
}

void Mmu::context_changed() {
    Impl& m = *impl_;
    const CpuState& s = m.state;
    const uint64_t changed = ((s.cr0 ^ m.seen_cr0) & cr0_paging) | ((s.cr4 ^ m.seen_cr4) & cr4_paging) |
                             ((s.efer ^ m.seen_efer) & efer_paging);
    if (changed) m.controls_changed();
    if (s.cd.control != m.seen_cd) {  // code found while nothing was checked is to be found again
        m.seen_cd = s.cd.control;
        ++m.epoch;
        m.current = nullptr;
    }
    if (m.protection.stale) m.drop_foreign();
    const uint64_t key = m.context_key();
    if (m.current && m.current->key == key) return;
    m.select(key);
}

void Mmu::capabilities_changed() {
    impl_->protection.capabilities_stale = false;
    if (!impl_->remembers_capabilities) return;
    impl_->remembers_capabilities = false;
    for (Context& c : impl_->pool) c.drop_by_capability();
}

void Mmu::load_cr3(uint64_t value) {
    Impl& m = *impl_;
    const bool keep = (m.state.cr4 & cr::CR4_PCIDE) && (value & cr::CR3_NO_FLUSH);
    m.state.cr3 = value & ~cr::CR3_NO_FLUSH;
    m.forget_counters();
    if (!keep) m.drop_pcid(m.pcid());
    m.select(m.context_key());
}

void Mmu::invlpg(uint64_t vaddr) {
    Impl& m = *impl_;
    m.drop_page(vaddr);
    m.forget_counters();
    ++m.epoch;  // global pages: every address space forgets
    m.select(m.context_key());
}

void Mmu::flush_all() {
    ++impl_->epoch;
    impl_->forget_counters();
    impl_->drop_tlbs();
    context_changed();
}

void Mmu::count_in(Counters* counters) { impl_->counters = counters; }

void Mmu::watch_stores(Observer* observer, Core* core) {
    impl_->watcher = observer;
    impl_->watched_core = core;
    impl_->drop_all_writes();
}

bool Mmu::watches_stores() const { return impl_->watcher != nullptr; }

void Mmu::before_store(uint64_t paddr, unsigned bytes) {
    if (!impl_->is_code_page(paddr)) return;
    if (on_code_store)
        on_code_store(on_code_store_arg, paddr, bytes);
    else
        counter_stored(paddr, bytes);
}

void Mmu::protect_code_page(uint64_t paddr) {
    const uint64_t page = paddr >> 12;
    if (page >= impl_->code_pages.size() || impl_->code_pages[page]) return;
    impl_->drain_stores();
    impl_->code_pages[page] = true;
    impl_->drop_writes_to(paddr);
}

void Mmu::unprotect_code_page(uint64_t paddr) {
    const uint64_t page = paddr >> 12;
    if (page < impl_->code_pages.size()) impl_->code_pages[page] = false;
}

}  // namespace stile::model
