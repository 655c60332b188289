// SPDX-License-Identifier: Apache-2.0
//
// From a path to an inode.
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"

namespace stile::os {

namespace {

constexpr unsigned most_links = 40;  // as Linux (MAXSYMLINKS)
constexpr size_t path_max = 1024;    // UserPath's room (sys/syscalls.h): such a buffer fits a kernel stack

struct Component {
    const char* begin;
    size_t length;
};

// The next component, and the path behind it; length 0 at the end.
Component next_component(const char*& path) {
    while (*path == '/') path++;
    Component c{path, 0};
    while (path[c.length] && path[c.length] != '/') c.length++;
    path += c.length;
    while (*path == '/') path++;
    return c;
}

bool is(const Component& c, const char* name) {
    return strlen(name) == c.length && memcmp(c.begin, name, c.length) == 0;
}

// The inode of one component; no reference taken. -ENOENT or -ENOTDIR.
Status step(Inode* directory, const Component& c, Inode** out) {
    if (!directory->is_directory()) return -ENOTDIR;
    if (is(c, ".")) {
        *out = directory;
    } else if (is(c, "..")) {
        *out = directory->parent ? directory->parent : directory;
    } else {
        DirectoryEntry* e = directory->lookup(c.begin, c.length);
        if (!e) return -ENOENT;
        *out = e->inode;
    }
    return 0;
}

Status walk(const char* path, Inode* from, bool follow_last, unsigned links, Inode** out) {
    if (!*path) return -ENOENT;
    Inode* at = *path == '/' ? root_inode() : from;
    const bool wants_directory = path[strlen(path) - 1] == '/';
    while (*path == '/') path++;
    while (*path) {
        const Component c = next_component(path);
        Inode* next;
        Status s = step(at, c, &next);
        if (s < 0) return s;
        if (next->is_symlink() && (*path || follow_last || wants_directory)) {
            if (links == most_links) return -ELOOP;
            s = walk(next->target, at, true, links + 1, &next);
            if (s < 0) return s;
        }
        at = next;
    }
    if (wants_directory && !at->is_directory()) return -ENOTDIR;
    *out = at;
    return 0;
}

}  // namespace

Status resolve(const char* path, Inode* from, bool follow_last, Inode** out) {
    const Status s = walk(path, from, follow_last, 0, out);
    if (s == 0) inode_get(*out);
    return s;
}

Status resolve_parent(const char* path, Inode* from, LastComponent& out) {
    if (!*path) return -ENOENT;
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    const size_t length = end - begin;
    if (length == 0) return -EEXIST;  // the root itself
    if (length >= sizeof out.name || begin >= path_max) return -ENAMETOOLONG;
    memcpy(out.name, path + begin, length);
    out.name[length] = 0;
    Inode* directory = path[0] == '/' ? root_inode() : from;
    if (begin > 0) {
        char head[path_max];
        memcpy(head, path, begin);
        head[begin] = 0;
        const Status s = walk(head, from, true, 0, &directory);
        if (s < 0) return s;
    }
    if (!directory->is_directory()) return -ENOTDIR;
    inode_get(directory);
    out.directory = directory;
    return 0;
}

Status path_of(Inode* directory, char* out, size_t size) {
    // Built from the end backwards.
    size_t at = size;
    if (at == 0) return -ERANGE;
    out[--at] = 0;
    for (Inode* i = directory; i != root_inode();) {
        Inode* parent = i->parent;
        if (!parent) return -ENOENT;  // removed
        const char* name = nullptr;
        for (DirectoryEntry& e : parent->entries)
            if (e.inode == i) name = e.name;
        if (!name) return -ENOENT;
        const size_t length = strlen(name);
        if (at < length + 1) return -ERANGE;
        at -= length;
        memcpy(out + at, name, length);
        out[--at] = '/';
        i = parent;
    }
    if (at == size - 1) {
        if (at == 0) return -ERANGE;
        out[--at] = '/';
    }
    const size_t length = size - at;
    memmove(out, out + at, length);
    return static_cast<Status>(length);
}

}  // namespace stile::os
