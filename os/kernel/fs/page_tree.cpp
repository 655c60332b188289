// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/fs/page_tree.h"

#include "os/kernel/mm/kmalloc.h"

namespace stile::os {

Page* PageTree::find(uint64_t index) const {
    if (!reaches(index)) return nullptr;
    void* at = root_;
    for (unsigned h = height_; h && at; h--)
        at = static_cast<Node*>(at)->child[(index >> ((h - 1) * bits)) & (ways - 1)];
    return static_cast<Page*>(at);
}

bool PageTree::insert(uint64_t index, Page* page) {
    while (!reaches(index)) {
        if (root_) {
            auto* above = static_cast<Node*>(kzalloc(sizeof(Node)));
            if (!above) return false;
            above->child[0] = root_;
            root_ = above;
        }
        height_++;
    }
    void** slot = &root_;
    for (unsigned h = height_; h; h--) {
        if (!*slot && !(*slot = kzalloc(sizeof(Node)))) return false;
        slot = &static_cast<Node*>(*slot)->child[(index >> ((h - 1) * bits)) & (ways - 1)];
    }
    *slot = page;
    count_++;
    return true;
}

// True: nothing is left below `slot`, and it is null now. `base` is the first page number below it.
bool PageTree::prune(void*& slot, unsigned height, uint64_t base, uint64_t from, uint64_t to) {
    if (!slot) return true;
    if (!height) {
        if (base < from || base >= to) return false;
        page_put(static_cast<Page*>(slot));
        count_--;
        slot = nullptr;
        return true;
    }
    auto* node = static_cast<Node*>(slot);
    const uint64_t span = 1ull << ((height - 1) * bits);
    bool empty = true;
    for (unsigned i = 0; i < ways; i++) {
        const uint64_t first = base + i * span;
        if (first + span <= from || first >= to)
            empty &= !node->child[i];
        else
            empty &= prune(node->child[i], height - 1, first, from, to);
    }
    if (!empty) return false;
    kfree(node);
    slot = nullptr;
    return true;
}

void PageTree::remove(uint64_t from, uint64_t to) {
    if (prune(root_, height_, 0, from, to)) height_ = 0;
}

uint64_t PageTree::next_in(void* slot, unsigned height, uint64_t base, uint64_t from) const {
    if (!slot) return ~0ull;
    if (!height) return base >= from ? base : ~0ull;
    const auto* node = static_cast<const Node*>(slot);
    const uint64_t span = 1ull << ((height - 1) * bits);
    for (unsigned i = 0; i < ways; i++) {
        const uint64_t first = base + i * span;
        if (first + span <= from) continue;
        const uint64_t found = next_in(node->child[i], height - 1, first, from);
        if (found != ~0ull) return found;
    }
    return ~0ull;
}

uint64_t PageTree::next(uint64_t from) const { return next_in(root_, height_, 0, from); }

}  // namespace stile::os
