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

constexpr unsigned max_pieces = 1024, few_pieces = 64;  // of an iovec (UIO_MAXIOV); so many on the stack

Status transfer(File* f, UserBuffer& b, int64_t& position, bool write) {
    return write ? f->write(b, position) : f->read(b, position);
}

Status transfer_one(int fd, UserAddr base, size_t n, int64_t* position, bool write) {
    const Held f(fd);
    if (!f || !(write ? f->writable() : f->readable())) return -EBADF;
    if (!user_range_ok(base, n)) return -EFAULT;
    const UserPiece piece{base, n};
    UserBuffer b{&piece, 1, n};
    return transfer(f.get(), b, position ? *position : f->position, write);
}

// The pieces of an iovec, checked; empty ones would stop UserBuffer, so it gets only real ones.
class Pieces {
  public:
    Pieces() = default;
    Pieces(const Pieces&) = delete;
    ~Pieces() {
        if (at_ != few_) kfree(at_);
    }
    Status read(UserAddr vector, size_t count) {
        if (count > max_pieces) return -EINVAL;
        if (count > few_pieces && !(at_ = static_cast<UserPiece*>(kmalloc(count * sizeof(UserPiece))))) {
            at_ = few_;
            return -ENOMEM;
        }
        const size_t missed = user_copy_in(at_, vector, sizeof(UserPiece) * count);
        const size_t there = count - (missed + sizeof(UserPiece) - 1) / sizeof(UserPiece);
        for (size_t i = 0; i < there; i++)
            if (static_cast<int64_t>(at_[i].length) < 0) return -EINVAL;
        if (missed) return -EFAULT;
        for (size_t i = 0; i < count; i++) {
            if (!user_range_ok(at_[i].base, at_[i].length)) return -EFAULT;
            total_ += at_[i].length;
            if (at_[i].length) at_[used_++] = at_[i];
        }
        return 0;
    }
    size_t total() const { return total_; }
    UserBuffer buffer() const { return {at_, used_, total_}; }

  private:
    UserPiece few_[few_pieces];
    UserPiece* at_ = few_;
    unsigned used_ = 0;
    size_t total_ = 0;
};

Status transfer_vector(int fd, UserAddr vector, size_t count, int64_t* position, bool write, int flags = 0) {
    const Held f(fd);
    if (!f || !(write ? f->writable() : f->readable())) return -EBADF;
    Pieces pieces;
    if (const Status s = pieces.read(vector, count); s < 0) return s;
    if (!pieces.total()) return 0;
    // RWF_*: to be sure of the device is easy without one. The others are not in this version.
    constexpr int harmless = 1 | 2 | 4, append = 16;  // RWF_HIPRI, RWF_DSYNC, RWF_SYNC; RWF_APPEND
    if (position && *position > INT64_MAX - static_cast<int64_t>(pieces.total())) return -EINVAL;
    if (flags & ~(harmless | append)) return -EOPNOTSUPP;
    if (flags > 1 && f->inode() && f->inode()->is_directory()) return -EOPNOTSUPP;
    UserBuffer b = pieces.buffer();
    if ((flags & append) && write && f->inode() && f->inode()->is_regular())
        (position ? *position : f->position) = static_cast<int64_t>(f->inode()->size);
    return transfer(f.get(), b, position ? *position : f->position, write);
}

}  // namespace

extern "C" {

long sys_read(int fd, UserAddr to, size_t n) { return transfer_one(fd, to, n, nullptr, false); }
long sys_write(int fd, UserAddr from, size_t n) { return transfer_one(fd, from, n, nullptr, true); }
long sys_readv(int fd, UserAddr v, size_t n) { return transfer_vector(fd, v, n, nullptr, false); }
long sys_writev(int fd, UserAddr v, size_t n) { return transfer_vector(fd, v, n, nullptr, true); }

static Status positioned(int fd, int64_t at) {
    if (at < 0) return -EINVAL;
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    return !f->inode() || f->seek(0, 1) == -ESPIPE ? -ESPIPE : 0;
}
static bool too_far(int64_t at, size_t n) {
    return static_cast<int64_t>(n) >= 0 && at > INT64_MAX - static_cast<int64_t>(n);
}
long sys_pread64(int fd, UserAddr to, size_t n, int64_t at) {
    Status s = positioned(fd, at);
    if (s == 0 && file_of_fd(fd)->readable() && user_range_ok(to, n) && too_far(at, n)) s = -EINVAL;
    return s < 0 ? s : transfer_one(fd, to, n, &at, false);
}
long sys_pwrite64(int fd, UserAddr from, size_t n, int64_t at) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_one(fd, from, n, &at, true);
}
static Status positioned_vector(int fd, UserAddr v, size_t n, int64_t at, bool write, int flags) {
    const Status s = positioned(fd, at);
    return s < 0 ? s : transfer_vector(fd, v, n, &at, write, flags);
}
long sys_preadv(int fd, UserAddr v, size_t n, int64_t at) {
    return positioned_vector(fd, v, n, at, false, 0);
}
long sys_pwritev(int fd, UserAddr v, size_t n, int64_t at) {
    return positioned_vector(fd, v, n, at, true, 0);
}

long sys_close(int fd) { return close_fd(fd); }

long sys_lseek(int fd, int64_t offset, int whence) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    return whence < SEEK_SET || whence > SEEK_HOLE ? -EINVAL : f->seek(offset, whence);
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
    File* f = any_file_of_fd(fd);
    if (!f) return -EBADF;
    file_get(f);
    return install_file(f, false);
}

long sys_dup3(int from, int to, int flags) {
    if (from == to || (flags & ~O_CLOEXEC)) return -EINVAL;
    File* f = any_file_of_fd(from);
    if (!f || static_cast<unsigned>(to) >= descriptor_limit()) return -EBADF;
    file_get(f);
    close_fd(to);
    current_process()->files->slots[to] = {f, (flags & O_CLOEXEC) != 0};
    return to;
}
long sys_dup2(int from, int to) {
    if (from == to) return any_file_of_fd(from) ? to : -EBADF;
    return sys_dup3(from, to, 0);
}

long sys_fcntl(int fd, int command, uint64_t argument) {
    File* f = any_file_of_fd(fd);
    if (!f) return -EBADF;
    const bool of_handle = command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
                           command == F_SETFD || command == F_GETFL;
    if ((f->flags & O_PATH) && !of_handle) return -EBADF;
    FileTable::Slot& slot = current_process()->files->slots[fd];
    constexpr uint32_t settable = O_APPEND | O_NONBLOCK;
    switch (command) {
        case F_DUPFD:
        case F_DUPFD_CLOEXEC:
            if (argument >= descriptor_limit()) return -EINVAL;
            file_get(f);
            return install_file(f, command == F_DUPFD_CLOEXEC, static_cast<int>(argument));
        case F_GETFD:
            return slot.close_on_exec ? FD_CLOEXEC : 0;
        case F_SETFD:
            slot.close_on_exec = argument & FD_CLOEXEC;
            return 0;
        case F_GETFL:
            return f->flags;
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

long sys_getdents64(int fd, UserAddr to, int bytes) {
    File* f = file_of_fd(fd);
    return f ? f->read_directory(to, static_cast<size_t>(max(bytes, 0))) : -EBADF;
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

long sys_preadv2(int fd, UserAddr v, size_t n, int64_t at, int64_t, int flags) {
    return at == -1 ? transfer_vector(fd, v, n, nullptr, false, flags)
                    : positioned_vector(fd, v, n, at, false, flags);
}
long sys_pwritev2(int fd, UserAddr v, size_t n, int64_t at, int64_t, int flags) {
    return at == -1 ? transfer_vector(fd, v, n, nullptr, true, flags)
                    : positioned_vector(fd, v, n, at, true, flags);
}

// There is nothing behind the memory that would have to be written to or read ahead: calls are checked, no
// more.
static bool has_contents(const File& f) {
    return f.inode() && (f.inode()->is_regular() || f.inode()->is_directory());
}
long sys_sync() { return 0; }
long sys_syncfs(int fd) { return file_of_fd(fd) ? 0 : -EBADF; }
long sys_fsync(int fd) {
    const File* f = file_of_fd(fd);
    return !f ? -EBADF : has_contents(*f) ? 0 : -EINVAL;
}
long sys_sync_file_range(int fd, int64_t offset, int64_t bytes, unsigned flags) {
    const File* f = file_of_fd(fd);
    int64_t end;
    if (!f) return -EBADF;
    if ((flags & ~7u) || offset < 0 || __builtin_add_overflow(offset, bytes, &end) || end < offset)
        return -EINVAL;
    return has_contents(*f) ? 0 : -ESPIPE;
}
long sys_readahead(int fd, int64_t, size_t bytes) {
    const File* f = file_of_fd(fd);
    if (!f || !f->readable()) return -EBADF;
    return f->inode() && f->inode()->is_regular() && static_cast<int64_t>(bytes) >= 0 ? 0 : -EINVAL;
}
long sys_fadvise64(int fd, int64_t, int64_t bytes, int advice) {
    File* f = file_of_fd(fd);
    if (!f) return -EBADF;
    if (f->pipe()) return -ESPIPE;
    return bytes < 0 || advice < 0 || advice > 5 ? -EINVAL : 0;  // POSIX_FADV_NORMAL to _NOREUSE
}
}

}  // namespace stile::os
