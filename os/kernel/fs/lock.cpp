// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/fs/lock.h"

#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

struct FileLock {
    FileLock* next;
    LockRequest held;
};

namespace {

// One queue for all: locks are few, and whoever wakes looks at its own file again.
constinit WaitQueue lock_wait;

bool same_owner(const LockRequest& a, const LockRequest& b) {
    return a.owner == b.owner && a.whole_file == b.whole_file;
}
bool overlap(const LockRequest& a, const LockRequest& b) { return a.start < b.end && b.start < a.end; }
bool conflict(const LockRequest& a, const LockRequest& b) {
    return a.whole_file == b.whole_file && a.owner != b.owner && overlap(a, b) &&
           (a.type == F_WRLCK || b.type == F_WRLCK);
}

// Cuts [start, end) out of what the owner has. `spare` becomes the right half of a lock that is cut in two.
void carve(Inode& inode, const LockRequest& r, FileLock*& spare) {
    for (FileLock** at = &inode.locks; *at;) {
        FileLock* l = *at;
        if (!same_owner(l->held, r) || !overlap(l->held, r)) {
            at = &l->next;
        } else if (l->held.start < r.start && l->held.end > r.end) {
            *spare = {l->next, l->held};
            spare->held.start = r.end;
            l->held.end = r.start;
            l->next = spare;
            spare = nullptr;
            return;
        } else if (l->held.start < r.start) {
            l->held.end = r.start;
            at = &l->next;
        } else if (l->held.end > r.end) {
            l->held.start = r.end;
            at = &l->next;
        } else {
            *at = l->next;
            kfree(l);
        }
    }
}

}  // namespace

bool lock_conflict(const Inode& inode, const LockRequest& request, LockRequest& out) {
    for (const FileLock* l = inode.locks; l; l = l->next)
        if (conflict(l->held, request)) {
            out = l->held;
            return true;
        }
    return false;
}

Status lock_set(Inode& inode, const LockRequest& request, bool wait) {
    LockRequest other;
    if (request.type != F_UNLCK && lock_conflict(inode, request, other)) {
        if (!wait) return -EAGAIN;
        const Status s = wait_until(lock_wait, [&] { return !lock_conflict(inode, request, other); });
        if (s < 0) return s;
    }
    // All memory first: a request is done whole or not at all.
    auto* spare = static_cast<FileLock*>(kmalloc(sizeof(FileLock)));
    auto* fresh = static_cast<FileLock*>(kmalloc(sizeof(FileLock)));
    if (!spare || !fresh) {
        kfree(spare);
        kfree(fresh);
        return -ENOLCK;
    }
    carve(inode, request, spare);
    if (request.type != F_UNLCK) {
        *fresh = {inode.locks, request};
        inode.locks = fresh;
        fresh = nullptr;
    }
    kfree(spare);
    kfree(fresh);
    lock_wait.wake_all();
    return 0;
}

void locks_drop_owner(Inode& inode, const void* owner) {
    bool any = false;
    for (FileLock** at = &inode.locks; *at;) {
        FileLock* l = *at;
        if (l->held.owner != owner) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        kfree(l);
        any = true;
    }
    if (any) lock_wait.wake_all();
}

void locks_free(Inode& inode) {
    while (FileLock* l = inode.locks) {
        inode.locks = l->next;
        kfree(l);
    }
}

}  // namespace stile::os
