// SPDX-License-Identifier: Apache-2.0
//
// Pipes, as Linux builds them: a ring of page-sized buffers, 16 of them (64 KiB) unless F_SETPIPE_SZ says
// otherwise. A write copies from the writer into kernel pages, a read copies out of them: two copies for
// every byte. Small writes are appended to the last buffer while it has room; writes of up to PIPE_BUF bytes
// are never mixed with others'.
#pragma once

#include "os/kernel/fs/file.h"
#include "os/kernel/mm/page.h"

namespace stile::os {

inline constexpr size_t pipe_buf = page_size;  // PIPE_BUF

struct Pipe {
    static constexpr unsigned usual_size = 16, largest_size = 256;  // buffers; 1 MiB, as pipe-max-size
    struct Buffer {
        Page* page;
        unsigned offset, length;  // bytes
    };
    Buffer usual_ring[usual_size];
    Buffer* ring = usual_ring;
    unsigned size = usual_size;   // a power of two
    unsigned head = 0, tail = 0;  // free-running; head - tail buffers are in use
    unsigned readers = 0, writers = 0;
    unsigned opened_to_read = 0, opened_to_write = 0;  // ever: what open(2) of a FIFO waits for
    Page* spare = nullptr;                             // the page freed last, kept for the next write
    WaitQueue read_wait, write_wait, open_wait;
    Inode* inode = nullptr;  // whose pipe it is; that inode points back and is kept by the open ends

    bool empty() const { return head == tail; }
    bool full() const { return head - tail == size; }
    Buffer& at(unsigned i) { return ring[i & (size - 1)]; }
    // Can n bytes (at most PIPE_BUF) be taken without waiting in between?
    bool room_for(size_t n) {
        if (!full()) return true;
        const Buffer& last = at(head - 1);
        return page_size - last.offset - last.length >= n;
    }
    size_t bytes();                                                     // that wait to be read
    size_t room() const { return (size - (head - tail)) * page_size; }  // in empty buffers
    void consume(size_t n);       // the first n bytes of the oldest buffer
    Status resize(size_t bytes);  // its new capacity
};

// Both ends of a new pipe, with `flags` (O_NONBLOCK; O_DIRECT is not offered). 0 or -errno.
Status pipe_create(uint32_t flags, File** read_end, File** write_end);

}  // namespace stile::os
