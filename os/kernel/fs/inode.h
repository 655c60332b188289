// SPDX-License-Identifier: Apache-2.0
//
// The memory file system: everything lives in inodes, filled at boot from the initial ramdisk. A regular
// file's bytes are in pages, so that mappings of it are those very pages.
#pragma once

#include "os/kernel/fs/file.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {

struct DirectoryEntry {
    Link link;
    Inode* inode;
    char* name;
};

class Inode final : public PageSource {
  public:
    uint32_t refs = 1;  // directory entries, open files, mappings
    uint32_t links = 0;
    uint64_t number = 0;
    unsigned mode = 0;  // S_IF* and permissions
    uint64_t size = 0;
    uint64_t mtime_ns = 0;
    uint32_t executing = 0;  // processes whose program it is: not to be written meanwhile (ETXTBSY)

    // Regular: pages in order; nullptr is a hole.
    Page** pages = nullptr;
    uint64_t page_capacity = 0;
    // Directory.
    List<DirectoryEntry, &DirectoryEntry::link> entries;
    Inode* parent = nullptr;
    // Symbolic link.
    char* target = nullptr;
    // Character device.
    DeviceOpen device_open = nullptr;

    bool is_directory() const { return (mode & 0170000) == 0040000; }
    bool is_regular() const { return (mode & 0170000) == 0100000; }
    bool is_symlink() const { return (mode & 0170000) == 0120000; }
    bool is_device() const { return (mode & 0170000) == 0020000; }

    Page* page_at(uint64_t index, bool create);  // no reference taken
    Status resize(uint64_t bytes);
    Status read_kernel(void* to, uint64_t offset, size_t n);  // bytes read
    Status write_kernel(const void* from, uint64_t offset, size_t n);
    void fill_stat(struct stat& out) const;

    DirectoryEntry* lookup(const char* name, size_t length);
    Status link_child(const char* name, size_t length, Inode* child);  // takes a reference of its own
    Status unlink_child(DirectoryEntry* entry);

    Page* source_page(uint64_t index) override;
    void source_get() override { refs++; }
    void source_put() override;
    ~Inode() override;
};

Inode* inode_create(unsigned mode);
inline void inode_get(Inode* i) { i->refs++; }
void inode_put(Inode* i);
Inode* root_inode();

void memfs_init();  // root, /dev, /tmp, and the ramdisk's files

// Resolves a path; `from` is the directory it starts in when it is relative. The result carries a reference.
Status resolve(const char* path, Inode* from, bool follow_last, Inode** out);
// The directory of the last component, and that component. 0, or -errno when the directory is not there.
struct LastComponent {
    Inode* directory;  // referenced
    char name[256];
};
Status resolve_parent(const char* path, Inode* from, LastComponent& out);
Status path_of(Inode* directory, char* out, size_t size);

// An open file on an inode; the result carries the reference that install_file takes over.
Status open_inode(Inode* inode, uint32_t flags, File** out);

}  // namespace stile::os
