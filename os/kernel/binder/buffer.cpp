// SPDX-License-Identifier: Apache-2.0
//
// The receiver's mapping: slices handed out by buffer_alloc.cpp, pages attached when a slice first covers
// them. The receiver may only read them; the sender's system call writes them through the kernel's direct
// map.
#include "os/kernel/base/string.h"
#include "os/kernel/binder/binder.h"
#include "os/kernel/mm/kmalloc.h"

namespace stile::os::binder {

static Status attach_pages(BinderProc& proc, const BufferSlice& slice) {
    const uint64_t last = (slice.offset + slice.size - 1) >> page_shift;
    for (uint64_t i = slice.offset >> page_shift; i <= last; i++) {
        if (proc.pages[i]) continue;
        Page* page = alloc_zeroed_page();
        if (!page) return -ENOMEM;
        page_get(page);  // one reference is ours, the other the page table's
        const Status s = proc.space->insert_page(*proc.area, proc.map_start + (i << page_shift), page, false);
        if (s < 0) {
            page_put(page);
            return s;
        }
        proc.pages[i] = page;
    }
    return 0;
}

Status allocate_buffer(BinderProc& proc, uint64_t data, uint64_t offsets, uint64_t extra, Buffer** out) {
    if (!proc.space) return -ESRCH;
    const uint64_t bytes = BufferAllocator::need(data, offsets, extra);
    if (bytes == 0) return -EINVAL;
    Buffer* buffer = knew<Buffer>();
    if (!buffer) return -ENOMEM;
    buffer->slice = proc.allocator.allocate(bytes);
    Status s = buffer->slice ? attach_pages(proc, *buffer->slice) : -ENOSPC;
    if (s < 0) {
        if (buffer->slice) proc.allocator.release(buffer->slice);
        kdelete(buffer);
        return s;
    }
    buffer->data_size = data;
    buffer->offsets_size = offsets;
    proc.buffers.push_back(buffer);
    *out = buffer;
    return 0;
}

UserAddr user_address(const BinderProc& proc, const Buffer& buffer) {
    return proc.map_start + buffer.slice->offset;
}

Buffer* find_buffer(BinderProc& proc, binder_uintptr_t user) {
    for (Buffer& b : proc.buffers)
        if (user_address(proc, b) == user) return &b;
    return nullptr;
}

void release_buffer(BinderProc& proc, Buffer* buffer, uint64_t objects_end) {
    if (buffer->transaction) buffer->transaction->buffer = nullptr;
    for (uint64_t at = 0; at < objects_end; at += sizeof(binder_size_t)) {
        binder_size_t offset;
        flat_binder_object object;
        read_buffer(proc, *buffer, buffer->offsets_at() + at, &offset, sizeof offset);
        read_buffer(proc, *buffer, offset, &object, sizeof object);
        release_object(proc, object);
    }
    if (buffer->target_node) drop_node(*buffer->target_node, true, false);
    proc.allocator.release(buffer->slice);
    List<Buffer, &Buffer::link>::remove(buffer);
    kdelete(buffer);
}

// Calls step(kernel address, bytes) for each page's part of [at, at + n) of the buffer until it gives an
// error.
template <class Step>
static Status each_page(const BinderProc& proc, const Buffer& buffer, uint64_t at, uint64_t n, Step step) {
    uint64_t position = buffer.slice->offset + at;
    while (n > 0) {
        const uint64_t in_page = position & (page_size - 1);
        const uint64_t part = min(n, page_size - in_page);
        const Status s =
            step(static_cast<char*>(page_address(proc.pages[position >> page_shift])) + in_page, part);
        if (s < 0) return s;
        position += part;
        n -= part;
    }
    return 0;
}

Status copy_into_buffer(BinderProc& proc, Buffer& buffer, uint64_t at, UserAddr from, uint64_t n) {
    return each_page(proc, buffer, at, n, [&](char* to, uint64_t part) {
        const Status s = copy_from_user(to, from, part);
        from += part;
        return s;
    });
}

void write_buffer(BinderProc& proc, Buffer& buffer, uint64_t at, const void* from, uint64_t n) {
    const char* next = static_cast<const char*>(from);
    each_page(proc, buffer, at, n, [&](char* to, uint64_t part) {
        memcpy(to, next, part);
        next += part;
        return Status{0};
    });
}

void read_buffer(const BinderProc& proc, const Buffer& buffer, uint64_t at, void* to, uint64_t n) {
    char* next = static_cast<char*>(to);
    each_page(proc, buffer, at, n, [&](const char* from, uint64_t part) {
        memcpy(next, from, part);
        next += part;
        return Status{0};
    });
}

void release_pages(BinderProc& proc) {
    if (!proc.pages) return;
    for (uint64_t i = 0; i < align_up(proc.allocator.size(), page_size) >> page_shift; i++)
        if (proc.pages[i]) page_put(proc.pages[i]);
    kfree(proc.pages);
    proc.pages = nullptr;
}

}  // namespace stile::os::binder
