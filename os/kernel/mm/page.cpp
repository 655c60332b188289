// SPDX-License-Identifier: Apache-2.0
//
// Buddy allocator (Knuth, TAOCP vol. 1, 2.5): a free block of order k is aligned to its size; two free
// buddies merge. In front of it a short LIFO of single pages, still warm in the caches, that have not been
// merged yet. The frame array itself is taken from the start of free memory.
#include "os/kernel/mm/page.h"

#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/mm/shootdown.h"

namespace stile::os {

constinit Page* page_frames = nullptr;

namespace {
constinit ListArray<List<Page, &Page::free_link>, max_order + 1> free_lists;
constinit List<Page, &Page::free_link> warm;
constinit unsigned warm_count = 0;
constexpr unsigned warm_limit = 64;
constinit uint64_t total = 0, free_count = 0, frame_count = 0;

void add_free(Page* p, unsigned order) {
    p->order = static_cast<uint8_t>(order);
    p->free = true;
    free_lists[order].push_front(p);
}
}  // namespace

void page_allocator_init() {
    frame_count = boot_info.mem_bytes >> page_shift;
    const uint64_t frames_at = align_up(boot_info.free_phys, page_size);
    const uint64_t first = align_up(frames_at + frame_count * sizeof(Page), page_size) >> page_shift;
    if (first + 256 > frame_count)
        panic("only %lu KiB of memory", static_cast<uint64_t>(boot_info.mem_bytes >> 10));
    page_frames = static_cast<Page*>(direct(frames_at));
    memset(static_cast<void*>(page_frames), 0, frame_count * sizeof(Page));
    for (uint64_t at = first; at < frame_count;) {
        unsigned order = max_order;
        while ((at & ((1ull << order) - 1)) || at + (1ull << order) > frame_count) order--;
        add_free(&page_frames[at], order);
        at += 1ull << order;
    }
    total = free_count = frame_count - first;
}

Page* alloc_pages(unsigned order) {
    if (order == 0 && warm_count) {
        Page* p = warm.pop_front();
        warm_count--;
        free_count--;
        p->refs = 1;
        return p;
    }
    unsigned o = order;
    while (o <= max_order && free_lists[o].empty()) o++;
    if (o > max_order) {
        if (!shootdown_pending) return nullptr;
        shootdown_flush();  // pages may be waiting for that
        return alloc_pages(order);
    }
    Page* p = free_lists[o].pop_front();
    p->free = false;
    while (o > order) {
        o--;
        add_free(p + (1ull << o), o);
    }
    p->order = static_cast<uint8_t>(order);
    p->refs = 1;
    free_count -= 1ull << order;
    return p;
}

void free_pages(Page* p, unsigned order) {
    if (shootdown_pending) shootdown_flush();  // somebody may still see this page where it was mapped
    uint64_t at = static_cast<uint64_t>(p - page_frames);
    free_count += 1ull << order;
    p->refs = 0;
    p->slab_class = 0;
    if (order == 0 && warm_count < warm_limit) {
        p->order = 0;
        warm.push_front(p);
        warm_count++;
        return;
    }
    while (order < max_order) {
        const uint64_t buddy = at ^ (1ull << order);
        if (buddy + (1ull << order) > frame_count) break;
        Page* b = &page_frames[buddy];
        if (!b->free || b->order != order) break;
        b->free_link.unlink();
        b->free = false;
        at &= buddy;
        order++;
    }
    add_free(&page_frames[at], order);
}

Page* alloc_zeroed_page() {
    Page* p = alloc_pages(0);
    if (p) memset(page_address(p), 0, page_size);
    return p;
}

uint64_t free_page_count() { return free_count; }
uint64_t total_page_count() { return total; }

}  // namespace stile::os
