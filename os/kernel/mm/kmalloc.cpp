// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/mm/kmalloc.h"

#include "os/kernel/base/string.h"
#include "os/kernel/mm/page.h"

namespace stile::os {
namespace {
constexpr unsigned smallest_shift = 4, classes = 8;  // 16 .. 2048
struct FreeBlock {
    FreeBlock* next;
};
constinit FreeBlock* free_blocks[classes]{};

unsigned class_of(size_t bytes) {
    if (bytes <= 16) return 0;
    return 64 - static_cast<unsigned>(__builtin_clzll(bytes - 1)) - smallest_shift;
}
unsigned order_of(size_t bytes) {
    unsigned order = 0;
    while ((page_size << order) < bytes) order++;
    return order;
}

bool refill(unsigned c) {
    Page* p = alloc_pages(0);
    if (!p) return false;
    p->slab_class = static_cast<uint8_t>(1 + c);
    auto* base = static_cast<char*>(page_address(p));
    const size_t step = 1ull << (c + smallest_shift);
    for (size_t at = page_size; at;) {
        at -= step;
        auto* b = reinterpret_cast<FreeBlock*>(base + at);
        b->next = free_blocks[c];
        free_blocks[c] = b;
    }
    return true;
}
}  // namespace

void* kmalloc(size_t bytes) {
    const unsigned c = class_of(bytes);
    if (c >= classes) {
        const unsigned order = order_of(bytes);
        if (order > max_order) return nullptr;
        Page* p = alloc_pages(order);
        return p ? page_address(p) : nullptr;
    }
    if (!free_blocks[c] && !refill(c)) return nullptr;
    FreeBlock* b = free_blocks[c];
    free_blocks[c] = b->next;
    return b;
}

void* kzalloc(size_t bytes) {
    void* p = kmalloc(bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

void kfree(void* p) {
    if (!p) return;
    Page* page = address_page(p);
    if (!page->slab_class) return free_pages(page, page->order);
    const unsigned c = page->slab_class - 1u;
    auto* b = static_cast<FreeBlock*>(p);
    b->next = free_blocks[c];
    free_blocks[c] = b;
}

}  // namespace stile::os
