// SPDX-License-Identifier: Apache-2.0
//
// flock(2), and the locking commands of fcntl(2).
#include "os/kernel/sys/lock_calls.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/lock.h"
#include "os/kernel/sys/held.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

Status range_of(const struct flock& l, const File& f, LockRequest& out) {
    int64_t start = l.l_start;
    if (l.l_whence == SEEK_CUR) start += f.position;
    if (l.l_whence == SEEK_END) start += static_cast<int64_t>(f.inode()->size);
    if (l.l_whence < SEEK_SET || l.l_whence > SEEK_END) return -EINVAL;
    int64_t end = INT64_MAX;
    if (l.l_len > 0) end = start + l.l_len;
    if (l.l_len < 0) {
        end = start;
        start += l.l_len;
    }
    if (start < 0) return -EINVAL;
    out.start = static_cast<uint64_t>(start);
    out.end = static_cast<uint64_t>(end);
    return 0;
}

}  // namespace

Status fcntl_lock(File* file, int command, UserAddr at) {
    struct flock l;
    if (get_user(l, at) < 0) return -EFAULT;
    if (!file->inode()) return command == F_SETLK || command == F_SETLKW ? 0 : -EINVAL;  // nobody else's
    const bool of_file = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    if (of_file && l.l_pid) return -EINVAL;
    Process* p = current_process();
    LockRequest r{
        of_file ? static_cast<const void*>(file) : p->files, of_file ? -1 : p->pid, l.l_type, false, 0, 0};
    if (const Status s = range_of(l, *file, r); s < 0) return s;
    if (l.l_type != F_RDLCK && l.l_type != F_WRLCK && l.l_type != F_UNLCK) return -EINVAL;
    if (command == F_GETLK || command == F_OFD_GETLK) {
        LockRequest other;
        if (l.l_type == F_UNLCK) return -EINVAL;
        l.l_type = F_UNLCK;
        if (lock_conflict(*file->inode(), r, other)) {
            l.l_type = static_cast<short>(other.type);
            l.l_whence = SEEK_SET;
            l.l_start = static_cast<int64_t>(other.start);
            l.l_len = other.end == INT64_MAX ? 0 : static_cast<int64_t>(other.end - other.start);
            l.l_pid = other.pid;
        }
        return put_user(at, l);
    }
    if ((l.l_type == F_RDLCK && !file->readable()) || (l.l_type == F_WRLCK && !file->writable()))
        return -EBADF;
    file_get(file);
    const Status s = lock_set(*file->inode(), r, command == F_SETLKW || command == F_OFD_SETLKW);
    file_put(file);
    return s;
}

extern "C" long sys_flock(int fd, int operation) {
    constexpr int shared = 1, exclusive = 2, no_wait = 4, unlock = 8;  // LOCK_*
    const int what = operation & ~no_wait;
    if (what != shared && what != exclusive && what != unlock) return -EINVAL;
    const Held f(fd);
    if (!f) return -EBADF;
    if (!f->inode()) return 0;  // nobody else can open it
    const int type = what == shared ? F_RDLCK : what == exclusive ? F_WRLCK : F_UNLCK;
    return lock_set(*f->inode(), {f.get(), -1, type, true, 0, INT64_MAX}, !(operation & no_wait));
}

}  // namespace stile::os
