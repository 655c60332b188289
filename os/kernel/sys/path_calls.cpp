// SPDX-License-Identifier: Apache-2.0
//
// System calls on path names.
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

Status directory_of(int dirfd, const char* path, Inode** out) {
    if (*path == '/' || dirfd == AT_FDCWD) {
        *out = current_process()->fs->cwd;
        return 0;
    }
    File* f = file_of_fd(dirfd);
    if (!f) return -EBADF;
    if (!f->inode()) return -ENOTDIR;
    *out = f->inode();
    return 0;
}

namespace {

Status path_from_user(UserPath& to, UserAddr from) {
    return copy_string_from_user(to.text, from, sizeof to.text);
}

Status find(int dirfd, UserAddr path_at, bool follow, Inode** out) {
    UserPath path;
    Inode* from;
    if (const Status s = path_from_user(path, path_at); s < 0) return s;
    if (const Status s = directory_of(dirfd, path.text, &from); s < 0) return s;
    return resolve(path.text, from, follow, out);
}

Status find_parent(int dirfd, UserAddr path_at, LastComponent& out) {
    UserPath path;
    Inode* from;
    if (const Status s = path_from_user(path, path_at); s < 0) return s;
    if (const Status s = directory_of(dirfd, path.text, &from); s < 0) return s;
    return resolve_parent(path.text, from, out);
}

// Makes `inode` (consumed) under the path's last name; -EEXIST if it is taken.
Status place(int dirfd, UserAddr path_at, Inode* inode) {
    if (!inode) return -ENOSPC;
    LastComponent last;
    Status s = find_parent(dirfd, path_at, last);
    if (s >= 0) {
        const size_t n = strlen(last.name);
        s = last.directory->lookup(last.name, n) ? -EEXIST : last.directory->link_child(last.name, n, inode);
        inode_put(last.directory);
    }
    inode_put(inode);
    return s;
}

Status open_at(int dirfd, UserAddr path_at, int flags, unsigned mode) {
    Inode* inode;
    bool created = false;
    Status s = find(dirfd, path_at, !(flags & O_NOFOLLOW), &inode);
    if (s == -ENOENT && (flags & O_CREAT)) {
        inode = inode_create(0100000 | (mode & 0777 & ~current_process()->fs->umask));
        if (inode) inode_get(inode);
        created = true;
        if ((s = place(dirfd, path_at, inode)) < 0 && inode) inode_put(inode);
    }
    if (s < 0) return s;
    File* f = nullptr;
    if (!created && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        s = -EEXIST;
    else
        s = open_inode(inode, static_cast<uint32_t>(flags), &f);
    inode_put(inode);
    return s < 0 ? s : install_file(f, flags & O_CLOEXEC);
}

Status stat_at(int dirfd, UserAddr path_at, UserAddr to, bool follow) {
    Inode* inode;
    if (const Status s = find(dirfd, path_at, follow, &inode); s < 0) return s;
    struct stat out;
    inode->fill_stat(out);
    inode_put(inode);
    return put_user(to, out);
}

Status access_at(int dirfd, UserAddr path_at, int mode) {
    Inode* inode;
    if (mode & ~7) return -EINVAL;
    if (const Status s = find(dirfd, path_at, true, &inode); s < 0) return s;
    // We are root: all is readable and writable; what nobody may execute root may not either.
    const bool refused = (mode & 1) && !inode->is_directory() && !(inode->mode & 0111);
    inode_put(inode);
    return refused ? -EACCES : 0;
}

Status readlink_at(int dirfd, UserAddr path_at, UserAddr to, size_t size) {
    UserPath path;
    if (const Status s = path_from_user(path, path_at); s < 0) return s;
    if (!strcmp(path.text, "/proc/self/exe")) {  // the one name of /proc that start-up code asks for
        const char* exe = current_process()->exe;
        const size_t n = min(size, strlen(exe));
        return copy_to_user(to, exe, n) < 0 ? -EFAULT : static_cast<Status>(n);
    }
    Inode* inode;
    if (const Status s = find(dirfd, path_at, false, &inode); s < 0) return s;
    Status s = -EINVAL;
    if (inode->is_symlink()) {
        const size_t n = min(size, strlen(inode->target));
        s = copy_to_user(to, inode->target, n) < 0 ? -EFAULT : static_cast<Status>(n);
    }
    inode_put(inode);
    return s;
}

Status unlink_at(int dirfd, UserAddr path_at, bool directory) {
    LastComponent last;
    if (const Status s = find_parent(dirfd, path_at, last); s < 0) return s == -EEXIST ? -EBUSY : s;
    DirectoryEntry* e = last.directory->lookup(last.name, strlen(last.name));
    Status s = 0;
    if (!e)
        s = -ENOENT;
    else if (directory && !e->inode->is_directory())
        s = -ENOTDIR;
    else if (!directory && e->inode->is_directory())
        s = -EISDIR;
    else if (directory && !e->inode->entries.empty())
        s = -ENOTEMPTY;
    else
        s = last.directory->unlink_child(e);
    inode_put(last.directory);
    return s;
}

Status rename_at(int from_fd, UserAddr from_at, int to_fd, UserAddr to_at) {
    LastComponent from;
    auto* to = static_cast<LastComponent*>(kmalloc(sizeof(LastComponent)));
    if (!to) return -ENOMEM;
    Status s = find_parent(from_fd, from_at, from);
    if (s >= 0) {
        s = find_parent(to_fd, to_at, *to);
        if (s >= 0) {
            DirectoryEntry* source = from.directory->lookup(from.name, strlen(from.name));
            DirectoryEntry* target = to->directory->lookup(to->name, strlen(to->name));
            if (!source)
                s = -ENOENT;
            else if (target && target->inode == source->inode)
                s = 0;
            else if (target && target->inode->is_directory() && !source->inode->is_directory())
                s = -EISDIR;
            else if (target && !target->inode->is_directory() && source->inode->is_directory())
                s = -ENOTDIR;
            else if (target && !target->inode->entries.empty())
                s = -ENOTEMPTY;
            else {
                for (const Inode* d = to->directory; d && s == 0; d = d->parent)
                    if (d == source->inode) s = -EINVAL;  // a directory into itself
                if (s == 0) {
                    Inode* moved = source->inode;
                    inode_get(moved);
                    if (target) to->directory->unlink_child(target);
                    from.directory->unlink_child(source);
                    s = to->directory->link_child(to->name, strlen(to->name), moved);
                    inode_put(moved);
                }
            }
            inode_put(to->directory);
        }
        inode_put(from.directory);
    }
    kfree(to);
    return s;
}

}  // namespace

extern "C" {

long sys_open(UserAddr path, int flags, unsigned mode) { return open_at(AT_FDCWD, path, flags, mode); }
long sys_openat(int fd, UserAddr path, int flags, unsigned mode) { return open_at(fd, path, flags, mode); }
long sys_creat(UserAddr path, unsigned mode) {
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
long sys_stat(UserAddr path, UserAddr to) { return stat_at(AT_FDCWD, path, to, true); }
long sys_lstat(UserAddr path, UserAddr to) { return stat_at(AT_FDCWD, path, to, false); }
long sys_fstat(int fd, UserAddr to);
long sys_newfstatat(int fd, UserAddr path, UserAddr to, int flags) {
    char first = 0;
    if ((flags & AT_EMPTY_PATH) && get_user(first, path) >= 0 && !first) return sys_fstat(fd, to);
    return stat_at(fd, path, to, !(flags & AT_SYMLINK_NOFOLLOW));
}
long sys_access(UserAddr path, int mode) { return access_at(AT_FDCWD, path, mode); }
long sys_faccessat(int fd, UserAddr path, int mode) { return access_at(fd, path, mode); }
long sys_readlink(UserAddr path, UserAddr to, size_t n) { return readlink_at(AT_FDCWD, path, to, n); }
long sys_readlinkat(int fd, UserAddr path, UserAddr to, size_t n) { return readlink_at(fd, path, to, n); }
long sys_mkdirat(int fd, UserAddr path, unsigned mode) {
    return place(fd, path, inode_create(0040000 | (mode & 0777 & ~current_process()->fs->umask)));
}
long sys_mkdir(UserAddr path, unsigned mode) { return sys_mkdirat(AT_FDCWD, path, mode); }
long sys_unlink(UserAddr path) { return unlink_at(AT_FDCWD, path, false); }
long sys_rmdir(UserAddr path) { return unlink_at(AT_FDCWD, path, true); }
long sys_unlinkat(int fd, UserAddr path, int flags) { return unlink_at(fd, path, flags & AT_REMOVEDIR); }
long sys_rename(UserAddr from, UserAddr to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to); }
long sys_renameat(int ffd, UserAddr from, int tfd, UserAddr to) { return rename_at(ffd, from, tfd, to); }
long sys_symlinkat(UserAddr target, int fd, UserAddr path) {
    UserPath text;
    if (const Status s = copy_string_from_user(text.text, target, sizeof text.text); s < 0) return s;
    Inode* i = inode_create(0120777);
    if (i) {
        const size_t n = strlen(text.text) + 1;
        if (!(i->target = static_cast<char*>(kmalloc(n)))) {
            inode_put(i);
            return -ENOSPC;
        }
        memcpy(i->target, text.text, n);
    }
    return place(fd, path, i);
}
long sys_symlink(UserAddr target, UserAddr path) { return sys_symlinkat(target, AT_FDCWD, path); }
long sys_chmod(UserAddr path, unsigned mode) {
    Inode* i;
    if (const Status s = find(AT_FDCWD, path, true, &i); s < 0) return s;
    i->mode = (i->mode & ~07777u) | (mode & 07777);
    inode_put(i);
    return 0;
}
long sys_truncate(UserAddr path, int64_t length) {
    Inode* i;
    if (const Status s = find(AT_FDCWD, path, true, &i); s < 0) return s;
    Status s = length < 0 || !i->is_regular() ? -EINVAL : i->executing ? -ETXTBSY : 0;
    if (s == 0) s = i->resize(static_cast<uint64_t>(length));
    inode_put(i);
    return s;
}

long sys_chdir(UserAddr path) {
    Inode* i;
    if (const Status s = find(AT_FDCWD, path, true, &i); s < 0) return s;
    if (!i->is_directory()) {
        inode_put(i);
        return -ENOTDIR;
    }
    FsContext* fs = current_process()->fs;
    inode_put(fs->cwd);
    fs->cwd = i;
    return 0;
}
long sys_fchdir(int fd) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (!f->inode() || !f->inode()->is_directory()) return -ENOTDIR;
    FsContext* fs = current_process()->fs;
    inode_get(f->inode());
    inode_put(fs->cwd);
    fs->cwd = f->inode();
    return 0;
}
long sys_getcwd(UserAddr to, size_t size) {
    char text[1024];
    const Status n = path_of(current_process()->fs->cwd, text, min(size, sizeof text));
    if (n < 0) return n;
    return copy_to_user(to, text, static_cast<size_t>(n)) < 0 ? -EFAULT : n;
}
long sys_umask(unsigned mask) {
    FsContext* fs = current_process()->fs;
    const unsigned old = fs->umask;
    fs->umask = mask & 0777;
    return old;
}
}

}  // namespace stile::os
