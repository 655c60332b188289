// SPDX-License-Identifier: Apache-2.0
//
// The ends of pipes and FIFOs (fs/pipe.h).
#include "os/kernel/fs/pipe.h"

#include <asm/ioctls.h>

#include "os/kernel/base/string.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/page.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

namespace {

void drop_page(Pipe& p, Page* page) {
    if (p.spare)
        page_put(page);
    else
        p.spare = page;
}

void pipe_put(Pipe* p) {
    if (p->readers || p->writers) return;
    while (!p->empty()) page_put(p->at(p->tail++).page);
    if (p->spare) page_put(p->spare);
    if (p->ring != p->usual_ring) kfree(p->ring);
    p->inode->pipe = nullptr;
    kdelete(p);
}

// What fits, in order. Bytes taken; 0 with an error set when nothing was.
size_t fill(Pipe& p, UserBuffer& from, Status& error) {
    size_t taken = 0;
    if (!p.empty()) {
        Pipe::Buffer& last = p.at(p.head - 1);
        const size_t room = page_size - last.offset - last.length;
        // As Linux: what is more than whole pages joins the last buffer if it fits, so a short write stays in
        // one piece. A piece of which a part cannot be read is not taken at all.
        const size_t wanted = from.left % page_size;
        if (wanted && wanted <= room) {
            taken =
                from.copy_in(static_cast<char*>(page_address(last.page)) + last.offset + last.length, wanted);
            if (taken < wanted) {
                error = -EFAULT;
                return 0;
            }
            last.length += static_cast<unsigned>(taken);
        }
    }
    while (from.left && !p.full()) {
        Page* page = p.spare ? p.spare : alloc_pages(0);
        p.spare = nullptr;
        if (!page) {
            error = -ENOMEM;
            break;
        }
        const size_t wanted = min(from.left, static_cast<size_t>(page_size));
        const size_t n = from.copy_in(page_address(page), wanted);
        if (n < wanted) {
            drop_page(p, page);
            error = -EFAULT;
            break;
        }
        p.at(p.head++) = {page, 0, static_cast<unsigned>(n)};
        taken += n;
    }
    return taken;
}

size_t drain(Pipe& p, UserBuffer& to, Status& error) {
    size_t given = 0;
    while (to.left && !p.empty()) {
        Pipe::Buffer& b = p.at(p.tail);
        const size_t wanted = min(to.left, static_cast<size_t>(b.length));
        const size_t n = to.copy_out(static_cast<char*>(page_address(b.page)) + b.offset, wanted);
        if (n < wanted) {
            error = -EFAULT;
            break;
        }
        b.offset += static_cast<unsigned>(n);
        b.length -= static_cast<unsigned>(n);
        given += n;
        if (b.length == 0) {
            drop_page(p, b.page);
            p.tail++;
        }
    }
    return given;
}

class PipeEnd : public File {
  public:
    PipeEnd(Pipe* pipe, uint32_t open_flags) : p(pipe) {
        flags = open_flags;
        if (readable()) {
            p->readers++;
            p->opened_to_read++;
        }
        if (writable()) {
            p->writers++;
            p->opened_to_write++;
        }
    }
    ~PipeEnd() override {
        if (readable() && --p->readers == 0) p->write_wait.wake_all();
        if (writable() && --p->writers == 0) p->read_wait.wake_all();
        pipe_put(p);
    }
    Status read(UserBuffer& to, int64_t&) override;
    Status write(UserBuffer& from, int64_t&) override;
    Status ioctl(unsigned command, uint64_t argument) override {
        if (command != FIONREAD) return -ENOTTY;
        const int n = static_cast<int>(p->bytes());
        return put_user(argument, n);
    }
    unsigned poll(PollTable* table) override {
        unsigned events = 0;
        if (readable()) {
            if (table) table->add(p->read_wait);
            if (!p->empty()) events |= POLLIN | POLLRDNORM;
            // The reader of a FIFO that nobody has opened to write yet waits for one.
            if (!p->writers && p->opened_to_write) events |= POLLHUP;
        }
        if (writable()) {
            if (table) table->add(p->write_wait);
            if (!p->full()) events |= POLLOUT | POLLWRNORM;
            if (!p->readers) events |= POLLERR;
        }
        return events;
    }
    Pipe* pipe() override { return p; }

  private:
    Pipe* p;
};

Status PipeEnd::read(UserBuffer& to, int64_t&) {
    if (to.left == 0) return 0;
    while (p->empty()) {
        if (p->writers == 0) return 0;
        if (nonblocking()) return -EAGAIN;
        const Status s = wait_until(p->read_wait, [&] { return !p->empty() || p->writers == 0; });
        if (s < 0) return s;
    }
    const bool was_full = p->full();
    Status error = 0;
    const size_t n = drain(*p, to, error);
    if (was_full && !p->full()) p->write_wait.wake();
    if (!p->empty()) p->read_wait.wake();  // what is left is another reader's
    return n ? static_cast<Status>(n) : error;
}

Status PipeEnd::write(UserBuffer& from, int64_t&) {
    if (from.left == 0) return 0;
    const bool atomic = from.left <= pipe_buf;
    size_t written = 0;
    Status error = 0;
    while (from.left) {
        if (p->readers == 0) {
            send_signal(current_process(), SIGPIPE, nullptr);
            error = -EPIPE;
            break;
        }
        if (atomic ? p->room_for(from.left) : !p->full()) {
            const bool was_empty = p->empty();
            written += fill(*p, from, error);
            if (was_empty && !p->empty())
                p->read_wait.wake();
            else
                p->read_wait.tell_watchers();
            if (error < 0) break;
            continue;
        }
        if (nonblocking()) {
            error = -EAGAIN;
            break;
        }
        error = wait_until(p->write_wait,
                           [&] { return p->readers == 0 || (atomic ? p->room_for(from.left) : !p->full()); });
        if (error < 0) break;
    }
    if (!p->full()) p->write_wait.wake();
    return written ? static_cast<Status>(written) : error;
}

Status add_pipe(Inode* inode) {
    Pipe* p = knew<Pipe>();
    if (!p) return -ENOMEM;
    p->inode = inode;
    inode->pipe = p;
    return 0;
}

File* open_end(Inode* inode, uint32_t flags) {
    File* f = knew<PipeEnd>(inode->pipe, flags);
    if (f) f->set_inode(inode);
    return f;
}

}  // namespace

size_t Pipe::bytes() {
    size_t n = 0;
    for (unsigned i = tail; i != head; i++) n += at(i).length;
    return n;
}

void Pipe::consume(size_t n) {
    const bool was_full = full();
    Buffer& b = at(tail);
    b.offset += static_cast<unsigned>(n);
    b.length -= static_cast<unsigned>(n);
    if (b.length) return;
    drop_page(*this, b.page);
    tail++;
    if (was_full) write_wait.wake();
}

Status Pipe::resize(size_t bytes) {
    unsigned wanted = 1;
    bytes = static_cast<unsigned>(bytes);
    if (bytes > 1ull << 31) return -EINVAL;
    if (bytes > largest_size * page_size) return -EPERM;
    while (wanted * page_size < bytes) wanted *= 2;
    if (head - tail > wanted) return -EBUSY;
    auto* fresh = static_cast<Buffer*>(kmalloc(wanted * sizeof(Buffer)));
    if (!fresh) return -ENOMEM;
    for (unsigned i = tail; i != head; i++) fresh[i & (wanted - 1)] = at(i);
    if (ring != usual_ring) kfree(ring);
    ring = fresh;
    size = wanted;
    write_wait.wake_all();
    return static_cast<Status>(wanted * page_size);
}

Status pipe_create(uint32_t flags, File** read_end, File** write_end) {
    const InodeRef inode(inode_create(0010600));
    if (!inode || add_pipe(inode.get()) < 0) return -ENOMEM;
    Pipe* p = inode->pipe;
    inode->nameless = true;
    File* r = open_end(inode.get(), O_RDONLY | (flags & O_NONBLOCK));
    File* w = open_end(inode.get(), O_WRONLY | (flags & O_NONBLOCK));
    if (!r || !w) {
        if (r) file_put(r);
        if (w) file_put(w);
        if (!r && !w) pipe_put(p);
        return -ENOMEM;
    }
    *read_end = r;
    *write_end = w;
    return 0;
}

// As fifo(7): the ends wait for each other, unless O_NONBLOCK or O_RDWR. A pipe without a name, opened anew
// through /proc/PID/fd, waits for nobody.
Status open_fifo(Inode* inode, uint32_t flags, File** out) {
    if ((flags & O_ACCMODE) == O_ACCMODE) return -EINVAL;  // an end that neither reads nor writes
    if (!inode->pipe)
        if (const Status s = add_pipe(inode); s < 0) return s;
    Pipe& p = *inode->pipe;
    const uint32_t access = flags & O_ACCMODE;
    if (access == O_WRONLY && (flags & O_NONBLOCK) && !p.readers) {
        pipe_put(&p);
        return -ENXIO;
    }
    const unsigned peers = access == O_RDONLY ? p.opened_to_write : p.opened_to_read;
    File* f = open_end(inode, flags);
    if (!f) {
        pipe_put(&p);
        return -ENOMEM;
    }
    p.open_wait.wake_all();
    if (!(flags & O_NONBLOCK) && access != O_RDWR && inode->links) {
        const Status s = wait_until(p.open_wait, [&] {
            return access == O_RDONLY ? p.writers || p.opened_to_write != peers
                                      : p.readers || p.opened_to_read != peers;
        });
        if (s < 0) {
            file_put(f);
            return s;
        }
    }
    *out = f;
    return 0;
}

}  // namespace stile::os
