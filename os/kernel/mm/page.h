// SPDX-License-Identifier: Apache-2.0
//
// Physical memory by the page: a buddy allocator over all RAM that the loader left us. Every frame has a
// struct Page; all RAM is mapped at STILE_DIRECT_BASE, so a frame's kernel address is arithmetic.
#pragma once

#include "abi/platform.h"
#include "os/kernel/base/list.h"

namespace stile::os {

struct Page {
    Link free_link;
    uint32_t refs = 0;       // mappings and owners; meaningful for order-0 pages
    uint8_t order = 0;       // of the block that starts here, while it is free or was allocated whole
    bool free = false;       // heads a free block
    uint8_t slab_class = 0;  // kmalloc: 1 + size class; 0: not a slab page
    uint64_t reserved = 0;   // 32 bytes: a frame's number is a shift away
};
static_assert(sizeof(Page) == 32);

inline constexpr unsigned max_order = 10;  // 4 MiB blocks

extern Page* page_frames;  // indexed by physical page number

void page_allocator_init();

// 2^order pages, contiguous, contents undefined; nullptr when memory is out. refs = 1.
Page* alloc_pages(unsigned order);
void free_pages(Page* page, unsigned order);
Page* alloc_zeroed_page();

uint64_t free_page_count();
uint64_t total_page_count();

inline void page_get(Page* p) { p->refs++; }
inline void page_put(Page* p) {
    if (--p->refs == 0) free_pages(p, 0);
}

inline void* direct(uint64_t phys) { return reinterpret_cast<void*>(STILE_DIRECT_BASE + phys); }
inline uint64_t direct_phys(const void* p) { return reinterpret_cast<uint64_t>(p) - STILE_DIRECT_BASE; }
inline Page* phys_page(uint64_t phys) { return &page_frames[phys >> page_shift]; }
inline uint64_t page_phys(const Page* p) { return static_cast<uint64_t>(p - page_frames) << page_shift; }
inline void* page_address(const Page* p) { return direct(page_phys(p)); }
inline Page* address_page(const void* p) { return phys_page(direct_phys(p)); }

}  // namespace stile::os
