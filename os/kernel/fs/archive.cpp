// SPDX-License-Identifier: Apache-2.0
//
// What the user wants to have of the file system leaves the machine when the main process ends: a cpio
// archive through the archive device (abi/platform.h). A path that is not there is left out.
#include "os/kernel/fs/archive.h"

#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/cpio.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

namespace {

class Archive {
  public:
    Archive()
        : header_(static_cast<char*>(kmalloc(2 * page_size))),
          zeros_(static_cast<char*>(kzalloc(page_size))) {}
    Archive(const Archive&) = delete;
    ~Archive() {
        kfree(header_);
        kfree(zeros_);
    }
    bool ready() const { return header_ && zeros_; }

    void add(const char* name, const Inode& i) {
        const bool link = i.is_symlink() && i.target;
        if (!i.is_regular() && !i.is_directory() && !link) return;
        const uint64_t bytes = i.is_regular() ? i.size : link ? strlen(i.target) : 0;
        begin(name, i.mode, bytes);
        if (link) {
            put(i.target, bytes);
        } else {
            for (uint64_t at = 0; at < bytes; at += page_size) {
                const Page* p = i.pages.find(at >> page_shift);
                put(p ? page_address(p) : zeros_, min(bytes - at, page_size));
            }
        }
        put(zeros_, align_up(bytes, 4) - bytes);
    }
    void finish() { begin(cpio_trailer, 0, 0); }

  private:
    void begin(const char* name, unsigned mode, uint64_t bytes) {
        const size_t name_bytes = strlen(name) + 1;
        const unsigned fields[13] = {++number_,
                                     mode,
                                     0,
                                     0,
                                     1,
                                     0,
                                     static_cast<unsigned>(bytes),
                                     0,
                                     0,
                                     0,
                                     0,
                                     static_cast<unsigned>(name_bytes),
                                     0};
        memset(header_, 0, 2 * page_size);
        copy_string(header_, cpio_magic, sizeof cpio_magic);
        for (unsigned f = 0; f < 13; f++) format_string(header_ + 6 + 8 * f, 9, "%08x", fields[f]);
        memcpy(header_ + sizeof(CpioHeader), name, name_bytes);
        put(header_, align_up(sizeof(CpioHeader) + name_bytes, 4));
    }
    static void put(const void* at, size_t n) {
        if (!n) return;
        *reinterpret_cast<volatile uint64_t*>(STILE_DIRECT_BASE + STILE_ARCHIVE_ADDRESS) = direct_phys(at);
        *reinterpret_cast<volatile uint64_t*>(STILE_DIRECT_BASE + STILE_ARCHIVE_LENGTH) = n;
    }

    char *header_, *zeros_;
    unsigned number_ = 0;
};

// `path` and everything below it. No recursion: directories may be nested deeper than a kernel stack.
void add_tree(Archive& archive, char* path, Inode* top) {
    archive.add(path, *top);
    if (!top->is_directory()) return;
    Inode* directory = top;
    const DirectoryEntry* e = top->entries.front();
    size_t length = strlen(path);
    const size_t top_length = length;
    for (;;) {
        if (e && length + 1 + e->length < path_max && e->inode->changeable()) {
            path[length] = '/';
            memcpy(path + length + 1, e->name, e->length + 1);
            archive.add(path, *e->inode);
            if (e->inode->is_directory()) {
                length += 1 + e->length;
                directory = e->inode;
                e = directory->entries.front();
                continue;
            }
            path[length] = 0;
        }
        if (e) {
            e = directory->entries.next(e);
            continue;
        }
        if (length == top_length) return;
        while (path[length] != '/') length--;
        directory = directory->parent;
        e = directory->lookup(path + length + 1, strlen(path + length + 1));
        path[length] = 0;
        e = directory->entries.next(e);
    }
}

}  // namespace

void archive_kept_files() {
    const char* name = boot_info.strings + boot_info.keep;
    auto* path = static_cast<char*>(kmalloc(path_max));
    Archive archive;
    if (!path || !archive.ready() || !boot_info.n_keep) return;
    for (unsigned n = 0; n < boot_info.n_keep; n++, name += strlen(name) + 1) {
        InodeRef inode;
        if (resolve(name, root_inode(), true, inode.out()) < 0) continue;
        const char* relative = name;
        while (*relative == '/') relative++;
        copy_string(path, *relative ? relative : ".", path_max);
        for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--) path[end - 1] = 0;
        add_tree(archive, path, inode.get());
    }
    archive.finish();
    kfree(path);
}

}  // namespace stile::os
