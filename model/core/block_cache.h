// SPDX-License-Identifier: Apache-2.0
//
// Translated blocks by physical address, so that every mapping of a page shares them and only stores to the
// page itself make them stale. Ring and privilege are part of the key: they are part of what a block means.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model/core/block.h"

namespace stile::model {

class BlockCache {
  public:
    static uint64_t key(uint64_t paddr, unsigned cpl, bool privileged, bool single) {
        return paddr << 3 | (single ? 4 : 0) | (cpl ? 2 : 0) | (privileged ? 1 : 0);
    }
    Block* find(uint64_t key) const;
    Block* insert(uint64_t key, std::unique_ptr<Block> block);
    void drop(Block* block);
    // Drops every block that has a byte of the range. False: there was none.
    bool invalidate(uint64_t paddr, unsigned bytes);
    bool page_in_use(uint64_t paddr) const { return pages_.contains(paddr >> 12); }
    void clear();
    size_t size() const { return blocks_.size(); }

    // Dropped blocks stay readable until this is called.
    void free_dropped(Timing* timing);

  private:
    struct Page {
        std::vector<Block*> blocks;
        uint64_t lines = 0;  // bit i: some block has a byte of the i-th 64 bytes; never cleared by drop()
    };
    void unlist(uint64_t page, const Block* block);
    static uint64_t lines_of(uint64_t first, uint64_t last);

    std::unordered_map<uint64_t, std::unique_ptr<Block>> blocks_;
    std::unordered_map<uint64_t, Page> pages_;  // by physical page number; never iterated
    std::vector<std::unique_ptr<Block>> dropped_;
};

}  // namespace stile::model
