// SPDX-License-Identifier: Apache-2.0
//
// System calls that change the attributes of files: permissions, owner, times, size. There is one user, root,
// who may do all of it.
#include "os/kernel/fs/inode.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

Status of_descriptor(int fd, InodeRef& out) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (!f->inode()) return -EOPNOTSUPP;
    inode_get(f->inode());
    *out.out() = f->inode();
    return 0;
}

Status set_mode(Inode& i, unsigned mode) {
    if (i.is_symlink()) return -EOPNOTSUPP;
    if (!i.changeable()) return -EPERM;
    i.mode = (i.mode & ~07777u) | (mode & 07777);
    i.touch_change();
    return 0;
}

Status set_owner(Inode& i, unsigned uid, unsigned gid) {
    if (!i.changeable()) return -EPERM;
    if (uid != ~0u) i.uid = uid;
    if (gid != ~0u) i.gid = gid;
    // As Linux: a program that changes hands is no longer set-uid or set-gid.
    if (i.is_regular()) i.mode &= ~(i.mode & 010 ? 06000u : 04000u);
    i.touch_change();
    return 0;
}

constexpr int64_t nothing = INT64_MIN;  // UTIME_OMIT

Status time_of(const KernelTimespec& ts, int64_t& out) {
    constexpr int64_t utime_now = 0x3fffffff, utime_omit = 0x3ffffffe;
    constexpr int64_t last_second = INT64_MAX / 1'000'000'000 - 1;
    if (ts.nsec == utime_now)
        out = file_time();
    else if (ts.nsec == utime_omit)
        out = nothing;
    else if (ts.nsec < 0 || ts.nsec >= 1'000'000'000)
        return -EINVAL;
    else  // what does not fit is cut off at the ends, as Linux does by its file systems' ranges
        out = max(min(ts.sec, last_second), -last_second) * 1'000'000'000 + ts.nsec;
    return 0;
}

Status set_times(Inode& i, int64_t accessed, int64_t modified) {
    if (accessed != nothing) i.atime_ns = accessed;
    if (modified != nothing) i.mtime_ns = modified;
    if (accessed != nothing || modified != nothing) i.touch_change();
    return 0;
}

Status resize_path(Inode& i, int64_t length) {
    if (i.is_directory()) return -EISDIR;
    if (!i.is_regular()) return -EINVAL;
    if (!i.changeable()) return -EACCES;
    return i.executing ? -ETXTBSY : i.resize(static_cast<uint64_t>(length));
}

}  // namespace

extern "C" {

long sys_fchmodat2(int fd, UserAddr path, unsigned mode, int flags) {
    InodeRef i;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    const Status s = find_inode(fd, path, flags, true, i);
    return s < 0 ? s : set_mode(*i, mode);
}
long sys_fchmodat(int fd, UserAddr path, unsigned mode) { return sys_fchmodat2(fd, path, mode, 0); }
long sys_chmod(UserAddr path, unsigned mode) { return sys_fchmodat2(AT_FDCWD, path, mode, 0); }
long sys_fchmod(int fd, unsigned mode) {
    InodeRef i;
    const Status s = of_descriptor(fd, i);
    return s < 0 ? s : set_mode(*i, mode);
}

long sys_fchownat(int fd, UserAddr path, unsigned uid, unsigned gid, int flags) {
    InodeRef i;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    const Status s = find_inode(fd, path, flags, true, i);
    return s < 0 ? s : set_owner(*i, uid, gid);
}
long sys_chown(UserAddr path, unsigned uid, unsigned gid) {
    return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}
long sys_lchown(UserAddr path, unsigned uid, unsigned gid) {
    return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}
long sys_fchown(int fd, unsigned uid, unsigned gid) {
    InodeRef i;
    const Status s = of_descriptor(fd, i);
    return s < 0 ? s : set_owner(*i, uid, gid);
}

long sys_utimensat(int fd, UserAddr path, UserAddr times, int flags) {
    KernelTimespec ts[2];
    int64_t accessed = file_time(), modified = accessed;
    bool wrong = false;
    if (times) {
        if (get_user(ts, times) < 0) return -EFAULT;
        wrong = time_of(ts[0], accessed) < 0 || time_of(ts[1], modified) < 0;
        if (!wrong && accessed == nothing && modified == nothing) return 0;  // not even the path is looked at
    }
    if (path || fd == AT_FDCWD ? flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) : flags) return -EINVAL;
    InodeRef i;
    const Status s = path || fd == AT_FDCWD ? find_inode(fd, path, flags, true, i) : of_descriptor(fd, i);
    return s < 0 ? s : wrong ? -EINVAL : set_times(*i, accessed, modified);
}
long sys_futimesat(int fd, UserAddr path, UserAddr times) {
    int64_t tv[4];
    int64_t accessed = file_time(), modified = accessed;
    if (times) {
        if (get_user(tv, times) < 0) return -EFAULT;
        if (tv[1] < 0 || tv[1] >= 1'000'000 || tv[3] < 0 || tv[3] >= 1'000'000) return -EINVAL;
        time_of({tv[0], tv[1] * 1000}, accessed);
        time_of({tv[2], tv[3] * 1000}, modified);
    }
    InodeRef i;
    const Status s = path || fd == AT_FDCWD ? find_inode(fd, path, 0, true, i) : of_descriptor(fd, i);
    return s < 0 ? s : set_times(*i, accessed, modified);
}
long sys_utimes(UserAddr path, UserAddr times) { return sys_futimesat(AT_FDCWD, path, times); }
long sys_utime(UserAddr path, UserAddr times) {
    int64_t seconds[2];
    int64_t accessed = file_time(), modified = accessed;
    if (times) {
        if (get_user(seconds, times) < 0) return -EFAULT;
        time_of({seconds[0], 0}, accessed);
        time_of({seconds[1], 0}, modified);
    }
    InodeRef i;
    const Status s = find_inode(AT_FDCWD, path, 0, true, i);
    return s < 0 ? s : set_times(*i, accessed, modified);
}

long sys_truncate(UserAddr path, int64_t length) {
    InodeRef i;
    if (length < 0) return -EINVAL;
    const Status s = find_inode(AT_FDCWD, path, 0, true, i);
    return s < 0 ? s : resize_path(*i, length);
}
long sys_ftruncate(int fd, int64_t length) {
    File* f = file_of_fd(fd);
    if (length < 0) return -EINVAL;
    if (!f) return -EBADF;
    return f->writable() ? f->truncate(length) : -EINVAL;
}

// Allocation happens at the first write; here is room for what that would take, or there is not.
long sys_fallocate(int fd, int mode, int64_t offset, int64_t length) {
    constexpr int keep_size = 1, punch_hole = 2, zero_range = 0x10;  // FALLOC_FL_*
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (offset < 0 || length <= 0) return -EINVAL;
    if ((mode & ~(keep_size | zero_range)) && mode != (punch_hole | keep_size)) return -EOPNOTSUPP;
    if (!f->writable()) return -EBADF;
    Inode* i = f->inode();
    if (i && i->is_fifo()) return -ESPIPE;
    if (i && i->is_directory()) return -EISDIR;
    if (!i || !i->is_regular()) return -ENODEV;
    if (offset > INT64_MAX - length) return -EFBIG;
    const auto from = static_cast<uint64_t>(offset), to = from + static_cast<uint64_t>(length);
    if (mode == (punch_hole | keep_size)) {
        i->clear_range(from, min(to, i->size));
        i->touch_modify();
        return 0;
    }
    if (mode & zero_range) i->clear_range(from, min(to, i->size));
    if (!i->allocate(from >> page_shift, align_up(to, page_size) >> page_shift)) return -ENOSPC;
    if (!(mode & keep_size) && to > i->size) i->size = to;
    i->touch_modify();
    return 0;
}
}

}  // namespace stile::os
