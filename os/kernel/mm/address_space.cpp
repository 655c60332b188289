// SPDX-License-Identifier: Apache-2.0
//
// Areas: finding, making, splitting, removing. What happens to their pages is in vm_pages.cpp.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {
namespace {

// The spaces that live in the shared table, for page faults of visiting threads.
constinit List<AddressSpace, &AddressSpace::shared_link> shared_spaces;

bool mergeable(const VmArea& a, const VmArea& b) {
    return a.end == b.start && a.prot == b.prot && a.flags == b.flags && a.tag == b.tag &&
           a.pte_extra == b.pte_extra && a.key == b.key && !a.source && !b.source && !a.owner && !b.owner;
}

void destroy_area(AddressSpace& space, VmArea* area) {
    if (space.last_hit == area) space.last_hit = nullptr;
    space.areas.remove(area);
    if (area->source) area->source->source_put();
    kdelete(area);
}

// A revocation counter begins at 0 when its page is new. Were another page put where it was, what was revoked
// with it would be good again. So addresses of capability storage are used once (ours).
bool stays_reserved(const VmArea& a) {
    return a.holds_capabilities() && checked(STILE_OS_CHECK_counter_reuse);
}

void retire(AddressSpace& space, VmArea& a) {
    if (a.flags & vm_retired) return;
    space.mapped_pages -= a.size() >> page_shift;
    a.prot = PROT_NONE;
    a.flags |= vm_retired;
}

void merge_around(AddressSpace& space, VmArea* area) {
    VmArea* next = space.areas.next(area);
    if (next && mergeable(*area, *next)) {
        area->end = next->end;
        destroy_area(space, next);
    }
    VmArea* prev = space.areas.prev(area);
    if (prev && mergeable(*prev, *area)) {
        prev->end = area->end;
        destroy_area(space, area);
    }
}

}  // namespace

VmArea* AddressSpace::split(VmArea* area, uint64_t at) {
    auto* tail = knew<VmArea>(*area);
    if (!tail) return nullptr;
    tail->link = {};
    tail->start = at;
    tail->source_index = area->source_index + ((at - area->start) >> page_shift);
    if (tail->source) tail->source->source_get();
    area->end = at;
    VmArea* next = areas.next(area);
    if (next)
        areas.insert_before(next, tail);
    else
        areas.push_back(tail);
    return tail;
}

VmArea* AddressSpace::first_from(uint64_t addr) {
    for (VmArea& a : areas)
        if (a.end > addr) return &a;
    return nullptr;
}

VmArea* AddressSpace::find(uint64_t addr) {
    if (last_hit && addr >= last_hit->start && addr < last_hit->end) return last_hit;
    VmArea* a = first_from(addr);
    if (!a || a->start > addr) return nullptr;
    return last_hit = a;
}

uint64_t AddressSpace::find_gap(uint64_t length, uint64_t below) {
    // Downwards from mmap_top, as Linux does; a page is left free below a stack that may still grow.
    const uint64_t ceiling = min(below, mmap_top);
    uint64_t top = ceiling;
    for (VmArea* a = areas.back(); a; a = areas.prev(a)) {
        if (a->start >= ceiling) continue;
        if (a->end <= top && top - a->end >= length) return top - length;
        top = min(top, a->start);
        if (a->flags & vm_grows_down) top -= min(top, 256 * page_size);
    }
    return top >= base && top - base >= length ? top - length : 0;
}

Status AddressSpace::map(uint64_t addr, uint64_t length, int prot, uint32_t map_flags, PageSource* source,
                         uint64_t source_index, VmArea** out) {
    if (!length || length > user_top) return length ? -ENOMEM : -EINVAL;
    length = align_up(length, page_size);
    const bool fixed = map_flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    if (fixed) {
        if (addr % page_size) return -EINVAL;
        if (addr < base || addr > limit || length > limit - addr) return addr < base ? -EPERM : -ENOMEM;
        VmArea* hit = first_from(addr);
        if (hit && hit->start < addr + length) {
            if (map_flags & MAP_FIXED_NOREPLACE) return -EEXIST;
            for (const VmArea* a = hit; a && a->start < addr + length; a = areas.next(a))
                if (stays_reserved(*a)) return -EPERM;
            if (Status s = unmap(addr, length); s < 0) return s;
        }
    } else {
        addr = align_down(addr, page_size);
        VmArea* hit = first_from(addr);
        if (addr < base || addr > limit || length > limit - addr ||
            (map_flags & MAP_32BIT && addr + length > 1ull << 31) || (hit && hit->start < addr + length))
            addr = 0;
        if (!addr) addr = find_gap(length, map_flags & MAP_32BIT ? 1ull << 31 : ~0ull);
        if (!addr) return -ENOMEM;
    }
    auto* area = knew<VmArea>();
    if (!area) return -ENOMEM;
    area->start = addr;
    area->end = addr + length;
    area->prot = prot;
    if ((map_flags & MAP_TYPE) != MAP_PRIVATE) area->flags |= vm_shared;
    if (map_flags & MAP_GROWSDOWN) area->flags |= vm_grows_down;
    area->tag = default_tag;
    if (prot == PROT_EXEC) area->key = keys.execute_only();
    area->source = source;
    area->source_index = source_index;
    if (source) source->source_get();
    if (VmArea* next = first_from(addr))
        areas.insert_before(next, area);
    else
        areas.push_back(area);
    mapped_pages += length >> page_shift;
    if (out)
        *out = area;
    else
        merge_around(*this, area);
    return static_cast<Status>(addr);
}

Status AddressSpace::unmap(uint64_t addr, uint64_t length) {
    if (addr % page_size || !length || addr > user_top || length > user_top - addr) return -EINVAL;
    const uint64_t end = addr + align_up(length, page_size);
    for (VmArea* a = first_from(addr); a && a->start < end; a = areas.next(a))
        if (a->flags & vm_pinned) return -EPERM;
    VmArea* a = first_from(addr);
    if (a && a->start < addr && !(a = split(a, addr))) return -ENOMEM;
    while (a && a->start < end) {
        VmArea* next = areas.next(a);
        if (a->end > end && !split(a, end)) return -ENOMEM;
        if (a->owner) a->owner->area_closed(*a);
        remove_pages(a->start, a->end);
        dipc_stack_lost(*this, a->start, a->end);
        if (stays_reserved(*a)) {
            retire(*this, *a);
        } else {
            mapped_pages -= a->size() >> page_shift;
            destroy_area(*this, a);
        }
        a = next;
    }
    return 0;
}

Status AddressSpace::protect(uint64_t addr, uint64_t length, int prot, int key) {
    if (addr % page_size || addr > user_top || length > user_top - addr) return -EINVAL;
    const uint64_t end = addr + align_up(length, page_size);
    uint64_t covered = addr;
    for (VmArea* a = first_from(addr); a && a->start < end && a->start <= covered; a = areas.next(a)) {
        if (a->flags & vm_pinned) return -EPERM;
        if (a->flags & vm_retired) break;
        if (a->holds_capabilities() && (prot & PROT_EXEC)) return -EACCES;
        if ((prot & PROT_WRITE) && (a->flags & vm_no_write_ever)) return -EACCES;
        covered = a->end;
    }
    // Up to a hole it is done, and then told, as Linux does.
    const bool hole = covered < end;
    const uint64_t last = hole ? max(covered, addr) : end;
    for (VmArea* a = first_from(addr); a && a->start < last; a = areas.next(a)) {
        if (a->start < addr && !(a = split(a, addr))) return -ENOMEM;
        if (a->end > last && !split(a, last)) return -ENOMEM;
        const uint8_t its = keys.after_protect(*a, prot, key);
        if (a->prot == prot && a->key == its) continue;
        a->prot = prot;
        a->key = its;
        retag(*a, a->tag, a->pte_extra);
    }
    for (VmArea* a = first_from(addr ? addr - 1 : 0); a && a->start < end;) {
        VmArea* next = areas.next(a);
        if (next && mergeable(*a, *next)) {
            a->end = next->end;
            destroy_area(*this, next);
        } else {
            a = next;
        }
    }
    return hole ? -ENOMEM : 0;
}

Status AddressSpace::set_brk(uint64_t wanted) {
    if (wanted < brk_start || wanted > limit) return static_cast<Status>(brk);
    const uint64_t old_end = align_up(brk, page_size), new_end = align_up(wanted, page_size);
    if (new_end > old_end) {
        const Status s = map(old_end, new_end - old_end, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, nullptr, 0);
        if (s < 0) return static_cast<Status>(brk);
    } else if (new_end < old_end) {
        if (unmap(new_end, old_end - new_end) < 0) return static_cast<Status>(brk);
    }
    return static_cast<Status>(brk = wanted);
}

void AddressSpace::clear() {
    while (VmArea* a = areas.front()) {
        if (a->owner) a->owner->area_closed(*a);
        remove_pages(a->start, a->end);
        if (!(a->flags & vm_retired)) mapped_pages -= a->size() >> page_shift;
        destroy_area(*this, a);
    }
}

AddressSpace* address_space_create() {
    auto* s = knew<AddressSpace>();
    if (s && !(s->table = page_table_create())) {
        kdelete(s);
        return nullptr;
    }
    return s;
}

AddressSpace* address_space_create_shared(PageTable* table, uint64_t base, uint64_t limit) {
    auto* s = knew<AddressSpace>();
    if (!s) return nullptr;
    table->refs++;
    s->table = table;
    s->base = base;
    s->limit = s->mmap_top = limit;
    shared_spaces.push_back(s);
    return s;
}

void address_space_put(AddressSpace* s) {
    if (--s->refs) return;
    s->clear();
    if (s->shared_link.linked()) {
        s->shared_link.unlink();
        s->table->free_levels(s->base, s->limit);
    }
    page_table_put(s->table);
    kdelete(s);
}

AddressSpace* next_shared_space(AddressSpace* after) {
    return after ? shared_spaces.next(after) : shared_spaces.front();
}

AddressSpace* space_for(AddressSpace* own, uint64_t addr) {
    if (!own->table->shared || (addr >= own->base && addr < own->limit)) return own;
    for (AddressSpace& s : shared_spaces)
        if (addr >= s.base && addr < s.limit) return &s;
    return own;
}

}  // namespace stile::os
