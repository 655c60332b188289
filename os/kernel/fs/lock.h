// SPDX-License-Identifier: Apache-2.0
//
// Advisory locks on files: flock(2), and fcntl(2)'s, of processes and of open file descriptions. They live in
// one list per inode; flock's do not see fcntl's, as on Linux.
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

struct LockRequest {
    const void* owner;    // the FileTable of a process, or the File
    int pid;              // what F_GETLK says; -1: of an open file description
    int type;             // F_RDLCK, F_WRLCK, F_UNLCK
    bool whole_file;      // flock
    uint64_t start, end;  // bytes, [start, end)
};

// Takes, changes or gives back. -EAGAIN when another's lock is in the way and `wait` is false.
Status lock_set(Inode& inode, const LockRequest& request, bool wait);
// The first lock in the way; false: none.
bool lock_conflict(const Inode& inode, const LockRequest& request, LockRequest& out);
void locks_drop_owner(Inode& inode, const void* owner);  // all that it has
void locks_free(Inode& inode);

}  // namespace stile::os
