// SPDX-License-Identifier: Apache-2.0
//
// System calls that move bytes from file to file without showing them to the program. There is no moving of
// pages behind them: the bytes are copied through a kernel buffer, or from a pipe's pages.
#include <linux/uio.h>

#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/pipe.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/held.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

constexpr size_t chunk = 16 * page_size;
constexpr unsigned splice_nonblock = 2, splice_known = 15;  // SPLICE_F_*

UserBuffer kernel_buffer(UserPiece& piece) {
    UserBuffer b{&piece, 1, piece.length};
    b.kernel = true;
    return b;
}

// The position that a call goes by: its own, at a user address, or the file's.
struct Position {
    int64_t value = 0;
    UserAddr at = 0;
    File* file = nullptr;
    Status load(File& f, UserAddr from) {
        at = from;
        file = &f;
        value = f.position;
        if (!at) return 0;
        if (get_user(value, at) < 0) return -EFAULT;
        if (f.pipe()) return -ESPIPE;
        if (!f.inode()) return -EINVAL;
        return value < 0 ? -EINVAL : 0;
    }
    Status store() {
        if (at) return put_user(at, value);
        file->position = value;
        return 0;
    }
};

// From a file with positions: what the other side does not take is read again by the next call.
Status copy_positioned(File& in, Position& from, File& out, Position& to, size_t n) {
    void* buffer = kmalloc(chunk);
    if (!buffer) return -ENOMEM;
    size_t done = 0;
    Status error = 0;
    while (done < n) {
        UserPiece piece{reinterpret_cast<UserAddr>(buffer), min(n - done, chunk)};
        UserBuffer b = kernel_buffer(piece);
        int64_t position = from.value;
        const Status got = in.read(b, position);
        if (got <= 0) {
            error = got;
            break;
        }
        piece.length = static_cast<size_t>(got);
        b = kernel_buffer(piece);
        const Status put = out.write(b, to.value);
        if (put < 0) {
            error = put;
            break;
        }
        from.value += put;
        done += static_cast<size_t>(put);
        if (put < got) break;
    }
    kfree(buffer);
    return done ? static_cast<Status>(done) : error;
}

Status wait_for_bytes(Pipe& p, bool no_wait) {
    if (!p.empty() || !p.writers) return 0;
    if (no_wait) return -EAGAIN;
    return wait_until(p.read_wait, [&] { return !p.empty() || !p.writers; });
}

// From a pipe: only what the other side takes leaves it. keep: nothing does (tee).
Status copy_from_pipe(Pipe& p, File& out, Position& to, size_t n, bool no_wait, bool keep) {
    if (const Status s = wait_for_bytes(p, no_wait); s < 0) return s;
    size_t done = 0;
    Status error = 0;
    unsigned next = p.tail;
    while (done < n && (keep ? next != p.head : !p.empty())) {
        Pipe::Buffer& b = p.at(keep ? next++ : p.tail);
        page_get(b.page);  // the writer may sleep, and another reader come
        UserPiece piece{reinterpret_cast<UserAddr>(page_address(b.page)) + b.offset,
                        min(n - done, static_cast<size_t>(b.length))};
        Page* const page = b.page;
        UserBuffer from = kernel_buffer(piece);
        // Several pages into a pipe that fills up: what went is the result, not a reason to wait.
        if (Pipe* target = out.pipe(); target && done && target->full()) {
            page_put(page);
            break;
        }
        const Status put = out.write(from, to.value);
        const bool still_there = !p.empty() && p.at(p.tail).page == page;
        page_put(page);
        if (put < 0) {
            error = put;
            break;
        }
        done += static_cast<size_t>(put);
        if (!keep && still_there) p.consume(static_cast<size_t>(put));
        if (static_cast<size_t>(put) < piece.length) break;
    }
    if (!p.empty()) p.read_wait.wake();
    return done ? static_cast<Status>(done) : error;
}

Status splice(File& in, UserAddr in_at, File& out, UserAddr out_at, size_t n, unsigned flags) {
    Pipe *source = in.pipe(), *target = out.pipe();
    Position from, to;
    if ((source && in_at) || (target && out_at)) return -ESPIPE;
    const Status from_there = from.load(in, in_at), to_there = to.load(out, out_at);
    if (from_there == -EFAULT || to_there == -EFAULT) return -EFAULT;
    if (!in.readable() || !out.writable()) return -EBADF;
    if ((!source && !target) || (source && source == target)) return -EINVAL;
    if (in.inode() && in.inode()->is_directory()) return -EINVAL;
    if (!target && (out.flags & O_APPEND)) return -EINVAL;
    if (from_there < 0) return from_there;
    if (to_there < 0) return to_there;
    const bool no_wait = flags & splice_nonblock;
    Status s;
    if (source) {
        s = copy_from_pipe(*source, out, to, n, no_wait || in.nonblocking(), false);
    } else {
        if (target->full() && (no_wait || out.nonblocking())) return -EAGAIN;
        if (target->full())
            if (s = wait_until(target->write_wait, [&] { return !target->full() || !target->readers; });
                s < 0)
                return s;
        s = copy_positioned(in, from, out, to, min(n, max(target->room(), static_cast<size_t>(1))));
    }
    if (s <= 0) return s;
    if (!source && from.store() < 0) return -EFAULT;
    if (!target && to.store() < 0) return -EFAULT;
    return s;
}

}  // namespace

extern "C" {

static Status send_file(int out_fd, int in_fd, UserAddr offset, size_t n) {
    const Held in(in_fd), out(out_fd);
    if (!in || !in->readable()) return -EBADF;
    if ((in->pipe() || !in->inode()) && offset) return -ESPIPE;
    Position from, to;
    if (Status s = from.load(*in.get(), offset); s < 0) return s;
    if (static_cast<int64_t>(n) < 0) return -EINVAL;
    if (!out || !out->writable()) return -EBADF;
    if (out->flags & O_APPEND) return -EINVAL;
    if (!n) return 0;
    // As Linux: what cannot be taken back, should the other side fail, is splice's business.
    if (!in->inode() || in->pipe() || in->inode()->is_directory()) return -EINVAL;
    to.load(*out.get(), 0);
    const Status s =
        copy_positioned(*in.get(), from, *out.get(), to, min(n, static_cast<size_t>(0x7ffff000)));
    if (s <= 0) return s;
    to.store();
    return from.store() < 0 ? -EFAULT : s;
}
long sys_sendfile(int out_fd, int in_fd, UserAddr offset, size_t n) {
    int64_t there;
    if (offset && get_user(there, offset) < 0) return -EFAULT;
    const Status s = send_file(out_fd, in_fd, offset, n);
    // Linux writes the offset back whatever has happened.
    return s <= 0 && offset && put_user(offset, there) < 0 ? -EFAULT : s;
}

long sys_copy_file_range(int in_fd, UserAddr in_at, int out_fd, UserAddr out_at, size_t n, unsigned flags) {
    const Held in(in_fd), out(out_fd);
    if (!in || !out) return -EBADF;
    Position from, to;
    const Status from_there = from.load(*in.get(), in_at), to_there = to.load(*out.get(), out_at);
    if (from_there == -EFAULT || to_there == -EFAULT) return -EFAULT;
    if (flags) return -EINVAL;
    const Inode *a = in->inode(), *b = out->inode();
    if ((a && a->is_directory()) || (b && b->is_directory())) return -EISDIR;
    if (!a || !b || !a->is_regular() || !b->is_regular()) return -EINVAL;
    if (!in->readable() || !out->writable() || (out->flags & O_APPEND)) return -EBADF;
    if (static_cast<uint64_t>(from.value) + n < n || static_cast<uint64_t>(to.value) + n < n)
        return -EOVERFLOW;
    if (from_there < 0 || to_there < 0) return -EINVAL;
    const int64_t beyond = max<int64_t>(static_cast<int64_t>(a->size) - from.value, 0);
    const auto count =
        static_cast<int64_t>(min<uint64_t>(min<uint64_t>(n, 0x7ffff000), static_cast<uint64_t>(beyond)));
    if (!count) return 0;
    if (a == b && from.value < to.value + count && to.value < from.value + count) return -EINVAL;
    const Status s = copy_positioned(*in.get(), from, *out.get(), to, static_cast<size_t>(count));
    if (s <= 0) return s;
    return from.store() < 0 || to.store() < 0 ? -EFAULT : s;
}

long sys_splice(int in_fd, UserAddr in_at, int out_fd, UserAddr out_at, size_t n, unsigned flags) {
    const Held in(in_fd), out(out_fd);
    if (!n) return 0;
    if (flags & ~splice_known) return -EINVAL;
    if (!in || !out) return -EBADF;
    return splice(*in.get(), in_at, *out.get(), out_at, n, flags);
}

long sys_tee(int in_fd, int out_fd, size_t n, unsigned flags) {
    const Held in(in_fd), out(out_fd);
    if (flags & ~splice_known) return -EINVAL;
    if (!n) return 0;
    if (!in || !out || !in->readable() || !out->writable()) return -EBADF;
    if (!in->pipe() || !out->pipe() || in->pipe() == out->pipe()) return -EINVAL;
    Position nowhere;
    return copy_from_pipe(*in->pipe(), *out.get(), nowhere, n,
                          (flags & splice_nonblock) || in->nonblocking() || out->nonblocking(), true);
}

long sys_readv(int fd, UserAddr v, size_t n);
long sys_write(int fd, UserAddr from, size_t n);

// The pieces go page by page, and what can be read goes, as where Linux gives the pages away.
static Status give_pieces(File& f, UserAddr vector, size_t count) {
    Status done = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t piece[2];
        if (get_user(piece, vector + 16 * i) < 0) return done ? done : -EFAULT;
        while (piece[1]) {
            if (done && f.pipe()->full()) return done;
            const uint64_t part = min(piece[1], page_size - piece[0] % page_size);
            if (!user_range_ok(piece[0], part)) return done ? done : -EFAULT;
            const UserPiece one{piece[0], part};
            UserBuffer b{&one, 1, part};
            const Status s = f.write(b, f.position);
            if (s <= 0) return done ? done : s;
            done += s;
            piece[0] += static_cast<uint64_t>(s);
            piece[1] -= static_cast<uint64_t>(s);
        }
    }
    return done;
}
long sys_vmsplice(int fd, UserAddr vector, size_t count, unsigned flags) {
    const Held f(fd);
    if (flags & ~splice_known) return -EINVAL;
    if (!f || !(f->writable() || f->readable())) return -EBADF;
    // Linux looks at the pieces before it asks for a pipe.
    bool any = false;
    if (count > 1024) return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        uint64_t piece[2];
        if (get_user(piece, vector + 16 * i) < 0) return -EFAULT;
        if (static_cast<int64_t>(piece[1]) < 0) return -EINVAL;
        any |= piece[1] != 0;
    }
    if (!f->pipe()) return any ? -EBADF : 0;
    if (f->writable() && (flags & splice_nonblock) && f->pipe()->full()) return -EAGAIN;
    return f->writable() ? give_pieces(*f.get(), vector, count) : sys_readv(fd, vector, count);
}
}

}  // namespace stile::os
