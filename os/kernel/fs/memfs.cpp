// SPDX-License-Identifier: Apache-2.0
//
// The file system as it stands at boot: the ramdisk's files (cpio "newc"), /dev, /tmp; and open files on
// inodes.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

static Inode* root;
Inode* root_inode() { return root; }

namespace {

class InodeFile final : public File {
  public:
    explicit InodeFile(Inode* i) : inode_(i) { inode_get(i); }
    ~InodeFile() override { inode_put(inode_); }
    Inode* inode() override { return inode_; }

    Status read(UserBuffer& to, int64_t& at) override {
        if (inode_->is_directory()) return -EISDIR;
        size_t given = 0;
        while (to.left && static_cast<uint64_t>(at) < inode_->size) {
            const uint64_t in_page = at & (page_size - 1);
            const size_t part = min(min(to.left, static_cast<size_t>(page_size - in_page)),
                                    static_cast<size_t>(inode_->size - static_cast<uint64_t>(at)));
            Page* p = inode_->page_at(static_cast<uint64_t>(at) >> page_shift, false);
            const size_t n =
                p ? to.copy_out(static_cast<char*>(page_address(p)) + in_page, part) : to.clear_out(part);
            at += static_cast<int64_t>(n);
            given += n;
            if (n < part) return given ? static_cast<Status>(given) : -EFAULT;
        }
        return static_cast<Status>(given);
    }
    Status write(UserBuffer& from, int64_t& at) override {
        if (flags & O_APPEND) at = static_cast<int64_t>(inode_->size);
        size_t taken = 0;
        while (from.left) {
            const uint64_t in_page = at & (page_size - 1);
            const size_t part = min(from.left, static_cast<size_t>(page_size - in_page));
            Page* p = inode_->page_at(static_cast<uint64_t>(at) >> page_shift, true);
            if (!p) return taken ? static_cast<Status>(taken) : -ENOSPC;
            const size_t n = from.copy_in(static_cast<char*>(page_address(p)) + in_page, part);
            at += static_cast<int64_t>(n);
            taken += n;
            inode_->size = max(inode_->size, static_cast<uint64_t>(at));
            if (n < part) return taken ? static_cast<Status>(taken) : -EFAULT;
        }
        return static_cast<Status>(taken);
    }
    Status seek(int64_t offset, int whence) override {
        const int64_t from = whence == 0 ? 0 : whence == 1 ? position : static_cast<int64_t>(inode_->size);
        int64_t to;
        if (whence < 0 || whence > 2 || __builtin_add_overflow(from, offset, &to) || to < 0) return -EINVAL;
        return position = to;
    }
    Status stat(struct stat& out) override {
        inode_->fill_stat(out);
        return 0;
    }
    Status truncate(int64_t length) override {
        if (!inode_->is_regular() || length < 0) return -EINVAL;
        return inode_->resize(static_cast<uint64_t>(length));
    }
    Status mmap(AddressSpace&, VmArea& area, uint64_t offset) override {
        if (!inode_->is_regular()) return -ENODEV;
        if (offset & (page_size - 1)) return -EINVAL;
        area.source = inode_;
        area.source_index = offset >> page_shift;
        inode_->source_get();
        return 0;
    }
    Status read_directory(UserAddr to, size_t bytes) override;

  private:
    Inode* inode_;
};

// struct linux_dirent64, as getdents64(2) lays it out.
struct [[gnu::packed]] DirectoryRecord {
    uint64_t number;
    int64_t next;
    uint16_t length;
    uint8_t type;
};

Status put_record(UserAddr to, size_t room, Inode* i, const char* name, int64_t next) {
    const size_t name_bytes = strlen(name) + 1;
    const size_t length = align_up(sizeof(DirectoryRecord) + name_bytes, 8);
    if (length > room) return 0;
    const DirectoryRecord r{i->number, next, static_cast<uint16_t>(length),
                            static_cast<uint8_t>((i->mode >> 12) & 15)};
    if (put_user(to, r) < 0 || copy_to_user(to + sizeof r, name, name_bytes) < 0) return -EFAULT;
    return static_cast<Status>(length);
}

Status InodeFile::read_directory(UserAddr to, size_t bytes) {
    if (!inode_->is_directory()) return -ENOTDIR;
    size_t used = 0;
    int64_t index = 0;
    const auto emit = [&](Inode* i, const char* name) -> Status {
        if (index++ < position) return 1;
        const Status n = put_record(to + used, bytes - used, i, name, index);
        if (n > 0) {
            used += static_cast<size_t>(n);
            position = index;
        }
        return n;
    };
    Status n = emit(inode_, ".");
    if (n > 0) n = emit(inode_->parent ? inode_->parent : inode_, "..");
    for (auto e = inode_->entries.begin(); n > 0 && e != inode_->entries.end(); ++e)
        n = emit((*e).inode, (*e).name);
    if (used) return static_cast<Status>(used);
    return n < 0 ? n : n == 0 ? -EINVAL : 0;
}

Inode* make_child(Inode* directory, const char* name, unsigned mode) {
    Inode* child = inode_create(mode);
    if (!child || directory->link_child(name, strlen(name), child) < 0)
        panic("no memory for the file system");
    inode_put(child);  // the entry holds it
    return child;
}

struct [[gnu::packed]] CpioHeader {
    char magic[6];
    char field[13][8];  // hexadecimal
};
enum CpioField { cpio_mode = 1, cpio_size = 6, cpio_name_size = 11 };

uint64_t hex(const char (&digits)[8]) {
    uint64_t v = 0;
    for (const char c : digits) v = v * 16 + static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    return v;
}

void unpack(const char* at, const char* end) {
    while (at + sizeof(CpioHeader) <= end) {
        const auto* h = reinterpret_cast<const CpioHeader*>(at);
        if (memcmp(h->magic, "070701", 6) != 0) panic("the initial ramdisk is not a newc archive");
        const char* name = at + sizeof *h;
        const uint64_t name_bytes = hex(h->field[cpio_name_size]), bytes = hex(h->field[cpio_size]);
        const char* data = at + align_up(sizeof *h + name_bytes, 4);
        if (data + bytes > end) panic("the initial ramdisk is truncated");
        if (strcmp(name, "TRAILER!!!") == 0) return;
        LastComponent last;
        if (resolve_parent(name, root, last) < 0) panic("the initial ramdisk has no directory for %s", name);
        if (!last.directory->lookup(last.name, strlen(last.name))) {
            Inode* i = make_child(last.directory, last.name, static_cast<unsigned>(hex(h->field[cpio_mode])));
            if (i->is_regular() && i->write_kernel(data, 0, bytes) != static_cast<Status>(bytes))
                panic("no memory for %s of the initial ramdisk", name);
            if (i->is_symlink()) {
                if (!(i->target = static_cast<char*>(kzalloc(bytes + 1)))) panic("no memory for %s", name);
                memcpy(i->target, data, bytes);
            }
        }
        inode_put(last.directory);
        at = data + align_up(bytes, 4);
    }
}

}  // namespace

void memfs_init() {
    root = inode_create(0040755);
    if (!root) panic("no memory for the file system");
    make_child(root, "dev", 0040755);
    make_child(root, "tmp", 0041777);
    const char* initrd = static_cast<const char*>(direct(boot_info.initrd_phys));
    unpack(initrd, initrd + boot_info.initrd_bytes);
}

void register_device(const char* path, DeviceOpen open) {
    LastComponent last;
    if (resolve_parent(path, root, last) < 0) panic("no directory for the device %s", path);
    make_child(last.directory, last.name, 0020666)->device_open = open;
    inode_put(last.directory);
}

Status open_inode(Inode* inode, uint32_t flags, File** out) {
    if (inode->is_symlink()) return -ELOOP;
    if (inode->is_directory() && (flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
    if (inode->is_device()) return inode->device_open(flags, out);
    if (inode->executing && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))) return -ETXTBSY;
    if ((flags & O_TRUNC) && inode->is_regular() && (flags & O_ACCMODE) != O_RDONLY) inode->resize(0);
    File* f = knew<InodeFile>(inode);
    if (!f) return -ENOMEM;
    f->flags = flags & ~static_cast<uint32_t>(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC);
    *out = f;
    return 0;
}

}  // namespace stile::os
