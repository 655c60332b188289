// SPDX-License-Identifier: Apache-2.0
//
// Open files on inodes: regular files, directories, and O_PATH's handles on anything.
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

namespace {

constexpr uint32_t opening_flags = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC;  // not kept

class InodeFile final : public File {
  public:
    Status read(UserBuffer& to, int64_t& at) override {
        Inode& i = *inode();
        size_t given = 0;
        if (at > INT64_MAX - static_cast<int64_t>(to.left)) return -EINVAL;
        while (to.left && static_cast<uint64_t>(at) < i.size) {
            const uint64_t in_page = at & (page_size - 1);
            const size_t part = min(min(to.left, static_cast<size_t>(page_size - in_page)),
                                    static_cast<size_t>(i.size - static_cast<uint64_t>(at)));
            Page* p = i.page_at(static_cast<uint64_t>(at) >> page_shift, false);
            const size_t n =
                p ? to.copy_out(static_cast<char*>(page_address(p)) + in_page, part) : to.clear_out(part);
            at += static_cast<int64_t>(n);
            given += n;
            if (n < part) return given ? static_cast<Status>(given) : -EFAULT;
        }
        i.touch_access();
        return static_cast<Status>(given);
    }
    Status write(UserBuffer& from, int64_t& at) override {
        Inode& i = *inode();
        if (at > INT64_MAX - static_cast<int64_t>(from.left)) return -EINVAL;
        if (flags & O_APPEND) at = static_cast<int64_t>(i.size);
        if (at > INT64_MAX - static_cast<int64_t>(from.left)) return -EFBIG;
        size_t taken = 0;
        while (from.left) {
            const uint64_t in_page = at & (page_size - 1);
            const size_t part = min(from.left, static_cast<size_t>(page_size - in_page));
            Page* p = i.page_at(static_cast<uint64_t>(at) >> page_shift, true);
            if (!p) return taken ? static_cast<Status>(taken) : -ENOSPC;
            const size_t n = from.copy_in(static_cast<char*>(page_address(p)) + in_page, part);
            at += static_cast<int64_t>(n);
            taken += n;
            i.size = max(i.size, static_cast<uint64_t>(at));
            if (n < part) break;
        }
        i.touch_modify();
        return taken || !from.left ? static_cast<Status>(taken) : -EFAULT;
    }
    Status seek(int64_t offset, int whence) override;
    Status truncate(int64_t length) override {
        if (length < 0) return -EINVAL;
        return inode()->resize(static_cast<uint64_t>(length));
    }
    bool mappable() const override { return true; }
    Status mmap(AddressSpace&, VmArea& area, uint64_t offset) override {
        if (offset & (page_size - 1)) return -EINVAL;
        area.source = inode();
        area.source_index = offset >> page_shift;
        inode()->source_get();
        return 0;
    }
};

Status InodeFile::seek(int64_t offset, int whence) {
    const auto size = static_cast<int64_t>(inode()->size);
    int64_t to = 0;
    switch (whence) {
        case SEEK_SET:
            to = offset;
            break;
        case SEEK_CUR:
        case SEEK_END:
            if (__builtin_add_overflow(whence == SEEK_CUR ? position : size, offset, &to)) return -EINVAL;
            break;
        case SEEK_DATA:
        case SEEK_HOLE: {
            if (offset < 0 || offset >= size) return -ENXIO;
            const uint64_t first = static_cast<uint64_t>(offset) >> page_shift;
            uint64_t page = first;
            if (whence == SEEK_DATA)
                page = inode()->pages.next(first);
            else
                while (inode()->pages.find(page)) page++;
            if (whence == SEEK_DATA && (page == ~0ull || page << page_shift >= inode()->size)) return -ENXIO;
            to = page == first ? offset : min(static_cast<int64_t>(page << page_shift), size);
            break;
        }
        default:
            return -EINVAL;
    }
    return to < 0 ? -EINVAL : position = to;
}

// struct linux_dirent64, as getdents64(2) lays it out.
struct [[gnu::packed]] DirectoryRecord {
    uint64_t number;
    int64_t next;
    uint16_t length;
    uint8_t type;
};

class DirectoryFile final : public File {
  public:
    Status read(UserBuffer&, int64_t&) override { return -EISDIR; }
    Status seek(int64_t offset, int whence) override {
        if (whence == SEEK_CUR) offset += position;
        if ((whence != SEEK_SET && whence != SEEK_CUR) || offset < 0) return -EINVAL;
        return position = offset;
    }
    Status read_directory(UserAddr to, size_t bytes) override;
};

Status DirectoryFile::read_directory(UserAddr to, size_t bytes) {
    Inode& directory = *inode();
    if (directory.removed) return -ENOENT;
    auto* entry = static_cast<NamedInode*>(kmalloc(sizeof(NamedInode)));
    if (!entry) return -ENOMEM;
    size_t used = 0;
    Status s = 0;
    for (;;) {
        int64_t cookie = position;
        if (cookie < 2) {
            const Inode* i = cookie && directory.parent ? directory.parent : &directory;
            copy_string(entry->name, cookie ? ".." : ".", sizeof entry->name);
            entry->number = i->number;
            entry->mode = i->mode;
            cookie++;
        } else if (directory.next_child(cookie, *entry) == 0) {
            break;
        }
        const size_t name_bytes = strlen(entry->name) + 1;
        const size_t length = align_up(sizeof(DirectoryRecord) + name_bytes, 8);
        if (length > bytes - used) {
            s = -EINVAL;
            break;
        }
        const DirectoryRecord r{entry->number, cookie, static_cast<uint16_t>(length),
                                static_cast<uint8_t>((entry->mode >> 12) & 15)};
        if (put_user(to + used, r) < 0 || copy_to_user(to + used + sizeof r, entry->name, name_bytes) < 0) {
            s = -EFAULT;
            break;
        }
        used += length;
        position = cookie;
    }
    kfree(entry);
    directory.touch_access();
    return used ? static_cast<Status>(used) : s;
}

class PathFile final : public File {
  public:
    Status ioctl(unsigned, uint64_t) override { return -EBADF; }
    Status seek(int64_t, int) override { return -EBADF; }
    unsigned poll(PollTable*) override { return 0; }
};

}  // namespace

Status open_contents(Inode* inode, uint32_t flags, File** out) {
    File* f = inode->is_directory() ? static_cast<File*>(knew<DirectoryFile>()) : knew<InodeFile>();
    if (!f) return -ENOMEM;
    f->flags = flags;
    *out = f;
    return 0;
}

Status open_inode(Inode* inode, uint32_t flags, File** out) {
    Status s = 0;
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if ((flags & O_DIRECTORY) && !inode->is_directory()) return -ENOTDIR;
    if (flags & O_PATH) {
        File* f = knew<PathFile>();
        if (!f) return -ENOMEM;
        f->flags = O_PATH | (flags & (O_DIRECTORY | O_NOFOLLOW));
        *out = f;
    } else if (inode->is_symlink()) {
        return -ELOOP;
    } else if (inode->is_directory()) {
        if (writes || (flags & (O_CREAT | O_TRUNC))) return -EISDIR;
        s = inode->open(flags & ~opening_flags, out);
    } else if (inode->is_device()) {
        const DeviceOpen open = device_of_number(inode->device);
        s = open ? open(flags & ~opening_flags, out) : -ENXIO;
    } else if (inode->is_fifo()) {
        s = open_fifo(inode, flags & ~opening_flags, out);
    } else if (!inode->is_regular()) {
        return -ENXIO;  // sockets and block devices have nobody behind them
    } else {
        if (inode->executing && (writes || (flags & O_TRUNC))) return -ETXTBSY;
        s = inode->open(flags & ~opening_flags, out);
        if (s == 0 && (flags & O_TRUNC) && inode->size) inode->resize(0);  // O_RDONLY or not, as Linux
    }
    if (s == 0 && !(*out)->inode()) (*out)->set_inode(inode);
    if (s == 0 && inode->is_regular() && (*out)->writable()) inode->writers++;
    return s;
}

}  // namespace stile::os
