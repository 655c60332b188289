// SPDX-License-Identifier: Apache-2.0
//
// Where in a receiver's mapping a transaction's bytes go: best fit over the free slices, neighbours merge
// when freed, no header in the mapping itself. Only offsets are managed here, so this also runs (and is
// tested) outside the kernel.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stile::os {

struct BufferSlice {
    BufferSlice *prev = nullptr, *next = nullptr;  // by offset
    uint64_t offset = 0, size = 0;                 // bytes in the mapping
    bool free = true;
};

class BufferAllocator {
  public:
    // Memory for slice records; both may be called with interrupts off.
    using Allocate = void* (*)(size_t bytes);
    using Release = void (*)(void* p);
    BufferAllocator(Allocate allocate, Release release) : allocate_(allocate), release_(release) {}
    BufferAllocator(const BufferAllocator&) = delete;
    ~BufferAllocator();

    // Once; false when there is no memory for the first record.
    bool init(uint64_t bytes);
    uint64_t size() const { return size_; }

    // What a transaction of these sizes takes: each part rounded up to 8 bytes, 8 at least. 0: overflow.
    static uint64_t need(uint64_t data, uint64_t offsets, uint64_t extra);
    // The smallest free slice that holds `bytes` (the lowest of equal ones); nullptr when none does.
    BufferSlice* allocate(uint64_t bytes);
    void release(BufferSlice* slice);
    // The allocated slice that starts at `offset`, or nullptr.
    BufferSlice* at(uint64_t offset) const;
    BufferSlice* first() const { return first_; }

  private:
    BufferSlice* new_slice(uint64_t offset, uint64_t size);
    void absorb_next(BufferSlice* slice);

    Allocate allocate_;
    Release release_;
    BufferSlice* first_ = nullptr;
    uint64_t size_ = 0;
};

}  // namespace stile::os
