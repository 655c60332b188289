// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/mm/page_table.h"

#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/shootdown.h"

extern "C" char __text_start[], __text_end[], __rodata_end[], __kernel_end[];

namespace stile::os {
namespace {

constinit PageTable kernel_table{};
constinit uint64_t pcids_used[4096 / 64]{1};  // 0 is everybody's
constinit uint16_t pcid_hint = 1;

uint16_t pcid_allocate() {
    if (!cpu().has_pcid) return 0;
    for (unsigned i = 0; i < 4096; i++) {
        const unsigned p = (pcid_hint + i) & 4095;
        if (!(pcids_used[p / 64] >> (p % 64) & 1)) {
            pcids_used[p / 64] |= 1ull << (p % 64);
            pcid_hint = static_cast<uint16_t>(p + 1);
            return static_cast<uint16_t>(p);
        }
    }
    return 0;
}

constexpr uint64_t pcid_keep = 1ull << 63;  // this PCID's translations stay (SDM vol. 3, 4.10.4.1)

constexpr unsigned index_at(uint64_t vaddr, unsigned level) { return (vaddr >> (12 + 9 * level)) & 511; }
uint64_t* table_of(uint64_t entry) { return static_cast<uint64_t*>(direct(entry & pte_address)); }

void map_kernel(uint64_t vaddr, uint64_t phys, uint64_t bytes, uint64_t bits) {
    for (uint64_t at = 0; at < bytes; at += page_size) {
        uint64_t* e = kernel_table.entry(vaddr + at, true);
        if (!e) panic("no memory for the kernel's page table");
        *e = (phys + at) | bits | pte_present | pte_global;
    }
}

// 2 MiB leaves; alignment is the caller's.
void map_large(uint64_t vaddr, uint64_t phys, uint64_t bytes, uint64_t bits) {
    for (uint64_t at = 0; at < bytes; at += 2ull << 20) {
        uint64_t* t = kernel_table.root;
        for (unsigned level = 3; level > 1; level--) {
            uint64_t& e = t[index_at(vaddr + at, level)];
            if (!(e & pte_present)) {
                Page* p = alloc_zeroed_page();
                if (!p) panic("no memory for the direct map");
                e = page_phys(p) | pte_present | pte_write;
            }
            t = table_of(e);
        }
        t[index_at(vaddr + at, 1)] = (phys + at) | bits | pte_present | pte_large | pte_global;
    }
}

}  // namespace

uint64_t* PageTable::entry(uint64_t vaddr, bool create) {
    uint64_t* t = root;
    // Upper levels carry every right and no domain; leaves decide.
    uint64_t bits = pte_present | pte_write;
    if (vaddr < STILE_DIRECT_BASE) bits |= pte_user;
    for (unsigned level = 3; level > 0; level--) {
        uint64_t& e = t[index_at(vaddr, level)];
        if (!(e & pte_present)) {
            if (!create) return nullptr;
            Page* p = alloc_zeroed_page();
            if (!p) return nullptr;
            e = page_phys(p) | bits;
        } else if (e & pte_large) {
            return nullptr;
        }
        t = table_of(e);
    }
    return &t[index_at(vaddr, 0)];
}

uint64_t* PageTable::next_entry(uint64_t& vaddr, uint64_t end) {
    while (vaddr < end) {
        uint64_t* t = root;
        unsigned level = 3;
        for (; level > 0; level--) {
            const uint64_t e = t[index_at(vaddr, level)];
            if (!(e & pte_present)) break;
            t = table_of(e);
        }
        if (level == 0) return &t[index_at(vaddr, 0)];
        const uint64_t span = page_size << (9 * level);
        vaddr = align_down(vaddr, span) + span;
    }
    return nullptr;
}

void PageTable::invalidate_here(uint64_t vaddr) {
    const Cpu& c = cpu();
    if (c.page_table == this)
        os::invlpg(vaddr);
    else
        flush_at_load |= c.bit;
}

void PageTable::invalidate(uint64_t vaddr) {
    invalidate_here(vaddr);
    if (smp()) shootdown_note(*this, vaddr);
}

PHASE(pt_switch) void PageTable::flush_here() { write_cr3(root_phys | pcid); }

PHASE(pt_switch) void PageTable::invalidate_all() {
    const Cpu& c = cpu();
    if (c.page_table == this)
        flush_here();
    else
        flush_at_load |= c.bit;
    if (smp()) shootdown_note_all(*this);
}

PHASE(pt_switch) void page_table_activate_single(PageTable* t) {
    if (cpu0.page_table == t) return;
    cpu0.page_table = t;
    uint64_t cr3 = t->root_phys | t->pcid;
    if (t->pcid && !(t->flush_at_load & 1)) cr3 |= pcid_keep;
    t->flush_at_load = 0;
    write_cr3(cr3);
}

PHASE(pt_switch) void page_table_activate(PageTable* t) {
    if (!smp()) return page_table_activate_single(t);
    Cpu& c = cpu();
    const uint64_t flush = t->flush_at_load & c.bit;
    if (c.page_table == t && !flush) return;
    if (c.page_table) c.page_table->active &= ~c.bit;
    t->active |= c.bit;
    c.page_table = t;
    if (t->shared) domains_start_here();
    uint64_t cr3 = t->root_phys | t->pcid;
    if (t->pcid && !flush) cr3 |= pcid_keep;
    t->flush_at_load &= ~c.bit;
    write_cr3(cr3);
}

// The big lock is held by the CPU that asks, and that one takes us off the other table's list.
void page_table_leave() {
    cpu().page_table = &kernel_table;
    kernel_table.flush_here();
}

PageTable* page_table_create() {
    auto* t = knew<PageTable>();
    Page* root = t ? alloc_zeroed_page() : nullptr;
    if (!root) {
        kfree(t);
        return nullptr;
    }
    t->root = static_cast<uint64_t*>(page_address(root));
    t->root_phys = page_phys(root);
    memcpy(t->root + 256, kernel_table.root + 256, 256 * 8);
    t->pcid = pcid_allocate();
    return t;
}

static void free_level(uint64_t* table, unsigned level, unsigned entries) {
    for (unsigned i = 0; i < entries; i++) {
        if (!(table[i] & pte_present)) continue;
        if (level > 1) free_level(table_of(table[i]), level - 1, 512);
        free_pages(phys_page(table[i] & pte_address), 0);
    }
}

void PageTable::free_levels(uint64_t from, uint64_t to) {
    constexpr uint64_t gigabyte = 1ull << 30;
    for (uint64_t v = align_up(from, gigabyte); v + gigabyte <= to; v += gigabyte) {
        const uint64_t top = root[index_at(v, 3)];
        if (!(top & pte_present)) continue;
        uint64_t& e = table_of(top)[index_at(v, 2)];
        if (!(e & pte_present)) continue;
        const uint64_t was = e;
        e = 0;
        invalidate_all();  // before the levels below are other things
        free_level(table_of(was), 1, 512);
        free_pages(phys_page(was & pte_address), 0);
    }
}

void page_table_put(PageTable* t) {
    if (--t->refs) return;
    if (cpu().page_table == t) page_table_activate(&kernel_table);
    if (smp()) shootdown_evict(*t);
    free_level(t->root, 3, 256);
    free_pages(phys_page(t->root_phys), 0);
    if (t->pcid) pcids_used[t->pcid / 64] &= ~(1ull << (t->pcid % 64));
    kdelete(t);
}

PageTable* kernel_page_table() { return &kernel_table; }

void kernel_page_table_init() {
    Page* root = alloc_zeroed_page();
    kernel_table.root = static_cast<uint64_t*>(page_address(root));
    kernel_table.root_phys = page_phys(root);
    map_large(STILE_DIRECT_BASE, 0, align_up(boot_info.mem_bytes, 2ull << 20), pte_write | pte_no_exec);
    map_large(STILE_DIRECT_BASE + STILE_MMIO_BASE, STILE_MMIO_BASE, STILE_MMIO_SIZE,
              pte_write | pte_no_exec | pte_no_cache | pte_write_through);
    const auto text = reinterpret_cast<uint64_t>(__text_start),
               text_end = reinterpret_cast<uint64_t>(__text_end);
    const auto rodata_end = reinterpret_cast<uint64_t>(__rodata_end),
               end = reinterpret_cast<uint64_t>(__kernel_end);
    map_kernel(text, text - STILE_KERNEL_BASE, text_end - text, 0);
    map_kernel(text_end, text_end - STILE_KERNEL_BASE, rodata_end - text_end, pte_no_exec);
    map_kernel(rodata_end, rodata_end - STILE_KERNEL_BASE, align_up(end, page_size) - rodata_end,
               pte_write | pte_no_exec);
    cpu().page_table = nullptr;
    page_table_activate(&kernel_table);
}

}  // namespace stile::os
