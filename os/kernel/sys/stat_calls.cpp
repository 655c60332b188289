// SPDX-License-Identifier: Apache-2.0
//
// System calls that ask for the attributes of files and file systems.
#include <asm/statfs.h>

#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/page.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

constexpr int sync_flags = 0x6000;  // AT_STATX_SYNC_TYPE
constexpr int stat_flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | sync_flags;

// An open file may have no inode (or know better than it): then the file answers.
bool names_only_the_file(UserAddr path, int flags) {
    char first = 0;
    return (flags & AT_EMPTY_PATH) && (!path || (get_user(first, path) >= 0 && !first));
}

Status stat_of(int fd, UserAddr path, int flags, struct stat& out) {
    if (names_only_the_file(path, flags) && fd != AT_FDCWD) {
        File* f = any_file_of_fd(fd);
        return f ? f->stat(out) : -EBADF;
    }
    InodeRef inode;
    if (const Status s = find_inode(fd, path, flags, true, inode); s < 0) return s;
    inode->fill_stat(out);
    return 0;
}

Status stat_at(int fd, UserAddr path, UserAddr to, int flags) {
    struct stat out;
    if (flags & ~stat_flags) return -EINVAL;
    const Status s = stat_of(fd, path, flags, out);
    return s < 0 ? s : put_user(to, out);
}

Status access_at(int fd, UserAddr path, int mode, int flags) {
    if (mode & ~7) return -EINVAL;
    InodeRef inode;
    if (const Status s = find_inode(fd, path, flags, true, inode); s < 0) return s;
    // We are root: all is readable and writable; what nobody may execute root may not either.
    const bool refused = (mode & 1) && !inode->is_directory() && !(inode->mode & 0111);
    return refused ? -EACCES : 0;
}

Status file_system(UserAddr to) {
    struct statfs s;
    memset(&s, 0, sizeof s);
    s.f_type = 0x01021994;  // TMPFS_MAGIC
    s.f_bsize = s.f_frsize = page_size;
    s.f_blocks = static_cast<long>(total_page_count());
    s.f_bfree = s.f_bavail = static_cast<long>(free_page_count());
    s.f_files = s.f_ffree = static_cast<long>(total_page_count());
    s.f_namelen = name_max;
    return put_user(to, s);
}

}  // namespace

extern "C" {

long sys_stat(UserAddr path, UserAddr to) { return stat_at(AT_FDCWD, path, to, 0); }
long sys_lstat(UserAddr path, UserAddr to) { return stat_at(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW); }
long sys_newfstatat(int fd, UserAddr path, UserAddr to, int flags) { return stat_at(fd, path, to, flags); }
long sys_fstat(int fd, UserAddr to) {
    File* f = any_file_of_fd(fd);
    struct stat s;
    if (!f) return -EBADF;
    const Status r = f->stat(s);
    return r < 0 ? r : put_user(to, s);
}

long sys_statx(int fd, UserAddr path, int flags, unsigned mask, UserAddr to) {
    struct stat s;
    if ((mask & STATX__RESERVED) || (flags & sync_flags) == sync_flags || (flags & ~stat_flags))
        return -EINVAL;
    if (const Status r = stat_of(fd, path, flags, s); r < 0) return r;
    struct statx x;
    memset(&x, 0, sizeof x);
    x.stx_mask = STATX_BASIC_STATS;
    x.stx_blksize = static_cast<unsigned>(s.st_blksize);
    x.stx_nlink = static_cast<unsigned>(s.st_nlink);
    x.stx_uid = s.st_uid;
    x.stx_gid = s.st_gid;
    x.stx_mode = static_cast<unsigned short>(s.st_mode);
    x.stx_ino = s.st_ino;
    x.stx_size = static_cast<uint64_t>(s.st_size);
    x.stx_blocks = static_cast<uint64_t>(s.st_blocks);
    const auto time = [](unsigned long seconds, unsigned long ns) {
        struct statx_timestamp t {};
        t.tv_sec = static_cast<int64_t>(seconds);
        t.tv_nsec = static_cast<unsigned>(ns);
        return t;
    };
    x.stx_atime = time(s.st_atime, s.st_atime_nsec);
    x.stx_mtime = time(s.st_mtime, s.st_mtime_nsec);
    x.stx_ctime = time(s.st_ctime, s.st_ctime_nsec);
    x.stx_rdev_major = static_cast<unsigned>(s.st_rdev >> 8 & 0xfff);
    x.stx_rdev_minor = static_cast<unsigned>(s.st_rdev & 0xff);
    x.stx_dev_minor = static_cast<unsigned>(s.st_dev);
    return put_user(to, x);
}

long sys_access(UserAddr path, int mode) { return access_at(AT_FDCWD, path, mode, 0); }
long sys_faccessat(int fd, UserAddr path, int mode) { return access_at(fd, path, mode, 0); }
long sys_faccessat2(int fd, UserAddr path, int mode, int flags) {
    constexpr int eaccess = 0x200;  // AT_EACCESS: root is root either way
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | eaccess)) return -EINVAL;
    return access_at(fd, path, mode, flags);
}

long sys_statfs(UserAddr path, UserAddr to) {
    InodeRef inode;
    if (const Status s = find_inode(AT_FDCWD, path, 0, true, inode); s < 0) return s;
    return file_system(to);
}
long sys_fstatfs(int fd, UserAddr to) { return any_file_of_fd(fd) ? file_system(to) : -EBADF; }
}

}  // namespace stile::os
