// SPDX-License-Identifier: Apache-2.0
//
// mremap, and what madvise does to areas.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {
namespace {

// Takes the pages of [from, from + length) to `to`. All tables first, so that it cannot stop half way.
Status move_pages(AddressSpace& space, uint64_t from, uint64_t length, uint64_t to) {
    PageTable& table = *space.table;
    uint64_t v = from;
    for (; const uint64_t* e = table.next_entry(v, from + length); v += page_size)
        if (*e && !table.entry(to + (v - from), true)) return -ENOMEM;
    v = from;
    for (; uint64_t* e = table.next_entry(v, from + length); v += page_size) {
        if (!*e) continue;
        *table.entry(to + (v - from), true) = *e;
        *e = 0;
        table.invalidate(v);
    }
    return 0;
}

}  // namespace

Status AddressSpace::remap(uint64_t addr, uint64_t old_length, uint64_t new_length, int flags,
                           uint64_t new_addr) {
    if (addr % page_size || !new_length || new_length > user_top) return -EINVAL;
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return -EINVAL;
    const bool fixed = flags & MREMAP_FIXED, keep = flags & MREMAP_DONTUNMAP;
    if ((fixed || keep) && !(flags & MREMAP_MAYMOVE)) return -EINVAL;
    const bool beyond = old_length > user_top;  // before it is rounded up, to zero perhaps
    old_length = align_up(old_length, page_size);
    new_length = align_up(new_length, page_size);
    if (keep && old_length != new_length) return -EINVAL;
    if (fixed || keep) {
        if (new_addr % page_size || new_addr > limit || new_length > limit - new_addr) return -EINVAL;
        if (new_addr < addr + old_length && addr < new_addr + new_length) return -EINVAL;
    }
    VmArea* a = find(addr);
    if (!a) return -EFAULT;
    if (beyond) return fixed ? -EFAULT : -EINVAL;
    if (fixed && new_addr < base) return -EPERM;
    if (!old_length && !(a->flags & vm_shared)) return -EINVAL;  // of a shared mapping: a second one
    if (!fixed && !keep && old_length == new_length && old_length) return static_cast<Status>(addr);
    if (new_length >= old_length && old_length > a->end - addr) return -EFAULT;
    if ((a->flags & (vm_pinned | vm_dont_expand | vm_retired)) || a->owner) return -EFAULT;
    if ((fixed || keep) && min(old_length, new_length) > a->end - addr) return -EFAULT;
    if (fixed) {
        if (const Status s = unmap(new_addr, new_length); s < 0) return s;
        if (!(a = find(addr))) return -EFAULT;  // it lay there itself
    }
    if (new_length < old_length) {
        if (const Status s = unmap(addr + new_length, old_length - new_length); s < 0) return s;
        if (!fixed && !keep) return static_cast<Status>(addr);
        old_length = new_length;
        if (!(a = find(addr)) || old_length > a->end - addr) return a ? -EFAULT : -ENOMEM;
    }
    if (!fixed && !keep) {
        const VmArea* next = areas.next(a);
        if (old_length && addr + old_length == a->end && addr + new_length <= (next ? next->start : limit)) {
            mapped_pages += (new_length - old_length) >> page_shift;
            a->end = addr + new_length;
            return static_cast<Status>(addr);
        }
        if (!(flags & MREMAP_MAYMOVE)) return -ENOMEM;
    }
    VmArea* moved = nullptr;
    const uint64_t index = a->source_index + ((addr - a->start) >> page_shift);
    const VmArea like = *a;
    const Status to = map(fixed ? new_addr : 0, new_length, like.prot,
                          (like.flags & vm_shared ? MAP_SHARED : MAP_PRIVATE) | (fixed ? MAP_FIXED : 0),
                          like.source, index, &moved);
    if (to < 0) return to;
    moved->flags = like.flags & ~static_cast<uint32_t>(vm_grows_down);
    moved->tag = like.tag;
    moved->pte_extra = like.pte_extra;
    moved->key = like.key;
    if (!old_length) return to;
    if (const Status s = move_pages(*this, addr, old_length, static_cast<uint64_t>(to)); s < 0) {
        unmap(static_cast<uint64_t>(to), new_length);
        return s;
    }
    if (!keep)
        if (const Status s = unmap(addr, old_length); s < 0) return s;
    return to;
}

bool AddressSpace::covered(uint64_t addr, uint64_t length) {
    const uint64_t end = align_up(addr + length, page_size);
    for (const VmArea* a = first_from(addr); a && a->start <= addr && !(a->flags & vm_retired);
         a = areas.next(a))
        if ((addr = a->end) >= end) return true;
    return addr >= end;
}

Status AddressSpace::discard(uint64_t addr, uint64_t length) {
    if (addr % page_size || addr > user_top || length > user_top - addr) return -EINVAL;
    const uint64_t end = addr + align_up(length, page_size);
    for (VmArea* a = first_from(addr); a && a->start < end; a = areas.next(a)) {
        if (a->flags & (vm_pinned | vm_no_fault)) return -EINVAL;
        // New pages would set revocation counters back (address_space.cpp).
        if (a->holds_capabilities() && checked(STILE_OS_CHECK_counter_reuse)) return -EINVAL;
        remove_pages(max(addr, a->start), min(end, a->end));
    }
    return covered(addr, length) ? 0 : -ENOMEM;
}

Status AddressSpace::change_flags(uint64_t addr, uint64_t length, uint32_t set, uint32_t clear) {
    const uint64_t end = addr + align_up(length, page_size);
    for (VmArea* a = first_from(addr); a && a->start < end; a = areas.next(a)) {
        if (((a->flags | set) & ~clear) == a->flags) continue;
        if (a->flags & vm_pinned || a->owner || a->holds_capabilities()) return -EINVAL;
        if (a->start < addr && !(a = split(a, addr))) return -ENOMEM;
        if (a->end > end && !split(a, end)) return -ENOMEM;
        a->flags = (a->flags | set) & ~clear;
    }
    return covered(addr, length) ? 0 : -ENOMEM;
}

}  // namespace stile::os
