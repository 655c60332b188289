// SPDX-License-Identifier: Apache-2.0
//
// The file system as it stands at boot: the ramdisk's files (cpio "newc"), /dev, /proc, /tmp.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/cpio.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

static Inode* root;
Inode* root_inode() { return root; }

Inode* make_child(Inode* directory, const char* name, unsigned mode) {
    Inode* child = inode_create(mode);
    if (!child || directory->link_child(name, strlen(name), child) < 0)
        panic("no memory for the file system");
    inode_put(child);  // the entry holds it
    return child;
}

namespace {

uint64_t hex(const char (&digits)[8]) {
    uint64_t v = 0;
    for (const char c : digits) v = v * 16 + static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    return v;
}

void make_symlink(Inode* i, const char* target, size_t bytes) {
    i->target = static_cast<char*>(kzalloc(bytes + 1));
    if (!i->target) panic("no memory for the file system");
    memcpy(i->target, target, bytes);
    i->size = bytes;
}

void unpack(const char* at, const char* end) {
    while (at + sizeof(CpioHeader) <= end) {
        const auto* h = reinterpret_cast<const CpioHeader*>(at);
        if (memcmp(h->magic, cpio_magic, 6) != 0) panic("the initial ramdisk is not a newc archive");
        const char* name = at + sizeof *h;
        const uint64_t name_bytes = hex(h->field[cpio_name_size]), bytes = hex(h->field[cpio_size]);
        const char* data = at + align_up(sizeof *h + name_bytes, 4);
        if (data + bytes > end) panic("the initial ramdisk is truncated");
        if (strcmp(name, cpio_trailer) == 0) return;
        LastComponent last;
        if (resolve_parent(name, root, last) < 0) panic("the initial ramdisk has no directory for %s", name);
        const auto mode = static_cast<unsigned>(hex(h->field[cpio_mode]));
        if (const DirectoryEntry* there = last.directory->lookup(last.name, strlen(last.name))) {
            if (there->inode->is_directory() && (mode & mode_kind) == mode_directory)
                there->inode->mode = mode;
        } else {
            Inode* i = make_child(last.directory, last.name, mode);
            if (i->is_regular() && i->write_kernel(data, 0, bytes) != static_cast<Status>(bytes))
                panic("no memory for %s of the initial ramdisk", name);
            if (i->is_symlink()) make_symlink(i, data, bytes);
        }
        inode_put(last.directory);
        at = data + align_up(bytes, 4);
    }
}

}  // namespace

void memfs_init() {
    root = inode_create(0040755);
    if (!root) panic("no memory for the file system");
    root->links = 1;
    Inode* dev = make_child(root, "dev", 0040755);
    make_child(root, "tmp", 0041777);
    static constexpr struct {
        const char *name, *target;
    } links[] = {{"fd", "/proc/self/fd"},
                 {"stdin", "/proc/self/fd/0"},
                 {"stdout", "/proc/self/fd/1"},
                 {"stderr", "/proc/self/fd/2"}};
    for (const auto& l : links) make_symlink(make_child(dev, l.name, 0120777), l.target, strlen(l.target));
    const char* initrd = static_cast<const char*>(direct(boot_info.initrd_phys));
    unpack(initrd, initrd + boot_info.initrd_bytes);
    proc_init();
}

}  // namespace stile::os
