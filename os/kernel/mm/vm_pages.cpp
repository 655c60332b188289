// SPDX-License-Identifier: Apache-2.0
//
// Pages of areas: filled at the first touch, copied at the first write after a fork, shared with their source
// when the mapping is shared. A present entry always holds one reference to its page.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {

uint64_t pte_for(const VmArea& a, uint64_t phys, bool writable) {
    uint64_t e = phys | a.pte_extra | STILE_PTE_TAG(a.tag) | static_cast<uint64_t>(a.key) << pte_key_shift;
    if (a.prot != PROT_NONE) e |= pte_present | pte_user;
    if (writable && (a.prot & PROT_WRITE)) e |= pte_write;
    if (!(a.prot & PROT_EXEC)) e |= pte_no_exec;
    return e;
}

namespace {
// An area made PROT_NONE keeps its pages: their entries are not present but still hold the address.
bool holds_page(uint64_t e) { return (e & pte_address) != 0; }

Page* anonymous_page(const VmArea& a) {
    // What lies in an old page might be read as capabilities.
    return a.holds_capabilities() && !checked(STILE_OS_CHECK_zeroed_storage) ? alloc_pages(0)
                                                                             : alloc_zeroed_page();
}

// May this page be written in place by this mapping?
bool owns_page(const VmArea& a, const Page* p) { return (a.flags & vm_shared) || p->refs == 1; }
}  // namespace

bool AddressSpace::fault(uint64_t addr, bool write, bool exec) {
    VmArea* a = find(addr);
    if (!a) {
        a = first_from(addr);
        if (!a || !(a->flags & vm_grows_down)) return false;
        const uint64_t bottom = align_down(addr, page_size);
        const VmArea* below = areas.prev(a);
        // As Linux: a guard gap of 256 pages above what can be accessed.
        constexpr uint64_t guard = 256 * page_size;
        if (bottom < base || a->end - bottom > stack_limit) return false;
        if (below && below->end + (below->prot == PROT_NONE ? 0 : guard) > bottom) return false;
        mapped_pages += (a->start - bottom) >> page_shift;
        a->start = bottom;
    }
    if (a->prot == PROT_NONE || (write && !(a->prot & PROT_WRITE)) || (exec && !(a->prot & PROT_EXEC)))
        return false;

    uint64_t* e = table->entry(addr, true);
    if (!e) return false;
    const uint64_t vpage = align_down(addr, page_size);
    if (holds_page(*e)) {
        Page* old = phys_page(*e & pte_address);
        if (!write || (*e & pte_write)) {
            // Rights were there: a stale translation, or a reserved-bit fault that nobody can mend.
            const bool stale = (*e & pte_present) && (!exec || !(*e & pte_no_exec));
            if (stale) table->invalidate_here(vpage);
            return stale;
        }
        if (owns_page(*a, old)) {
            *e = pte_for(*a, page_phys(old), true);
            table->invalidate_here(vpage);
        } else {
            Page* copy = alloc_pages(0);
            if (!copy) return false;
            memcpy(page_address(copy), page_address(old), page_size);
            *e = pte_for(*a, page_phys(copy), true);
            table->invalidate(vpage);
            page_put(old);
        }
        return true;
    }
    if (a->flags & vm_no_fault) return false;

    Page* page;
    bool writable = true;
    if (a->source) {
        page = a->source->source_page(a->source_index + ((vpage - a->start) >> page_shift));
        if (!page) return false;
        if (!(a->flags & vm_shared)) {
            if (write) {
                Page* copy = alloc_pages(0);
                if (copy) memcpy(page_address(copy), page_address(page), page_size);
                page_put(page);
                if (!(page = copy)) return false;
            } else {
                writable = false;
            }
        }
    } else if (!(page = anonymous_page(*a))) {
        return false;
    }
    *e = pte_for(*a, page_phys(page), writable);
    return true;
}

Status AddressSpace::insert_page(VmArea& area, uint64_t addr, Page* page, bool writable) {
    uint64_t* e = table->entry(addr, true);
    if (!e) return -ENOMEM;
    *e = pte_for(area, page_phys(page), writable);
    return 0;
}

void AddressSpace::remove_page(uint64_t addr) {
    uint64_t* e = table->entry(addr, false);
    if (!e || !holds_page(*e)) return;
    Page* p = phys_page(*e & pte_address);
    *e = 0;
    table->invalidate(addr);
    if (--p->refs == 0) shootdown_free(p);
}

void AddressSpace::remove_pages(uint64_t v, uint64_t to) {
    while (const uint64_t* e = table->next_entry(v, to)) {
        if (holds_page(*e)) remove_page(v);
        v += page_size;
    }
}

void AddressSpace::remove_source_pages(const PageSource& source, uint64_t first) {
    for (VmArea& a : areas) {
        if (a.source != &source) continue;
        const uint64_t kept = first > a.source_index ? first - a.source_index : 0;
        if (kept < a.size() >> page_shift) remove_pages(a.start + (kept << page_shift), a.end);
    }
}

Status AddressSpace::populate(uint64_t addr, uint64_t length, bool write) {
    for (uint64_t v = align_down(addr, page_size); v < addr + length; v += page_size) {
        const uint64_t* e = table->entry(v, false);
        if (e && (*e & pte_present) && (!write || (*e & pte_write))) continue;
        if (!fault(v, write, false)) return -EFAULT;
    }
    return 0;
}

void AddressSpace::retag(VmArea& a, uint16_t tag, uint64_t pte_extra) {
    a.tag = tag;
    a.pte_extra = pte_extra;
    uint64_t v = a.start;
    while (uint64_t* e = table->next_entry(v, a.end)) {
        if (holds_page(*e)) {
            const Page* p = phys_page(*e & pte_address);
            *e = pte_for(a, page_phys(p), owns_page(a, p));
            table->invalidate(v);
        }
        v += page_size;
    }
}

Status AddressSpace::write_bytes(uint64_t addr, const void* from, size_t n) {
    const auto* s = static_cast<const char*>(from);
    while (n) {
        uint64_t* e = table->entry(addr, false);
        if (!e || !(*e & pte_present)) {
            if (!fault(addr, false, false)) return -EFAULT;
            e = table->entry(addr, false);
        }
        if (!(*e & pte_write) && phys_page(*e & pte_address)->refs > 1) {
            VmArea* a = find(addr);
            Page* copy = alloc_pages(0);
            if (!copy) return -ENOMEM;
            Page* old = phys_page(*e & pte_address);
            memcpy(page_address(copy), page_address(old), page_size);
            *e = pte_for(*a, page_phys(copy), true);
            table->invalidate(addr);
            page_put(old);
        }
        const size_t in_page = addr % page_size, take = min(n, page_size - in_page);
        memcpy(static_cast<char*>(direct(*e & pte_address)) + in_page, s, take);
        addr += take;
        s += take;
        n -= take;
    }
    return 0;
}

// Copy-on-write: private pages lose their write bit on both sides; the first write after that copies, unless
// the other side has gone by then.
Status AddressSpace::fork_into(AddressSpace& child) {
    child.base = base;
    child.limit = limit;
    child.mmap_top = mmap_top;
    child.brk_start = brk_start;
    child.brk = brk;
    child.default_tag = default_tag;
    child.keys = keys;
    child.stack_limit = stack_limit;
    bool changed = false;
    for (VmArea& a : areas) {
        if (a.flags & vm_dont_copy) continue;
        VmArea* copy = nullptr;
        const Status s =
            child.map(a.start, a.size(), a.prot, (a.flags & vm_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED,
                      a.source, a.source_index, &copy);
        if (s < 0) return s;
        copy->flags = a.flags;
        copy->tag = a.tag;
        copy->pte_extra = a.pte_extra;
        copy->key = a.key;
        uint64_t v = a.start;
        while (uint64_t* e = a.flags & vm_wipe_on_fork ? nullptr : table->next_entry(v, a.end)) {
            if (holds_page(*e)) {
                uint64_t* into = child.table->entry(v, true);
                if (!into) return -ENOMEM;
                if (!(a.flags & vm_shared) && (*e & pte_write)) {
                    *e &= ~static_cast<uint64_t>(pte_write);
                    changed = true;
                }
                *into = *e & ~static_cast<uint64_t>(pte_accessed | pte_dirty);
                page_get(phys_page(*e & pte_address));
            }
            v += page_size;
        }
    }
    if (changed) table->invalidate_all();
    return 0;
}

}  // namespace stile::os
