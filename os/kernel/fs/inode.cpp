// SPDX-License-Identifier: Apache-2.0
//
// Inodes: the pages of files, the entries of directories.
#include "os/kernel/fs/inode.h"

#include "os/kernel/base/string.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

static uint64_t next_number = 1;

Inode* inode_create(unsigned mode) {
    Inode* i = knew<Inode>();
    if (!i) return nullptr;
    i->mode = mode;
    i->number = next_number++;
    i->mtime_ns = epoch_ns + clock_ns();
    return i;
}

void inode_put(Inode* i) {
    if (--i->refs == 0) kdelete(i);
}

void Inode::source_put() { inode_put(this); }

Inode::~Inode() {
    for (uint64_t i = 0; i < page_capacity; i++)
        if (pages[i]) page_put(pages[i]);
    kfree(pages);
    while (!entries.empty()) unlink_child(entries.front());
    kfree(target);
}

Page* Inode::page_at(uint64_t index, bool create) {
    if (index >= page_capacity) {
        if (!create) return nullptr;
        uint64_t capacity = page_capacity ? page_capacity : 4;
        while (capacity <= index) capacity *= 2;
        auto** grown = static_cast<Page**>(kzalloc(capacity * sizeof(Page*)));
        if (!grown) return nullptr;
        if (pages) memcpy(grown, pages, page_capacity * sizeof(Page*));
        kfree(pages);
        pages = grown;
        page_capacity = capacity;
    }
    if (!pages[index] && create) pages[index] = alloc_zeroed_page();
    return pages[index];
}

Page* Inode::source_page(uint64_t index) {
    if (index >= align_up(size, page_size) >> page_shift) return nullptr;
    Page* p = page_at(index, true);
    if (p) page_get(p);
    return p;
}

Status Inode::resize(uint64_t bytes) {
    if (bytes < size) {
        // What is beyond the end reads as zero should the file grow again.
        const uint64_t keep = align_up(bytes, page_size) >> page_shift;
        for (uint64_t i = keep; i < page_capacity; i++)
            if (pages[i]) {
                page_put(pages[i]);
                pages[i] = nullptr;
            }
        const uint64_t in_page = bytes & (page_size - 1);
        if (in_page)
            if (Page* p = page_at(bytes >> page_shift, false))
                memset(static_cast<char*>(page_address(p)) + in_page, 0, page_size - in_page);
    }
    size = bytes;
    return 0;
}

Status Inode::read_kernel(void* to, uint64_t offset, size_t n) {
    if (offset >= size) return 0;
    n = min(n, static_cast<size_t>(size - offset));
    for (size_t done = 0; done < n;) {
        const uint64_t at = offset + done, in_page = at & (page_size - 1);
        const size_t part = min(n - done, static_cast<size_t>(page_size - in_page));
        char* out = static_cast<char*>(to) + done;
        if (Page* p = page_at(at >> page_shift, false))
            memcpy(out, static_cast<char*>(page_address(p)) + in_page, part);
        else
            memset(out, 0, part);
        done += part;
    }
    return static_cast<Status>(n);
}

Status Inode::write_kernel(const void* from, uint64_t offset, size_t n) {
    for (size_t done = 0; done < n;) {
        const uint64_t at = offset + done, in_page = at & (page_size - 1);
        const size_t part = min(n - done, static_cast<size_t>(page_size - in_page));
        Page* p = page_at(at >> page_shift, true);
        if (!p) return done ? static_cast<Status>(done) : -ENOSPC;
        memcpy(static_cast<char*>(page_address(p)) + in_page, static_cast<const char*>(from) + done, part);
        done += part;
        size = max(size, at + part);
    }
    return static_cast<Status>(n);
}

void Inode::fill_stat(struct stat& out) const {
    memset(&out, 0, sizeof out);
    out.st_dev = 1;
    out.st_ino = number;
    out.st_mode = mode;
    out.st_nlink = max(links, 1u);
    out.st_size = static_cast<long>(size);
    out.st_blksize = page_size;
    out.st_blocks = static_cast<long>(align_up(size, page_size) / 512);
    if (is_device()) out.st_rdev = 0x0a00 | (number & 0xff);
    out.st_mtime = out.st_ctime = out.st_atime = mtime_ns / 1'000'000'000;
    out.st_mtime_nsec = out.st_ctime_nsec = out.st_atime_nsec = mtime_ns % 1'000'000'000;
}

DirectoryEntry* Inode::lookup(const char* name, size_t length) {
    for (DirectoryEntry& e : entries)
        if (strlen(e.name) == length && memcmp(e.name, name, length) == 0) return &e;
    return nullptr;
}

Status Inode::link_child(const char* name, size_t length, Inode* child) {
    DirectoryEntry* e = knew<DirectoryEntry>();
    char* copy = static_cast<char*>(kmalloc(length + 1));
    if (!e || !copy) {
        kdelete(e);
        kfree(copy);
        return -ENOSPC;
    }
    memcpy(copy, name, length);
    copy[length] = 0;
    e->name = copy;
    e->inode = child;
    inode_get(child);
    child->links++;
    if (child->is_directory()) child->parent = this;
    entries.push_back(e);
    mtime_ns = epoch_ns + clock_ns();
    return 0;
}

Status Inode::unlink_child(DirectoryEntry* e) {
    Inode* child = e->inode;
    entries.remove(e);
    kfree(e->name);
    kdelete(e);
    child->links--;
    if (child->is_directory()) child->parent = nullptr;
    mtime_ns = epoch_ns + clock_ns();
    inode_put(child);
    return 0;
}

}  // namespace stile::os
