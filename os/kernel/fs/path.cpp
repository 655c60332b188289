// SPDX-License-Identifier: Apache-2.0
//
// From a path to an inode, and back.
#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"

namespace stile::os {

namespace {

constexpr unsigned most_links = 40;  // as Linux (MAXSYMLINKS)

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

// The inode of one component, referenced.
Status step(Inode* directory, const Component& c, Inode** out) {
    if (!directory->is_directory()) return -ENOTDIR;
    if (c.length > name_max) return -ENAMETOOLONG;
    Inode* next;
    if (is(c, ".")) {
        next = directory;
    } else if (is(c, "..")) {
        next = directory->parent ? directory->parent : directory;
    } else {
        return directory->find_child(c.begin, c.length, out);
    }
    inode_get(next);
    *out = next;
    return 0;
}

Status walk(const char* path, Inode* from, bool follow_last, unsigned& links, Inode** out) {
    if (!*path) return -ENOENT;
    Inode* at = *path == '/' ? root_inode() : from;
    inode_get(at);
    const bool wants_directory = path[strlen(path) - 1] == '/';
    while (*path == '/') path++;
    while (*path) {
        const Component c = next_component(path);
        Inode* next;
        Status s = step(at, c, &next);
        if (s == 0 && next->is_symlink() && (*path || follow_last || wants_directory)) {
            const InodeRef link(next);
            s = links++ == most_links ? -ELOOP : link->follow(&next);
            if (s == 0) s = link->target ? walk(link->target, at, true, links, &next) : -ENOENT;
        }
        inode_put(at);
        if (s < 0) return s;
        at = next;
    }
    if (wants_directory && !at->is_directory()) {
        inode_put(at);
        return -ENOTDIR;
    }
    *out = at;
    return 0;
}

}  // namespace

Status resolve(const char* path, Inode* from, bool follow_last, Inode** out) {
    unsigned links = 0;
    return walk(path, from, follow_last, links, out);
}

Status resolve_parent(const char* path, Inode* from, LastComponent& out) {
    if (!*path) return -ENOENT;
    size_t end = strlen(path);
    out.slash = end > 1 && path[end - 1] == '/';
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    const size_t length = end - begin;
    if (length == 0 || path[begin] == '/') return -EEXIST;  // the root itself
    if (length <= name_max) {
        memcpy(out.name, path + begin, length);
        out.name[length] = 0;
        out.dot = !strcmp(out.name, ".");
        out.dot_dot = !strcmp(out.name, "..");
    }
    // The components before it, one by one: the path is not ours to cut.
    unsigned links = 0;
    Inode* at = *path == '/' ? root_inode() : from;
    inode_get(at);
    const char* const stop = path + begin;
    while (*path == '/') path++;
    while (path < stop) {
        const Component c = next_component(path);
        Inode* next;
        Status s = step(at, c, &next);
        if (s == 0 && next->is_symlink()) {
            const InodeRef link(next);
            s = links++ == most_links ? -ELOOP : link->follow(&next);
            if (s == 0) s = link->target ? walk(link->target, at, true, links, &next) : -ENOENT;
        }
        inode_put(at);
        if (s < 0) return s;
        at = next;
    }
    if (!at->is_directory()) {
        inode_put(at);
        return -ENOTDIR;
    }
    out.too_long = length > name_max;
    out.directory = at;
    return 0;
}

Status path_of(Inode* inode, char* out, size_t size) {
    // Built from the end backwards.
    size_t at = size;
    if (at == 0) return -ERANGE;
    out[--at] = 0;
    for (Inode* i = inode; i != root_inode();) {
        Inode* parent = i->parent;
        if (!parent) return -ENOENT;  // removed
        char name[name_max + 1];
        const Status length = parent->name_of_child(i, name);
        if (length < 0) return length;
        if (at < static_cast<size_t>(length) + 1) return -ERANGE;
        at -= static_cast<size_t>(length);
        memcpy(out + at, name, static_cast<size_t>(length));
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
