// SPDX-License-Identifier: Apache-2.0
//
// Inodes: the pages of files, the entries of directories.
#include "os/kernel/fs/inode.h"

#include "os/kernel/base/string.h"
#include "os/kernel/fs/lock.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

namespace {

constexpr uint64_t directory_bytes = 4096;  // what most file systems show for a small one
// Files leave this share of memory to the processes, so that a full file system is ENOSPC and nobody's death.
constexpr uint64_t reserve_share = 16;

uint32_t hash_name(const char* name, size_t length) {  // FNV-1a
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < length; i++) h = (h ^ static_cast<uint8_t>(name[i])) * 16777619u;
    return h;
}

}  // namespace

int64_t file_time() { return static_cast<int64_t>(epoch_ns + clock_ns()); }

Inode* inode_create(unsigned mode) { return knew<Inode>(mode); }

Inode::Inode(unsigned mode) : mode(mode) {
    static uint64_t last_number = 0;
    number = ++last_number;
    atime_ns = mtime_ns = ctime_ns = btime_ns = file_time();
}

void inode_put(Inode* i) {
    if (--i->refs == 0) kdelete(i);
}

void Inode::source_put() {
    mappings--;
    inode_put(this);
}

Inode::~Inode() {
    while (!entries.empty()) unlink_child(entries.front());
    locks_free(*this);
    if (removed) inode_put(parent);
    kfree(target);
}

void Inode::touch_access() {
    constexpr int64_t day = 86'400'000'000'000;
    const int64_t now = file_time();
    if (atime_ns <= mtime_ns || atime_ns <= ctime_ns || now - atime_ns > day) atime_ns = now;
}
void Inode::touch_modify() { mtime_ns = ctime_ns = file_time(); }
void Inode::touch_change() { ctime_ns = file_time(); }

Page* Inode::page_at(uint64_t index, bool create) {
    Page* page = pages.find(index);
    if (page || !create) return page;
    if (free_page_count() < total_page_count() / reserve_share) return nullptr;
    page = alloc_zeroed_page();
    if (!page) return nullptr;
    if (pages.insert(index, page)) return page;
    page_put(page);
    return nullptr;
}

bool Inode::allocate(uint64_t first, uint64_t last) {
    const uint64_t kept = total_page_count() / reserve_share;
    const uint64_t room = free_page_count() > kept ? free_page_count() - kept : 0;
    if (last - first > total_page_count()) return false;
    uint64_t missing = 0;
    for (uint64_t i = first; i < last; i++) missing += !pages.find(i);
    if (missing > room) return false;
    for (uint64_t i = first; i < last; i++)
        if (!page_at(i, true)) return false;  // the tree's own nodes: the little that was had stays
    return true;
}

Page* Inode::source_page(uint64_t index) {
    if (index >= align_up(size, page_size) >> page_shift) return nullptr;
    Page* p = page_at(index, true);
    if (p) page_get(p);
    return p;
}

Status Inode::clear_range(uint64_t from, uint64_t to) {
    if (to <= from) return 0;
    const uint64_t first = align_up(from, page_size) >> page_shift, last = to >> page_shift;
    const auto clear = [&](uint64_t at, uint64_t end) {
        if (Page* p = page_at(at >> page_shift, false))
            memset(static_cast<char*>(page_address(p)) + (at & (page_size - 1)), 0, end - at);
    };
    if (first > last) {
        clear(from, to);  // within one page
        return 0;
    }
    if (from & (page_size - 1)) clear(from, first << page_shift);
    if (to & (page_size - 1)) clear(last << page_shift, to);
    pages.remove(first, last);
    return 0;
}

Status Inode::resize(uint64_t bytes) {
    // What is beyond the end reads as zero should the file grow again.
    if (bytes < size) {
        const uint64_t first = align_up(bytes, page_size) >> page_shift;
        clear_range(bytes, align_up(bytes, page_size));
        pages.remove_from(first);
        // Whoever maps what is gone gets SIGBUS there, in copies of its own too.
        if (mappings)
            for (Process* p = next_process(nullptr); p; p = next_process(p))
                if (p->space) p->space->remove_source_pages(*this, first);
    }
    size = bytes;
    touch_modify();
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
    const auto seconds = [](int64_t ns) {
        return (ns - (ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000) / 1'000'000'000;
    };
    const auto rest = [](int64_t ns) {
        return static_cast<unsigned long>((ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000);
    };
    out.st_dev = 1;
    out.st_ino = number;
    out.st_mode = mode;
    out.st_uid = uid;
    out.st_gid = gid;
    out.st_rdev = device;
    out.st_nlink = is_directory() ? 2 + subdirectories : is_fifo() && nameless ? 1 : links;
    out.st_size = static_cast<long>(is_directory() ? directory_bytes : size);
    out.st_blksize = page_size;
    out.st_blocks = static_cast<long>((is_directory() ? 1 : pages.count()) * (page_size / 512));
    out.st_atime = static_cast<unsigned long>(seconds(atime_ns));
    out.st_mtime = static_cast<unsigned long>(seconds(mtime_ns));
    out.st_ctime = static_cast<unsigned long>(seconds(ctime_ns));
    out.st_atime_nsec = rest(atime_ns);
    out.st_mtime_nsec = rest(mtime_ns);
    out.st_ctime_nsec = rest(ctime_ns);
}

DirectoryEntry* Inode::lookup(const char* name, size_t length) {
    const uint32_t hash = hash_name(name, length);
    for (DirectoryEntry& e : entries)
        if (e.hash == hash && e.length == length && memcmp(e.name, name, length) == 0) return &e;
    return nullptr;
}

Status Inode::find_child(const char* name, size_t length, Inode** out) {
    const DirectoryEntry* e = lookup(name, length);
    if (!e) return -ENOENT;
    inode_get(e->inode);
    *out = e->inode;
    return 0;
}

Status Inode::next_child(int64_t& cookie, NamedInode& out) {
    DirectoryEntry* e = listed && listed->cookie <= cookie ? listed : entries.front();
    while (e && e->cookie <= cookie) e = entries.next(e);
    if (!e) return 0;
    listed = e;
    memcpy(out.name, e->name, e->length + 1);
    out.number = e->inode->number;
    out.mode = e->inode->mode;
    cookie = e->cookie;
    return 1;
}

Status Inode::name_of_child(const Inode* child, char (&out)[name_max + 1]) {
    for (const DirectoryEntry& e : entries)
        if (e.inode == child) {
            memcpy(out, e.name, e.length + 1);
            return e.length;
        }
    return -ENOENT;
}

Status Inode::link_child(const char* name, size_t length, Inode* child) {
    if (!is_directory() || !changeable()) return -EPERM;
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
    e->length = static_cast<uint32_t>(length);
    e->hash = hash_name(name, length);
    e->cookie = ++last_cookie;
    e->inode = child;
    inode_get(child);
    child->links++;
    child->nameless = false;
    child->parent = this;
    if (child->is_directory()) subdirectories++;
    entries.push_back(e);
    touch_modify();
    child->touch_change();
    return 0;
}

// A directory without a name still knows what ".." is, and keeps it; not that of one that goes itself.
void Inode::name_gone(Inode* child) {
    if (child->parent != this) return;
    if (child->is_directory() && !child->links && refs) {
        child->removed = true;
        inode_get(this);
    } else {
        child->parent = nullptr;
    }
}

Status Inode::unlink_child(DirectoryEntry* e) {
    Inode* child = e->inode;
    if (listed == e) listed = nullptr;
    entries.remove(e);
    kfree(e->name);
    kdelete(e);
    child->links--;
    if (child->is_directory()) subdirectories--;
    name_gone(child);
    touch_modify();
    child->touch_change();
    inode_put(child);
    return 0;
}

void Inode::replace_child(DirectoryEntry* e, Inode* child) {
    Inode* old = e->inode;
    inode_get(child);
    e->inode = child;
    child->links++;
    child->parent = this;
    old->links--;
    name_gone(old);
    if (child->is_directory()) subdirectories++;
    if (old->is_directory()) subdirectories--;
    touch_modify();
    child->touch_change();
    old->touch_change();
    inode_put(old);
}

Status Inode::read_link(char* to, size_t bytes) {
    if (!is_symlink()) return -EINVAL;
    const size_t n = min(bytes, strlen(target));
    memcpy(to, target, n);
    return static_cast<Status>(n);
}

Status Inode::open(uint32_t flags, File** out) { return open_contents(this, flags, out); }

}  // namespace stile::os
