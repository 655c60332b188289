// SPDX-License-Identifier: Apache-2.0
//
// Pipes, as Linux builds them: a ring of at most 16 page-sized buffers (64 KiB). A write copies from the
// writer into kernel pages, a read copies out of them: two copies for every byte. Small writes are appended
// to the last buffer while it has room; writes of up to PIPE_BUF bytes are never mixed with others'.
#include "os/kernel/fs/pipe.h"

#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/page.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

namespace {

constexpr unsigned ring_size = 16;
constexpr size_t pipe_buf = page_size;  // PIPE_BUF

struct Pipe {
    struct Buffer {
        Page* page;
        unsigned offset, length;  // bytes
    };
    Buffer ring[ring_size];
    unsigned head = 0, tail = 0;  // free-running; head - tail buffers are in use
    unsigned readers = 0, writers = 0;
    Page* spare = nullptr;  // the page freed last, kept for the next write
    WaitQueue read_wait, write_wait;

    bool empty() const { return head == tail; }
    bool full() const { return head - tail == ring_size; }
    Buffer& at(unsigned i) { return ring[i % ring_size]; }
    // Can n bytes (at most PIPE_BUF) be taken without waiting in between?
    bool room_for(size_t n) {
        if (!full()) return true;
        const Buffer& last = at(head - 1);
        return page_size - last.offset - last.length >= n;
    }
};

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
    kdelete(p);
}

// What fits, in order. Bytes taken; 0 with an error set when nothing was.
size_t fill(Pipe& p, UserBuffer& from, Status& error) {
    size_t taken = 0;
    if (!p.empty()) {
        Pipe::Buffer& last = p.at(p.head - 1);
        const size_t room = page_size - last.offset - last.length;
        // Only a write that fits whole may join the last buffer: that is what keeps it in one piece.
        if (from.left <= room) {
            const size_t wanted = from.left;
            taken =
                from.copy_in(static_cast<char*>(page_address(last.page)) + last.offset + last.length, wanted);
            last.length += static_cast<unsigned>(taken);
            if (taken < wanted) error = -EFAULT;
            return taken;
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
        if (n == 0) {
            drop_page(p, page);
            error = -EFAULT;
            break;
        }
        p.at(p.head++) = {page, 0, static_cast<unsigned>(n)};
        taken += n;
        if (n < wanted) {
            error = -EFAULT;
            break;
        }
    }
    return taken;
}

size_t drain(Pipe& p, UserBuffer& to, Status& error) {
    size_t given = 0;
    while (to.left && !p.empty()) {
        Pipe::Buffer& b = p.at(p.tail);
        const size_t wanted = min(to.left, static_cast<size_t>(b.length));
        const size_t n = to.copy_out(static_cast<char*>(page_address(b.page)) + b.offset, wanted);
        b.offset += static_cast<unsigned>(n);
        b.length -= static_cast<unsigned>(n);
        given += n;
        if (b.length == 0) {
            drop_page(p, b.page);
            p.tail++;
        }
        if (n < wanted) {
            error = -EFAULT;
            break;
        }
    }
    return given;
}

class PipeEnd : public File {
  public:
    explicit PipeEnd(Pipe* pipe) : p(pipe) {}
    Status stat(struct stat& out) override {
        File::stat(out);
        out.st_mode = 0010600;  // S_IFIFO
        return 0;
    }

  protected:
    Pipe* p;
};

class ReadEnd final : public PipeEnd {
  public:
    explicit ReadEnd(Pipe* pipe) : PipeEnd(pipe) { p->readers++; }
    ~ReadEnd() override {
        if (--p->readers == 0) p->write_wait.wake_all();
        pipe_put(p);
    }
    Status read(UserBuffer& to, int64_t&) override {
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
    Status write(UserBuffer&, int64_t&) override { return -EBADF; }
    unsigned poll(PollTable* table) override {
        if (table) table->add(p->read_wait);
        return (p->empty() ? 0 : POLLIN | POLLRDNORM) | (p->writers ? 0 : POLLHUP);
    }
};

class WriteEnd final : public PipeEnd {
  public:
    explicit WriteEnd(Pipe* pipe) : PipeEnd(pipe) { p->writers++; }
    ~WriteEnd() override {
        if (--p->writers == 0) p->read_wait.wake_all();
        pipe_put(p);
    }
    Status read(UserBuffer&, int64_t&) override { return -EBADF; }
    Status write(UserBuffer& from, int64_t&) override {
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
                if (was_empty && !p->empty()) p->read_wait.wake();
                if (error < 0) break;
                continue;
            }
            if (nonblocking()) {
                error = -EAGAIN;
                break;
            }
            error = wait_until(p->write_wait, [&] {
                return p->readers == 0 || (atomic ? p->room_for(from.left) : !p->full());
            });
            if (error < 0) break;
        }
        if (!p->full()) p->write_wait.wake();
        return written ? static_cast<Status>(written) : error;
    }
    unsigned poll(PollTable* table) override {
        if (table) table->add(p->write_wait);
        return (p->full() ? 0 : POLLOUT | POLLWRNORM) | (p->readers ? 0 : POLLERR);
    }
};

}  // namespace

Status pipe_create(uint32_t flags, File** read_end, File** write_end) {
    Pipe* p = knew<Pipe>();
    if (!p) return -ENOMEM;
    // Held until both ends are there, so that a failure in between ends in one place.
    p->readers = p->writers = 1;
    File* r = knew<ReadEnd>(p);
    File* w = knew<WriteEnd>(p);
    p->readers--;
    p->writers--;
    if (!r || !w) {
        if (r) file_put(r);
        if (w) file_put(w);
        if (!r && !w) pipe_put(p);
        return -ENOMEM;
    }
    r->flags = O_RDONLY | (flags & O_NONBLOCK);
    w->flags = O_WRONLY | (flags & O_NONBLOCK);
    *read_end = r;
    *write_end = w;
    return 0;
}

}  // namespace stile::os
