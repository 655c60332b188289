// SPDX-License-Identifier: Apache-2.0
//
// The pages of a file by number: a radix tree of 64-way nodes, as tall as the highest page needs, so that a
// sparse file costs what it holds and not what it spans.
#pragma once

#include "os/kernel/mm/page.h"

namespace stile::os {

class PageTree {
  public:
    PageTree() = default;
    PageTree(const PageTree&) = delete;
    ~PageTree() { remove_from(0); }

    uint64_t count() const { return count_; }
    Page* find(uint64_t index) const;         // no reference taken
    bool insert(uint64_t index, Page* page);  // takes over the reference; false: no memory for a node
    void remove(uint64_t from, uint64_t to);  // drops the pages [from, to)
    void remove_from(uint64_t from) { remove(from, ~0ull); }
    uint64_t next(uint64_t from) const;  // first page at or after `from` that is there, or ~0

  private:
    static constexpr unsigned bits = 6, ways = 1u << bits, tallest = 10;
    struct Node {
        void* child[ways];
    };
    bool reaches(uint64_t index) const { return !(index >> (height_ * bits)); }
    bool prune(void*& slot, unsigned height, uint64_t base, uint64_t from, uint64_t to);
    uint64_t next_in(void* slot, unsigned height, uint64_t base, uint64_t from) const;

    void* root_ = nullptr;  // a Page at height 0, a Node above
    unsigned height_ = 0;
    uint64_t count_ = 0;
};

}  // namespace stile::os
