// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/binder/buffer_alloc.h"

#include <new>

namespace stile::os {

BufferAllocator::~BufferAllocator() {
    while (first_) {
        BufferSlice* next = first_->next;
        release_(first_);
        first_ = next;
    }
}

BufferSlice* BufferAllocator::new_slice(uint64_t offset, uint64_t size) {
    void* memory = allocate_(sizeof(BufferSlice));
    if (!memory) return nullptr;
    auto* slice = new (memory) BufferSlice;
    slice->offset = offset;
    slice->size = size;
    return slice;
}

bool BufferAllocator::init(uint64_t bytes) {
    first_ = new_slice(0, bytes);
    size_ = first_ ? bytes : 0;
    return first_ != nullptr;
}

uint64_t BufferAllocator::need(uint64_t data, uint64_t offsets, uint64_t extra) {
    const uint64_t parts[] = {data, offsets, extra};
    uint64_t sum = 0;
    for (const uint64_t part : parts) {
        const uint64_t rounded = (part + 7) & ~7ull;
        if (rounded < part || sum + rounded < sum) return 0;
        sum += rounded;
    }
    return sum ? sum : 8;
}

BufferSlice* BufferAllocator::allocate(uint64_t bytes) {
    BufferSlice* best = nullptr;
    for (BufferSlice* s = first_; s; s = s->next)
        if (s->free && s->size >= bytes && (!best || s->size < best->size)) {
            best = s;
            if (s->size == bytes) break;
        }
    if (!best) return nullptr;
    if (best->size > bytes) {
        BufferSlice* rest = new_slice(best->offset + bytes, best->size - bytes);
        if (!rest) return nullptr;
        rest->prev = best;
        rest->next = best->next;
        if (rest->next) rest->next->prev = rest;
        best->next = rest;
        best->size = bytes;
    }
    best->free = false;
    return best;
}

void BufferAllocator::absorb_next(BufferSlice* slice) {
    BufferSlice* next = slice->next;
    slice->size += next->size;
    slice->next = next->next;
    if (slice->next) slice->next->prev = slice;
    release_(next);
}

void BufferAllocator::release(BufferSlice* slice) {
    slice->free = true;
    if (slice->next && slice->next->free) absorb_next(slice);
    if (slice->prev && slice->prev->free) absorb_next(slice->prev);
}

BufferSlice* BufferAllocator::at(uint64_t offset) const {
    for (BufferSlice* s = first_; s && s->offset <= offset; s = s->next)
        if (s->offset == offset) return s->free ? nullptr : s;
    return nullptr;
}

}  // namespace stile::os
