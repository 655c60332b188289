// SPDX-License-Identifier: Apache-2.0
//
// System calls that look names up, make them, move them and take them away.
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

UserPath::UserPath(UserAddr from) : text_(static_cast<char*>(kmalloc(path_max))) {
    status_ = text_ ? copy_string_from_user(text_, from, path_max) : -ENOMEM;
    if (status_ > 0) status_ = 0;
}
UserPath::~UserPath() { kfree(text_); }

Status directory_of(int dirfd, const char* path, Inode** out) {
    if (*path == '/' || dirfd == AT_FDCWD) {
        *out = current_process()->fs->cwd;
        return 0;
    }
    File* f = any_file_of_fd(dirfd);
    if (!f) return -EBADF;
    if (!f->inode()) return -ENOTDIR;
    *out = f->inode();
    return 0;
}

Status find_inode(int dirfd, UserAddr path_at, int at_flags, bool follow, InodeRef& out) {
    const UserPath path(path_at);
    if (path.status() < 0) return path.status();
    if (path.empty() && !(at_flags & AT_EMPTY_PATH)) return -ENOENT;
    Inode* from;
    if (const Status s = directory_of(dirfd, path.text(), &from); s < 0) return s;
    if (path.empty() && (at_flags & AT_EMPTY_PATH)) {
        inode_get(from);
        *out.out() = from;
        return 0;
    }
    if (at_flags & AT_SYMLINK_NOFOLLOW) follow = false;
    if (at_flags & AT_SYMLINK_FOLLOW) follow = true;
    return resolve(path.text(), from, follow, out.out());
}

namespace {

// A last component and the entry that it names, if there is one.
struct Named {
    LastComponent last;
    DirectoryEntry* entry = nullptr;
    ~Named() {
        if (last.directory) inode_put(last.directory);
    }
    Inode* directory() const { return last.directory; }
    Status find(const char* path, Inode* from) {
        const Status s = find_directory(path, from);
        return s >= 0 && last.too_long ? -ENAMETOOLONG : s;
    }
    Status find(int dirfd, UserAddr path_at) {
        const Status s = find_directory(dirfd, path_at);
        return s >= 0 && last.too_long ? -ENAMETOOLONG : s;
    }
    // A name that is too long is found out when it is looked up, which can be late.
    Status find_directory(const char* path, Inode* from) {
        const Status s = resolve_parent(path, from, last);
        if (s >= 0 && !last.dot && !last.dot_dot && !last.too_long)
            entry = last.directory->lookup(last.name, strlen(last.name));
        return s;
    }
    Status find_directory(int dirfd, UserAddr path_at) {
        const UserPath path(path_at);
        Inode* from;
        if (path.status() < 0) return path.status();
        if (path.empty()) return -ENOENT;
        if (const Status s = directory_of(dirfd, path.text(), &from); s < 0) return s;
        return find_directory(path.text(), from);
    }
    // Does the name exist, be it made up by its file system?
    bool taken() const {
        if (entry || last.dot || last.dot_dot) return true;
        InodeRef there;
        return !last.directory->changeable() &&
               last.directory->find_child(last.name, strlen(last.name), there.out()) == 0;
    }
};

unsigned masked(unsigned mode) { return mode & 07777 & ~current_process()->fs->umask; }

// What is made in a set-gid directory belongs to its group, and a directory passes that on (inode(7)).
void inherit_group(const Inode& directory, Inode& made) {
    if (!(directory.mode & 02000) || made.links) return;
    made.gid = directory.gid;
    if (made.is_directory()) made.mode |= 02000;
}

// Puts `inode` (consumed) under the path's last name; -EEXIST if it is taken. another: it has a name already.
Status place(int dirfd, UserAddr path_at, Inode* inode, bool another = false) {
    const InodeRef ref(inode);
    Named at;
    if (!inode) return -ENOSPC;
    if (const Status s = at.find(dirfd, path_at); s < 0) return s;
    if (at.taken()) return -EEXIST;
    if (!at.directory()->links) return -ENOENT;  // a directory that was removed
    if (at.last.slash && !inode->is_directory()) return -ENOENT;
    if (another && inode->is_directory()) return -EPERM;
    if (!another) inherit_group(*at.directory(), *inode);
    return at.directory()->link_child(at.last.name, strlen(at.last.name), inode);
}

// O_CREAT: the file of that name, made if it is missing; a link that leads nowhere makes what it names.
Status find_or_create(const char* path, Inode* from, int flags, unsigned mode, InodeRef& out, bool& created) {
    constexpr unsigned most_links = 40;
    auto* at = knew<Named>();
    if (!at) return -ENOMEM;
    InodeRef link, base;
    Status s = -ELOOP;
    for (unsigned links = 0; links <= most_links; links++) {
        s = at->find(path, from);
        if (s == -EEXIST && !(flags & O_EXCL)) s = resolve(path, from, true, out.out());  // the root
        if (s < 0 || out) break;
        if (at->last.slash) {
            s = -EISDIR;
        } else if (!at->taken()) {
            Inode* i = at->directory()->links ? inode_create(0100000 | masked(mode)) : nullptr;
            if (i) inherit_group(*at->directory(), *i);
            s = !at->directory()->links ? -ENOENT
                : i                     ? at->directory()->link_child(at->last.name, strlen(at->last.name), i)
                                        : -ENOSPC;
            if (s < 0 && i) inode_put(i);
            if (s == 0) *out.out() = i;
            created = true;
        } else if (flags & O_EXCL) {
            s = -EEXIST;
        } else if (at->entry && at->entry->inode->is_symlink() && at->entry->inode->target &&
                   !(flags & O_NOFOLLOW)) {
            // The text stays while we hold the link, and its directory is where a relative one starts.
            inode_get(at->entry->inode);
            InodeRef next(at->entry->inode);
            inode_get(at->directory());
            InodeRef next_base(at->directory());
            link.swap(next);
            base.swap(next_base);
            path = link->target;
            from = base.get();
            kdelete(at);
            at = knew<Named>();
            s = -ELOOP;
            if (!at) return -ENOMEM;
            continue;
        } else {
            s = resolve(path, from, !(flags & O_NOFOLLOW), out.out());
        }
        break;
    }
    kdelete(at);
    return s;
}

Status open_at(int dirfd, UserAddr path_at, int flags, unsigned mode) {
    constexpr int temporary = O_TMPFILE & ~O_DIRECTORY;
    InodeRef inode;
    bool created = false;
    Status s;
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    else
        flags |= O_LARGEFILE;
    if ((flags & O_CREAT) && (flags & O_DIRECTORY)) return -EINVAL;
    if (flags & temporary) {
        if (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY) return -EINVAL;
        InodeRef directory;
        if ((s = find_inode(dirfd, path_at, 0, !(flags & O_NOFOLLOW), directory)) < 0) return s;
        if (!directory->is_directory()) return -ENOTDIR;
        *inode.out() = inode_create(0100000 | masked(mode));
        if (!inode) return -ENOSPC;
        inherit_group(*directory, *inode);
        inode->nameless = !(flags & O_EXCL);
        flags &= ~(O_TMPFILE | O_EXCL);
        created = true;
    } else if (flags & O_CREAT) {
        const UserPath path(path_at);
        Inode* from;
        if (path.status() < 0) return path.status();
        if (path.empty()) return -ENOENT;
        if ((s = directory_of(dirfd, path.text(), &from)) < 0) return s;
        if ((s = find_or_create(path.text(), from, flags, mode, inode, created)) < 0) return s;
        if (!created && inode->is_directory()) return -EISDIR;
    } else if ((s = find_inode(dirfd, path_at, 0, !(flags & O_NOFOLLOW), inode)) < 0) {
        return s;
    }
    File* f = nullptr;
    s = open_inode(inode.get(), static_cast<uint32_t>(flags), &f);
    return s < 0 ? s : install_file(f, flags & O_CLOEXEC);
}

Status unlink_at(int dirfd, UserAddr path_at, bool directory) {
    Named at;
    if (const Status s = at.find(dirfd, path_at); s < 0)
        return s == -EEXIST ? (directory ? -EBUSY : -EISDIR) : s;
    if (at.last.dot) return directory ? -EINVAL : -EISDIR;
    if (at.last.dot_dot) return directory ? -ENOTEMPTY : -EISDIR;
    if (!at.taken()) return -ENOENT;
    if (!at.directory()->changeable() || !at.entry) return -EPERM;
    Inode* i = at.entry->inode;
    if (directory) {
        if (!i->is_directory()) return -ENOTDIR;
        if (!i->changeable()) return -EBUSY;
        if (!i->entries.empty()) return -ENOTEMPTY;
    } else {
        if (i->is_directory()) return -EISDIR;
        if (at.last.slash) return -ENOTDIR;
    }
    return at.directory()->unlink_child(at.entry);
}

constexpr unsigned rename_noreplace = 1, rename_exchange = 2;  // RENAME_* of renameat2(2)

Status rename_named(const Named& from, const Named& to, unsigned flags) {
    if (from.last.dot || from.last.dot_dot) return -EBUSY;
    if (to.last.dot || to.last.dot_dot) return flags & rename_noreplace ? -EEXIST : -EBUSY;
    if (from.last.too_long) return -ENAMETOOLONG;
    if (!from.taken()) return -ENOENT;
    if (to.last.too_long) return -ENAMETOOLONG;
    if (!from.directory()->changeable() || !to.directory()->changeable()) return -EPERM;
    Inode* moved = from.entry->inode;
    Inode* target = to.entry ? to.entry->inode : nullptr;
    if (!moved->is_directory() && (from.last.slash || to.last.slash)) return -ENOTDIR;
    if (!moved->changeable()) return -EBUSY;
    if (target && (flags & rename_noreplace)) return -EEXIST;
    if (target == moved) return 0;
    if (!to.directory()->links) return -ENOENT;
    for (const Inode* d = to.directory(); d; d = d->parent)
        if (d == moved) return -EINVAL;  // a directory into itself
    if (flags & rename_exchange) {
        if (!target) return -ENOENT;
        for (const Inode* d = from.directory(); d; d = d->parent)
            if (d == target) return -EINVAL;
        to.directory()->replace_child(to.entry, moved);
        from.directory()->replace_child(from.entry, target);
        moved->parent = to.directory();
        target->parent = from.directory();
        return 0;
    }
    const size_t length = strlen(to.last.name);
    if (!target) {
        // The new name first: whatever fails, the file keeps one.
        if (const Status s = to.directory()->link_child(to.last.name, length, moved); s < 0) return s;
    } else {
        for (const Inode* d = from.directory(); d; d = d->parent)
            if (d == target) return -ENOTEMPTY;
        if (target->is_directory() && !moved->is_directory()) return -EISDIR;
        if (!target->is_directory() && moved->is_directory()) return -ENOTDIR;
        if (!target->entries.empty()) return -ENOTEMPTY;
        to.directory()->replace_child(to.entry, moved);
    }
    from.directory()->unlink_child(from.entry);
    moved->parent = to.directory();
    return 0;
}

Status rename_at(int from_fd, UserAddr from_at, int to_fd, UserAddr to_at, unsigned flags) {
    if ((flags & ~(rename_noreplace | rename_exchange)) || flags == (rename_noreplace | rename_exchange))
        return -EINVAL;
    Named from;
    auto* to = knew<Named>();
    if (!to) return -ENOMEM;
    Status s = from.find_directory(from_fd, from_at);
    const bool root = s == -EEXIST;
    if (s >= 0 || root) s = to->find_directory(to_fd, to_at);
    if (root ? s >= 0 || s == -EEXIST : s == -EEXIST && !(flags & rename_noreplace)) s = -EBUSY;  // the root
    if (s >= 0) s = rename_named(from, *to, flags);
    kdelete(to);
    return s;
}

Status link_at(int from_fd, UserAddr from_at, int to_fd, UserAddr to_at, int flags) {
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    InodeRef inode;
    if (const Status s = find_inode(from_fd, from_at, flags, false, inode); s < 0) return s;
    if (!inode->is_directory() && !inode->links && !inode->nameless) return -ENOENT;
    if (inode->is_fifo() && inode->nameless) return -EXDEV;  // pipes are a file system of their own
    inode_get(inode.get());
    return place(to_fd, to_at, inode.get(), true);
}

Status make_node(int dirfd, UserAddr path_at, unsigned mode, uint64_t device) {
    const unsigned kind = mode & mode_kind;
    if (kind == mode_directory) return -EPERM;
    if (kind && kind != mode_regular && kind != mode_fifo && kind != mode_socket && kind != mode_character &&
        kind != mode_block)
        return -EINVAL;
    Inode* i = inode_create((kind ? kind : mode_regular) | masked(mode));
    if (i && (kind == mode_character || kind == mode_block)) i->device = device;
    return place(dirfd, path_at, i);
}

}  // namespace

extern "C" {

long sys_open(UserAddr path, int flags, unsigned mode) { return open_at(AT_FDCWD, path, flags, mode); }
long sys_openat(int fd, UserAddr path, int flags, unsigned mode) { return open_at(fd, path, flags, mode); }
long sys_creat(UserAddr path, unsigned mode) {
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
long sys_mkdirat(int fd, UserAddr path, unsigned mode) {
    return place(fd, path, inode_create(mode_directory | (masked(mode) & 01777)));
}
long sys_mkdir(UserAddr path, unsigned mode) { return sys_mkdirat(AT_FDCWD, path, mode); }
long sys_mknodat(int fd, UserAddr path, unsigned mode, unsigned device) {
    return make_node(fd, path, mode, device);
}
long sys_mknod(UserAddr path, unsigned mode, unsigned device) {
    return make_node(AT_FDCWD, path, mode, device);
}
long sys_unlink(UserAddr path) { return unlink_at(AT_FDCWD, path, false); }
long sys_rmdir(UserAddr path) { return unlink_at(AT_FDCWD, path, true); }
long sys_unlinkat(int fd, UserAddr path, int flags) {
    return flags & ~AT_REMOVEDIR ? -EINVAL : unlink_at(fd, path, flags & AT_REMOVEDIR);
}
long sys_rename(UserAddr from, UserAddr to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
long sys_renameat(int ffd, UserAddr from, int tfd, UserAddr to) { return rename_at(ffd, from, tfd, to, 0); }
long sys_renameat2(int ffd, UserAddr from, int tfd, UserAddr to, unsigned flags) {
    return rename_at(ffd, from, tfd, to, flags);
}
long sys_link(UserAddr from, UserAddr to) { return link_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
long sys_linkat(int ffd, UserAddr from, int tfd, UserAddr to, int flags) {
    return link_at(ffd, from, tfd, to, flags);
}

long sys_symlinkat(UserAddr target, int fd, UserAddr path) {
    const UserPath text(target);
    if (text.status() < 0) return text.status();
    if (text.empty()) return -ENOENT;
    Inode* i = inode_create(0120777);
    if (i) {
        i->size = strlen(text.text());
        if (!(i->target = static_cast<char*>(kmalloc(i->size + 1)))) {
            inode_put(i);
            return -ENOSPC;
        }
        memcpy(i->target, text.text(), i->size + 1);
    }
    return place(fd, path, i);
}
long sys_symlink(UserAddr target, UserAddr path) { return sys_symlinkat(target, AT_FDCWD, path); }

long sys_readlinkat(int fd, UserAddr path, UserAddr to, int size) {
    InodeRef inode;
    if (size <= 0) return -EINVAL;
    if (const Status s = find_inode(fd, path, AT_EMPTY_PATH, false, inode); s < 0) return s;
    char first = 1;
    if (!inode->is_symlink()) return get_user(first, path) >= 0 && !first ? -ENOENT : -EINVAL;
    auto* text = static_cast<char*>(kmalloc(path_max));
    if (!text) return -ENOMEM;
    Status n = inode->read_link(text, min(static_cast<size_t>(size), path_max));
    if (n >= 0 && copy_to_user(to, text, static_cast<size_t>(n)) < 0) n = -EFAULT;
    kfree(text);
    return n;
}
long sys_readlink(UserAddr path, UserAddr to, int n) { return sys_readlinkat(AT_FDCWD, path, to, n); }

static Status change_directory(Inode* i) {  // takes the reference over
    FsContext* fs = current_process()->fs;
    inode_put(fs->cwd);
    fs->cwd = i;
    return 0;
}
long sys_chdir(UserAddr path) {
    InodeRef i;
    if (const Status s = find_inode(AT_FDCWD, path, 0, true, i); s < 0) return s;
    return i->is_directory() ? change_directory(i.release()) : -ENOTDIR;
}
long sys_fchdir(int fd) {
    File* f = any_file_of_fd(fd);
    if (!f) return -EBADF;
    if (!f->inode() || !f->inode()->is_directory()) return -ENOTDIR;
    inode_get(f->inode());
    return change_directory(f->inode());
}
long sys_getcwd(UserAddr to, size_t size) {
    auto* text = static_cast<char*>(kmalloc(path_max));
    if (!text) return -ENOMEM;
    Status n = path_of(current_process()->fs->cwd, text, min(size, path_max));
    if (n >= 0 && copy_to_user(to, text, static_cast<size_t>(n)) < 0) n = -EFAULT;
    kfree(text);
    return n;
}
long sys_umask(unsigned mask) {
    FsContext* fs = current_process()->fs;
    const unsigned old = fs->umask;
    fs->umask = mask & 0777;
    return old;
}
}

}  // namespace stile::os
