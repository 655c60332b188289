// SPDX-License-Identifier: Apache-2.0
//
// The kernel's part of a random world, done on both sides: page tables, APLs, rings, threads.
#include <algorithm>

#include "tests/unit/protection/pair.h"

namespace stile::model::test {

namespace {

using isa::spec::Op;
namespace spec_ns = isa::spec;

constexpr uint64_t large_frame = 0x400000;  // physical
constexpr uint64_t stack_bytes = 12 * STILE_DCS_ENTRY;
constexpr uint64_t keep = cr::CR3_NO_FLUSH;

uint64_t pte_bits(uint8_t attributes, uint16_t tag) {
    uint64_t e = pte::P | STILE_PTE_TAG(tag);
    if (attributes & attr_writable) e |= pte::W;
    if (attributes & attr_user) e |= pte::U;
    if (!(attributes & attr_exec)) e |= pte::NX;
    if (attributes & attr_privileged) e |= STILE_PTE_PRIVILEGED;
    if (attributes & attr_storage) e |= STILE_PTE_CAP_STORAGE;
    return e;
}

spec_ns::Page spec_page(uint8_t attributes, uint16_t tag, uint64_t frame) {
    return {(attributes & attr_writable) != 0,
            (attributes & attr_user) != 0,
            (attributes & attr_exec) != 0,
            (attributes & attr_privileged) != 0,
            (attributes & attr_storage) != 0,
            tag,
            frame / page_bytes};
}

bool is_small(uint64_t vaddr) { return vaddr - first_page < n_pages * page_bytes; }

}  // namespace

Pair::Pair(const MachineConfig& config, Plant plant) : plant_(plant) {
    spec.apl_entries = config.apl_cache.entries;
    for (unsigned k = 0; k < n_cores; ++k)
        worlds_.push_back(std::make_unique<World>(config, k ? &worlds_[0]->memory : nullptr));
    model = worlds_[0].get();
    World& boss = *model;
    for (unsigned s = 0; s < n_spaces; ++s) root_[s] = (s ? boss.new_table() : boss.state.cr3) | (s + 1);
    frame0_ = boss.next_frame;
    boss.next_frame += (n_pages + n_threads + 1) * page_bytes;
    const uint8_t kernel = attr_writable;
    for (core.space = n_spaces; core.space-- > 0;) {
        for (unsigned i = 0; i < n_pages; ++i) {
            const uint64_t frame = frame0_ + i * page_bytes;
            put(first_page + i * page_bytes, frame, true, attr_writable | attr_user | attr_exec, i % n_tags);
            put(kernel_alias + i * page_bytes, frame, true, kernel, 0);
        }
        for (unsigned t = 0; t < n_threads; ++t)
            put(stacks + t * page_bytes, frame0_ + (n_pages + t) * page_bytes, true, kernel | attr_storage,
                stack_tag);
        put(kernel_page, frame0_ + (n_pages + n_threads) * page_bytes, true, kernel, 0);
        map_large(1, attr_writable | attr_user | attr_exec);
    }
    if (config.apl_cache.refill == AplRefill::hardware) directory_ = boss.new_table();
    for (unsigned k = 0; k < n_cores; ++k) start_core(k);
    core = {};
    parked_.resize(n_cores);
    for (unsigned k = n_cores; k-- > 0;) {
        run_core(k);
        start_threads();
        parked_[k] = {core, thread_};
    }
}

// What the cores tell each other (as CoreComplex does for whole cores).
void Pair::start_core(unsigned k) {
    Mmu& mmu = *worlds_[k]->mmu;
    mmu.load_cr3(root_[0] | keep);
    mmu.on_code_store_arg = this;
    mmu.on_watch = [](void* self, uint64_t paddr) {
        for (const auto& w : static_cast<Pair*>(self)->worlds_) w->mmu->protect_code_page(paddr);
    };
    mmu.on_code_store = [](void* self, uint64_t paddr, unsigned bytes) {
        auto& pair = *static_cast<Pair*>(self);
        for (const auto& w : pair.worlds_)
            if (pair.tells(*w, Plant::no_counter_watch, Plant::counters_of_one_core))
                w->mmu->counter_stored(paddr, bytes);
    };
    if (directory_) worlds_[k]->state.cd.apl_root = directory_ | STILE_APL_ROOT_ON;
}

// Is `w` told of what the running core does?
bool Pair::tells(const World& w, Plant nobody, Plant not_others) const {
    return plant_ != nobody && (plant_ != not_others || &w == model);
}

void Pair::start_threads() {
    auto& cd = model->state.cd;
    for (unsigned i = threads_per_core; i-- > 0;) {
        thread_ = running_ * threads_per_core + i;
        core.dcs_base = core.dcs_ptr = cd.dcs_ptr = cd.dcs_base = stacks + thread_ * page_bytes;
        core.dcs_limit = cd.dcs_limit = core.dcs_base + stack_bytes;
        core.ring = 0;
        model->ring(0);
        save(thread_);
    }
    core.ring = 3;
    model->state.cpl = 3;
    model->domains_on(0);
}

void Pair::run_core(unsigned k) {
    if (running_ < parked_.size()) parked_[running_] = {core, thread_};
    running_ = k;
    model = worlds_[k].get();
    core = parked_[k].core;
    thread_ = parked_[k].thread;
}

uint64_t Pair::alias_of(uint64_t vaddr) const {
    const spec_ns::Page* page = spec.page(core, vaddr);
    const uint64_t frame = page ? page->frame - frame0_ / page_bytes : n_pages;
    return kernel_alias + frame % n_pages * page_bytes + vaddr % page_bytes;
}

void Pair::map(const Step& s) {
    if (s.address - stacks < n_threads * page_bytes) {
        const uint64_t frame = frame0_ + (n_pages + (s.address - stacks) / page_bytes) * page_bytes;
        return put(s.address & page_mask, frame, s.bytes != 0, s.i.imm, stack_tag);
    }
    if (!is_small(s.address)) return map_large(static_cast<uint16_t>(s.i.n), s.i.imm);
    put(s.address & page_mask, frame0_ + s.i.m * page_bytes, s.bytes != 0, s.i.imm,
        static_cast<uint16_t>(s.i.n));
}

void Pair::put(uint64_t vaddr, uint64_t frame, bool present, uint8_t attributes, uint16_t tag) {
    const std::pair where{core.space, vaddr / page_bytes};
    if (present) {
        worlds_[0]->map(vaddr, frame, pte_bits(attributes, tag), root_[core.space]);
        spec.pages[where] = spec_page(attributes, tag, frame);
    } else {
        worlds_[0]->map(vaddr, 0, 0, root_[core.space]);
        spec.pages.erase(where);
    }
    shoot_down(vaddr);
}

void Pair::shoot_down(uint64_t vaddr) {
    for (const auto& w : worlds_)
        if (tells(*w, Plant::no_invlpg, Plant::invlpg_on_one_core)) w->mmu->invlpg(vaddr);
}

void Pair::set_stack(const Step& s) {
    auto& cd = model->state.cd;
    core.dcs_ptr = cd.dcs_ptr = s.address;
    core.dcs_base = cd.dcs_base = s.i.r;
    core.dcs_limit = cd.dcs_limit = s.i.rcx;
    core.depth = cd.depth = s.bytes;
}

void Pair::set_write_protect(bool on) {
    core.write_protect = on;
    const uint64_t wp = cr::CR0_WP;
    model->state.cr0 = on ? model->state.cr0 | wp : model->state.cr0 & ~wp;
    model->mmu->context_changed();
}

void Pair::map_large(uint16_t tag, uint8_t attributes) {
    worlds_[0]->entry(worlds_[0]->slot(large_page, 2, root_[core.space])) =
        large_frame | pte_bits(attributes, tag) | pte::PS;
    for (unsigned i = 0; i < 512; ++i)
        spec.pages[{core.space, large_page / page_bytes + i}] =
            spec_page(attributes, tag, large_frame + i * page_bytes);
    shoot_down(large_page);
}

void Pair::grant(uint16_t from, uint16_t to, unsigned right) {
    spec.apl[{from, to}] = right;
    for (const auto& w : worlds_) w->apl[{from, to}] = right;
    if (directory_) {
        const auto below = [&](uint64_t table, unsigned index) {
            uint64_t& e = model->entry(table + 8ull * index);
            if (!e) e = worlds_[0]->new_table() | STILE_APL_PRESENT;
            return e & ~uint64_t{STILE_APL_PRESENT};
        };
        const uint64_t page = below(below(directory_, STILE_APL_INDEX1(from)), STILE_APL_INDEX2(from, to));
        uint64_t& word = model->entry(page + 8ull * STILE_APL_WORD3(to));
        word = (word & ~(3ull << STILE_APL_SHIFT3(to))) | uint64_t{right} << STILE_APL_SHIFT3(to);
    }
    for (const auto& w : worlds_) {
        if (!tells(*w, Plant::no_aplinv, Plant::aplinv_on_one_core)) continue;
        w->protection->apl_invalidate(from);
        w->mmu->context_changed();
    }
}

void Pair::enter_ring0() {
    spec_ns::enter_ring0(spec, core);
    auto& cd = model->state.cd;
    cd.saved_latch = cd.latch;
    if (plant_ == Plant::stale_latch) cd.saved_latch.kind = STILE_XFER_SEQ;
    model->state.cpl = 0;
    if (plant_ != Plant::no_context) model->mmu->context_changed();
}

void Pair::return_to_ring3(uint64_t rip) {
    spec_ns::return_to_ring3(spec, core, rip);
    model->state.cd.latch = model->state.cd.saved_latch;
    model->state.cpl = 3;
    if (plant_ != Plant::no_context) model->mmu->context_changed();
}

// cd.save and cd.restore, by ring 0, in a page of the supervisor's.
void Pair::save(unsigned thread) {
    const uint64_t at = kernel_page + thread * 512ull;
    spec_ns::execute(spec, core, {.op = Op::save, .address = at});
    const auto& cd = model->state.cd;
    stile_cd_state m{};
    m.latch = cd.saved_latch.tag | uint64_t{cd.saved_latch.kind} << 16;
    m.latch_ret = cd.saved_latch.return_address;
    m.dcs_ptr = cd.dcs_ptr, m.dcs_base = cd.dcs_base, m.dcs_limit = cd.dcs_limit;
    m.kcs = cd.kcs, m.depth = cd.depth;
    std::copy(cd.caps.begin(), cd.caps.end(), m.caps);
    EXPECT_TRUE(model->mmu->write_capability(at, &m, sizeof m, model->fault, 0));
}

void Pair::restore(unsigned thread) {
    const uint64_t at = kernel_page + thread * 512ull;
    spec_ns::execute(spec, core, {.op = Op::restore, .address = at});
    auto& cd = model->state.cd;
    stile_cd_state m;
    EXPECT_TRUE(model->mmu->read_capability(at, &m, sizeof m, model->fault, 0));
    cd.saved_latch = {static_cast<uint16_t>(m.latch), static_cast<uint8_t>(m.latch >> 16), m.latch_ret};
    cd.dcs_ptr = m.dcs_ptr, cd.dcs_base = m.dcs_base, cd.dcs_limit = m.dcs_limit;
    cd.kcs = m.kcs, cd.depth = m.depth;
    std::copy(m.caps, m.caps + STILE_CAP_REGS, cd.caps.begin());
    if (plant_ != Plant::no_register_drop) model->mmu->capability_registers_loaded();
    model->mmu->context_changed();
}

}  // namespace stile::model::test
