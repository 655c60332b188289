// SPDX-License-Identifier: Apache-2.0
//
// System calls on open files.
#include <asm/ioctls.h>
#include <linux/uio.h>

#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/pipe.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/held.h"
#include "os/kernel/sys/lock_calls.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

constexpr unsigned max_pieces = 64;  // of an iovec; Linux allows 1024, musl uses 2

Status transfer(File* f, UserBuffer& b, int64_t& position, bool write) {
    if (!f || !(write ? f->writable() : f->readable())) return -EBADF;
    return write ? f->write(b, position) : f->read(b, position);
}

Status transfer_one(int fd, UserAddr base, size_t n, int64_t* position, bool write) {
    const Held f(fd);
    if (!f) return -EBADF;
    if (!user_range_ok(base, n)) return -EFAULT;
    const UserPiece piece{base, n};
    UserBuffer b{&piece, 1, n};
    return transfer(f.get(), b, position ? *position : f->position, write);
}

Status transfer_vector(int fd, UserAddr vector, int count, int64_t* position, bool write) {
    const Held f(fd);
    if (!f) return -EBADF;
    if (count < 0 || count > static_cast<int>(max_pieces)) return -EINVAL;
    UserPiece pieces[max_pieces];
    if (copy_from_user(pieces, vector, sizeof(UserPiece) * static_cast<size_t>(count)) < 0) return -EFAULT;
    // Empty pieces would stop UserBuffer; it walks only real ones.
    unsigned used = 0;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (!user_range_ok(pieces[i].base, pieces[i].length)) return -EFAULT;
        total += pieces[i].length;
        if (pieces[i].length) pieces[used++] = pieces[i];
    }
    if (!used) return 0;
    UserBuffer b{pieces, used, total};
    return transfer(f.get(), b, position ? *position : f->position, write);
}

}  // namespace

extern "C" {

long sys_read(int fd, UserAddr to, size_t n) { return transfer_one(fd, to, n, nullptr, false); }
long sys_write(int fd, UserAddr from, size_t n) { return transfer_one(fd, from, n, nullptr, true); }
long sys_readv(int fd, UserAddr v, int n) { return transfer_vector(fd, v, n, nullptr, false); }
long sys_writev(int fd, UserAddr v, int n) { return transfer_vector(fd, v, n, nullptr, true); }

static Status positioned(int fd, int64_t at) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (at < 0) return -EINVAL;
    return f->seek(0, 1) == -ESPIPE ? -ESPIPE : 0;
}
long sys_pread64(int fd, UserAddr to, size_t n, int64_t at) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_one(fd, to, n, &at, false);
}
long sys_pwrite64(int fd, UserAddr from, size_t n, int64_t at) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_one(fd, from, n, &at, true);
}
long sys_preadv(int fd, UserAddr v, int n, int64_t at) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_vector(fd, v, n, &at, false);
}
long sys_pwritev(int fd, UserAddr v, int n, int64_t at) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_vector(fd, v, n, &at, true);
}

long sys_close(int fd) { return close_fd(fd); }

long sys_lseek(int fd, int64_t offset, int whence) {
    File* f = file_of_fd(fd);
    return f ? f->seek(offset, whence) : -EBADF;
}

long sys_ioctl(int fd, unsigned command, uint64_t argument) {
    const Held f(fd);
    if (!f) return -EBADF;
    FileTable::Slot& slot = current_process()->files->slots[fd];
    int on;
    switch (command) {
        case FIOCLEX:
        case FIONCLEX:
            slot.close_on_exec = command == FIOCLEX;
            return 0;
        case FIONBIO:
            if (get_user(on, argument) < 0) return -EFAULT;
            f->flags = on ? f->flags | O_NONBLOCK : f->flags & ~static_cast<uint32_t>(O_NONBLOCK);
            return 0;
        case FIONREAD:
            if (f->inode() && f->inode()->is_regular()) {
                const int left = static_cast<int>(static_cast<int64_t>(f->inode()->size) - f->position);
                return put_user(argument, left);
            }
            break;
        default:
            break;
    }
    return f->ioctl(command, argument);
}

long sys_dup(int fd) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    file_get(f);
    return install_file(f, false);
}

long sys_dup3(int from, int to, int flags) {
    File* f = file_of_fd(from);
    if (!f || static_cast<unsigned>(to) >= FileTable::capacity) return -EBADF;
    if (from == to || (flags & ~O_CLOEXEC)) return -EINVAL;
    file_get(f);
    close_fd(to);
    current_process()->files->slots[to] = {f, (flags & O_CLOEXEC) != 0};
    return to;
}
long sys_dup2(int from, int to) {
    if (from == to) return file_of_fd(from) ? to : -EBADF;
    return sys_dup3(from, to, 0);
}

long sys_fcntl(int fd, int command, uint64_t argument) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    FileTable::Slot& slot = current_process()->files->slots[fd];
    constexpr uint32_t settable = O_APPEND | O_NONBLOCK;
    switch (command) {
        case F_DUPFD:
        case F_DUPFD_CLOEXEC:
            if (argument >= FileTable::capacity) return -EINVAL;
            file_get(f);
            return install_file(f, command == F_DUPFD_CLOEXEC, static_cast<int>(argument));
        case F_GETFD:
            return slot.close_on_exec ? FD_CLOEXEC : 0;
        case F_SETFD:
            slot.close_on_exec = argument & FD_CLOEXEC;
            return 0;
        case F_GETFL:
            return f->flags | O_LARGEFILE;
        case F_SETFL:
            f->flags = (f->flags & ~settable) | (static_cast<uint32_t>(argument) & settable);
            return 0;
        case F_GETLK:
        case F_SETLK:
        case F_SETLKW:
        case F_OFD_GETLK:
        case F_OFD_SETLK:
        case F_OFD_SETLKW:
            return fcntl_lock(f, command, argument);
        case F_SETPIPE_SZ:
            return f->pipe() ? f->pipe()->resize(argument) : -EBADF;
        case F_GETPIPE_SZ:
            return f->pipe() ? static_cast<long>(f->pipe()->size * page_size) : -EBADF;
        default:
            return -EINVAL;  // leases, notification, seals: not in this version
    }
}

long sys_getdents64(int fd, UserAddr to, size_t bytes) {
    File* f = file_of_fd(fd);
    return f ? f->read_directory(to, bytes) : -EBADF;
}

long sys_pipe2(UserAddr to, int flags) {
    if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
    File *r, *w;
    if (const Status s = pipe_create(static_cast<uint32_t>(flags), &r, &w); s < 0) return s;
    const Status a = install_file(r, flags & O_CLOEXEC);
    if (a < 0) {
        file_put(w);
        return a;
    }
    const Status b = install_file(w, flags & O_CLOEXEC);
    const int fds[2] = {static_cast<int>(a), static_cast<int>(b)};
    const Status s = b < 0 ? b : copy_to_user(to, fds, sizeof fds);
    if (s < 0) {
        close_fd(fds[0]);
        if (b >= 0) close_fd(fds[1]);
    }
    return s;
}
long sys_pipe(UserAddr to) { return sys_pipe2(to, 0); }

static Status close_range(unsigned first, unsigned last, bool only_mark) {
    FileTable& table = *current_process()->files;
    for (unsigned fd = first; fd <= last && fd < FileTable::capacity; fd++) {
        if (!table.slots[fd].file) continue;
        if (only_mark)
            table.slots[fd].close_on_exec = true;
        else
            close_fd(static_cast<int>(fd));
    }
    return 0;
}
long sys_close_range(unsigned first, unsigned last, unsigned flags) {
    constexpr unsigned unshare = 2, mark = 4;  // CLOSE_RANGE_*
    if (first > last || (flags & ~(unshare | mark))) return -EINVAL;
    FileTable*& table = current_process()->files;
    if ((flags & unshare) && table->refs > 1) {
        FileTable* own = file_table_clone(*table);
        if (!own) return -ENOMEM;
        file_table_put(table);
        table = own;
    }
    return close_range(first, last, flags & mark);
}

// RWF_*: only "no flags" means the same without a device behind the file.
long sys_preadv2(int fd, UserAddr v, int n, int64_t at, int64_t, int flags) {
    if (flags) return -EOPNOTSUPP;
    return at == -1 ? sys_readv(fd, v, n) : sys_preadv(fd, v, n, at);
}
long sys_pwritev2(int fd, UserAddr v, int n, int64_t at, int64_t, int flags) {
    if (flags) return -EOPNOTSUPP;
    return at == -1 ? sys_writev(fd, v, n) : sys_pwritev(fd, v, n, at);
}

// There is nothing behind the memory that would have to be written to.
long sys_sync() { return 0; }
long sys_sync_file_range(int fd) { return file_of_fd(fd) ? 0 : -EBADF; }
long sys_readahead(int fd) { return file_of_fd(fd) ? 0 : -EBADF; }
long sys_fsync(int fd) { return file_of_fd(fd) ? 0 : -EBADF; }
long sys_fadvise64(int fd) { return file_of_fd(fd) ? 0 : -EBADF; }
}

}  // namespace stile::os
