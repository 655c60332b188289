// SPDX-License-Identifier: Apache-2.0
//
// System calls on address spaces.
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

AddressSpace& space() { return *current_process()->space; }

// Pages of the process that belong to another domain than the caller's are not the caller's to change.
Status mine(uint64_t addr, uint64_t length) { return dipc_may_change(space(), addr, length); }

// A request that could never be met (Linux's heuristic overcommit), and RLIMIT_AS.
Status may_grow(uint64_t length, bool committed) {
    const uint64_t pages = align_up(length, page_size) >> page_shift;
    if (committed && pages > total_page_count()) return -ENOMEM;
    const uint64_t limit = current_process()->limits[RLIMIT_AS].rlim_cur;
    return limit != ~0ull && pages > limit / page_size - min(limit / page_size, space().mapped_pages)
               ? -ENOMEM
               : 0;
}

constexpr int known_flags = MAP_TYPE | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_GROWSDOWN |
                            MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |
                            MAP_NONBLOCK | MAP_STACK | MAP_32BIT | MAP_UNINITIALIZED;

Status map_file(uint64_t addr, size_t length, int prot, int flags, int fd, uint64_t offset, uint16_t tag) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (flags & MAP_FIXED_NOREPLACE)
        if (const VmArea* a = space().first_from(addr); a && a->start < addr + length) return -EEXIST;
    if (!f->readable()) return -EACCES;
    if ((flags & MAP_TYPE) != MAP_PRIVATE && (prot & PROT_WRITE) && !f->writable()) return -EACCES;
    if ((prot & PROT_EXEC) && (!f->inode() || f->inode()->is_fifo()))
        return -EPERM;  // where they live is noexec
    if (!f->mappable()) return -ENODEV;
    VmArea* area = nullptr;
    const Status at = space().map(addr, length, prot, static_cast<uint32_t>(flags), nullptr, 0, &area);
    if (at < 0) return at;
    area->tag = tag;
    if (area->flags & vm_shared && !f->writable()) area->flags |= vm_no_write_ever;
    if (const Status s = f->mmap(space(), *area, offset); s < 0) {
        space().unmap(static_cast<uint64_t>(at), length);
        return s;
    }
    return at;
}

}  // namespace

extern "C" {

long sys_mmap(uint64_t addr, size_t length, int prot, int flags, int fd, uint64_t offset) {
    const int type = flags & MAP_TYPE;
    if (offset % page_size) return -EINVAL;
    prot &= PROT_READ | PROT_WRITE | PROT_EXEC;  // Linux looks at no other bits here
    if (!(flags & MAP_ANONYMOUS) && !file_of_fd(fd)) return -EBADF;
    if (!length) return -EINVAL;
    if (length > user_top) return -ENOMEM;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (addr > user_top - length) return -ENOMEM;
        if (addr % page_size) return -EINVAL;
    }
    if (!(flags & MAP_ANONYMOUS)) {
        const Inode* i = file_of_fd(fd)->inode();
        const uint64_t most = i && i->is_regular() ? static_cast<uint64_t>(INT64_MAX) : ~0ull;
        if (offset > most - length) return -EOVERFLOW;
    }
    if (type != MAP_PRIVATE && type != MAP_SHARED && (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)))
        return -EINVAL;
    if (flags & MAP_HUGETLB) return -ENOMEM;  // there is no pool of huge pages
    // What is not known is ignored, as Linux does, unless the caller wants to be told.
    if ((flags & ~(known_flags & ~MAP_FIXED_NOREPLACE)) && type == MAP_SHARED_VALIDATE) return -EOPNOTSUPP;
    if (flags & MAP_FIXED)
        if (const Status s = mine(addr, length); s < 0) return s;
    const bool committed = type == MAP_PRIVATE && (prot & PROT_WRITE) && !(flags & MAP_NORESERVE);
    if (const Status s = may_grow(length, committed); s < 0) return s;
    uint16_t tag;
    if (const Status s = dipc_tag_of_new_pages(space(), tag); s < 0) return s;
    VmArea* area = nullptr;
    VmArea** const not_merged = tag == space().default_tag ? nullptr : &area;
    Status at;
    if (!(flags & MAP_ANONYMOUS)) {
        at = map_file(addr, length, prot, flags, fd, offset, tag);
    } else if (type == MAP_SHARED) {
        // Shared between this process and those that fork from it: a nameless file.
        Inode* i = inode_create(0100600);
        if (!i) return -ENOMEM;
        at = i->resize(align_up(length, page_size));
        if (at >= 0) at = space().map(addr, length, prot, static_cast<uint32_t>(flags), i, 0, not_merged);
        inode_put(i);
    } else {
        at = space().map(addr, length, prot, static_cast<uint32_t>(flags), nullptr, 0, not_merged);
    }
    if (area) area->tag = tag;
    if (at >= 0 && (flags & MAP_POPULATE))
        space().populate(static_cast<uint64_t>(at), length, prot & PROT_WRITE);
    return at;
}

long sys_munmap(uint64_t addr, size_t length) {
    const Status s = mine(addr, length);
    return s < 0 ? s : space().unmap(addr, length);
}
long sys_pkey_mprotect(uint64_t addr, size_t length, int prot, int key) {
    constexpr int grows_up = 0x02000000;  // PROT_GROWSUP: no stack here does
    if ((prot & grows_up) && (prot & PROT_GROWSDOWN)) return -EINVAL;
    if (addr % page_size) return -EINVAL;
    if (!length) return 0;
    if (addr + align_up(length, page_size) <= addr) return -ENOMEM;
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN)) return -EINVAL;
    if (addr > user_top || length > user_top - addr) return -ENOMEM;
    if (prot & PROT_GROWSDOWN) {  // from the bottom of the stack that it lies in
        const VmArea* a = space().first_from(addr);
        if (!a || a->start >= addr + length) return -ENOMEM;
        if (!(a->flags & vm_grows_down) || a->start > addr) return -EINVAL;
        length += addr - a->start;
        addr = a->start;
    }
    if (const Status s = mine(addr, length); s < 0) return s;
    if (key != any_key && !(cpu().has_keys && space().keys.has(key))) return -EINVAL;
    return space().protect(addr, length, prot & (PROT_READ | PROT_WRITE | PROT_EXEC), key);
}
long sys_mprotect(uint64_t addr, size_t length, int prot) {
    return sys_pkey_mprotect(addr, length, prot, any_key);
}
long sys_mremap(uint64_t addr, size_t from, size_t to, int flags, uint64_t new_addr) {
    if (to > from)
        if (const Status s = may_grow(to - from, false); s < 0) return s;
    if (const Status s = mine(addr, from); s < 0) return s;
    if (flags & MREMAP_FIXED)
        if (const Status s = mine(new_addr, to); s < 0) return s;
    return space().remap(addr, from, to, flags, new_addr);
}
long sys_brk(uint64_t wanted) {
    AddressSpace& s = space();
    const uint64_t limit = current_process()->limits[RLIMIT_DATA].rlim_cur;
    if (wanted > s.brk && (wanted - s.brk_start > limit || may_grow(wanted - s.brk, true) < 0))
        return static_cast<long>(s.brk);
    if (wanted < s.brk && mine(wanted, s.brk - wanted) < 0) return static_cast<long>(s.brk);
    return s.set_brk(wanted);
}

static bool known_advice(int advice) {
    return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) || advice == MADV_FREE ||
           advice == MADV_DONTFORK || advice == MADV_DOFORK ||
           (advice >= MADV_HUGEPAGE && advice <= MADV_DONTNEED_LOCKED);
}
long sys_madvise(uint64_t addr, size_t length, int advice) {
    const uint64_t whole = align_up(length, page_size);
    if (addr % page_size || length > whole || addr + whole < addr) return -EINVAL;
    AddressSpace& s = space();
    const bool outside = addr > user_top || length > user_top - addr;
    if (const Status allowed = mine(addr, length); allowed < 0) return allowed;
    if (outside) return known_advice(advice) ? -ENOMEM : -EINVAL;
    switch (advice) {
        case MADV_DONTNEED:
        case MADV_DONTNEED_LOCKED:
            return s.discard(addr, length);
        case MADV_NORMAL:
        case MADV_RANDOM:
        case MADV_SEQUENTIAL:
        case MADV_WILLNEED:
        case MADV_FREE:  // lazily: never, so far
        case MADV_HUGEPAGE:
        case MADV_NOHUGEPAGE:
        case MADV_COLD:
        case MADV_PAGEOUT:
        case MADV_DONTDUMP:
        case MADV_DODUMP:
            return s.covered(addr, length) ? 0 : -ENOMEM;  // hints only
        case MADV_DONTFORK:
            return s.change_flags(addr, length, vm_dont_copy, 0);
        case MADV_DOFORK:
            return s.change_flags(addr, length, 0, vm_dont_copy);
        case MADV_WIPEONFORK:
            for (const VmArea* a = s.first_from(addr); a && a->start < addr + length; a = s.areas.next(a))
                if (a->source || a->flags & vm_shared) return -EINVAL;
            return s.change_flags(addr, length, vm_wipe_on_fork, 0);
        case MADV_KEEPONFORK:
            return s.change_flags(addr, length, 0, vm_wipe_on_fork);
        case MADV_POPULATE_READ:
        case MADV_POPULATE_WRITE:
            for (const VmArea* a = s.first_from(addr); a && a->start < addr + length; a = s.areas.next(a))
                if (!(a->prot & (advice == MADV_POPULATE_WRITE ? PROT_WRITE : PROT_READ))) return -EINVAL;
            if (!s.covered(addr, length)) return -ENOMEM;
            return s.populate(addr, length, advice == MADV_POPULATE_WRITE);
        default:
            return -EINVAL;
    }
}

long sys_mincore(uint64_t addr, size_t length, UserAddr to) {
    if (addr % page_size) return -EINVAL;
    if (addr > user_top || length > user_top - addr) return -ENOMEM;
    if (!user_range_ok(to, align_up(length, page_size) >> page_shift)) return -EFAULT;
    for (uint64_t v = addr; v < addr + length; v += page_size, to++) {
        if (!space().covered(v, 1)) return -ENOMEM;
        const uint64_t* e = space().table->entry(v, false);
        // The file system is memory: what a file maps is always there.
        const uint8_t resident = (e && (*e & pte_present)) || space().find(v)->source;
        if (put_user(to, resident) < 0) return -EFAULT;
    }
    return 0;
}

// There is no swapping: a page that is there is locked.
enum class Locking { unlock, now, on_fault };
static Status lock_pages(uint64_t addr, size_t length, Locking how) {
    const uint64_t from = align_down(addr, page_size);
    length = align_up(length + (addr - from), page_size);
    if (!length) return 0;
    if (from + length < from) return how == Locking::unlock ? -EINVAL : -ENOMEM;
    if (from > user_top || length > user_top - from) return -ENOMEM;
    if (!space().covered(from, length)) return -ENOMEM;
    if (how != Locking::now) return 0;
    for (VmArea* a = space().first_from(from); a && a->start < from + length; a = space().areas.next(a)) {
        const uint64_t first = max(from, a->start), last = min(from + length, a->end);
        if (space().populate(first, last - first, (a->prot & PROT_WRITE) && !(a->flags & vm_shared)) < 0)
            return -ENOMEM;
    }
    return 0;
}
long sys_mlock(uint64_t addr, size_t length) { return lock_pages(addr, length, Locking::now); }
long sys_mlock2(uint64_t addr, size_t length, unsigned flags) {
    return flags & ~1u ? -EINVAL : lock_pages(addr, length, flags ? Locking::on_fault : Locking::now);
}
long sys_munlock(uint64_t addr, size_t length) { return lock_pages(addr, length, Locking::unlock); }
long sys_mlockall(unsigned flags) {
    enum : unsigned { current = 1, future = 2, on_fault = 4 };
    if (!flags || flags & ~7u || flags == on_fault) return -EINVAL;
    if (flags & future) return -ENOMEM;  // not promised for what is not mapped yet
    if (flags & on_fault) return 0;
    for (VmArea& a : space().areas)
        if (a.prot != PROT_NONE && !(a.flags & vm_no_fault) && !a.source &&
            space().populate(a.start, a.size(), a.prot & PROT_WRITE) < 0)
            return -ENOMEM;
    return 0;
}
long sys_munlockall() { return 0; }

// Files are memory: there is nothing to write back to.
long sys_msync(uint64_t addr, size_t length, int flags) {
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    if (addr % page_size) return -EINVAL;
    if (!align_up(length, page_size)) return 0;  // also what wraps round to nothing
    if (addr > user_top || length > user_top - addr) return -ENOMEM;
    return space().covered(addr, length) ? 0 : -ENOMEM;
}

long sys_memfd_create(UserAddr name_at, unsigned flags) {
    char name[250];
    enum : unsigned { close_on_exec = 1, allow_sealing = 2, no_exec_seal = 8, exec = 16 };
    if (flags & ~(close_on_exec | allow_sealing | no_exec_seal | exec)) return -EINVAL;
    const Status n = copy_string_from_user(name, name_at, sizeof name);
    if (n < 0) return n == -ENAMETOOLONG ? -EINVAL : n;
    Inode* i = inode_create(0100777);
    if (!i) return -ENOMEM;
    File* f;
    const Status s = open_inode(i, O_RDWR | O_LARGEFILE, &f);
    inode_put(i);
    return s < 0 ? s : install_file(f, flags & close_on_exec);
}
}

}  // namespace stile::os
