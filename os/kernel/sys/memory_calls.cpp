// SPDX-License-Identifier: Apache-2.0
//
// System calls on address spaces.
#include "os/kernel/fs/inode.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

AddressSpace& space() { return *current_process()->space; }

constexpr int known_flags = MAP_TYPE | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_GROWSDOWN |
                            MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |
                            MAP_NONBLOCK | MAP_STACK;

Status map_file(uint64_t addr, size_t length, int prot, int flags, int fd, uint64_t offset) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (!f->readable()) return -EACCES;
    if ((flags & MAP_TYPE) != MAP_PRIVATE && (prot & PROT_WRITE) && !f->writable()) return -EACCES;
    VmArea* area = nullptr;
    const Status at = space().map(addr, length, prot, static_cast<uint32_t>(flags), nullptr, 0, &area);
    if (at < 0) return at;
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
    if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) || offset % page_size) return -EINVAL;
    if (type != MAP_PRIVATE && type != MAP_SHARED) return type == MAP_SHARED_VALIDATE ? -EOPNOTSUPP : -EINVAL;
    if (flags & ~known_flags) return -EINVAL;  // huge pages, MAP_SYNC, ...: refused, not ignored
    Status at;
    if (!(flags & MAP_ANONYMOUS)) {
        at = map_file(addr, length, prot, flags, fd, offset);
    } else if (type == MAP_SHARED) {
        // Shared between this process and those that fork from it: a nameless file.
        Inode* i = inode_create(0100600);
        if (!i) return -ENOMEM;
        i->resize(align_up(length, page_size));
        at = space().map(addr, length, prot, static_cast<uint32_t>(flags), i, 0);
        inode_put(i);
    } else {
        at = space().map(addr, length, prot, static_cast<uint32_t>(flags), nullptr, 0);
    }
    if (at >= 0 && (flags & MAP_POPULATE))
        space().populate(static_cast<uint64_t>(at), length, prot & PROT_WRITE);
    return at;
}

long sys_munmap(uint64_t addr, size_t length) { return space().unmap(addr, length); }
long sys_mprotect(uint64_t addr, size_t length, int prot) {
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) return -EINVAL;
    return length ? space().protect(addr, length, prot) : 0;
}
long sys_mremap(uint64_t addr, size_t from, size_t to, int flags, uint64_t new_addr) {
    return space().remap(addr, from, to, flags, new_addr);
}
long sys_brk(uint64_t wanted) { return space().set_brk(wanted); }

long sys_madvise(uint64_t addr, size_t length, int advice) {
    switch (advice) {
        case MADV_DONTNEED:
            return space().discard(addr, length);
        case MADV_NORMAL:
        case MADV_RANDOM:
        case MADV_SEQUENTIAL:
        case MADV_WILLNEED:
        case MADV_FREE:
        case MADV_HUGEPAGE:
        case MADV_NOHUGEPAGE:
            return addr % page_size ? -EINVAL : 0;  // hints only
        default:
            return -EINVAL;
    }
}
}

}  // namespace stile::os
