// SPDX-License-Identifier: Apache-2.0
#include "model/core/block_cache.h"

#include <algorithm>

namespace stile::model {

namespace {

constexpr uint64_t offset_mask = 0xfff;

uint64_t key_of(const Block& b) { return BlockCache::key(b.paddr, b.cpl, b.privileged, b.single); }

}  // namespace

Block* BlockCache::find(uint64_t key) const {
    const auto it = blocks_.find(key);
    return it == blocks_.end() ? nullptr : it->second.get();
}

// Bits of the 64-byte lines from offset `first` to offset `last` of a page.
uint64_t BlockCache::lines_of(uint64_t first, uint64_t last) {
    const uint64_t up_to_last = last >> 6 == 63 ? ~0ull : (1ull << ((last >> 6) + 1)) - 1;
    return up_to_last & ~((1ull << (first >> 6)) - 1);
}

Block* BlockCache::insert(uint64_t key, std::unique_ptr<Block> block) {
    Block* b = block.get();
    Page& page = pages_[b->paddr >> 12];
    page.blocks.push_back(b);
    const uint64_t first = b->paddr & offset_mask;
    page.lines |= lines_of(first, std::min(first + b->code.bytes - 1, offset_mask));
    if (b->code.straddles) {
        Page& second = pages_[b->second_page >> 12];
        second.blocks.push_back(b);
        second.lines |= 1;
    }
    blocks_[key] = std::move(block);
    return b;
}

void BlockCache::unlist(uint64_t page, const Block* block) {
    const auto it = pages_.find(page);
    if (it == pages_.end()) return;
    std::erase(it->second.blocks, block);
    for (Block* other : it->second.blocks) other->link[0] = other->link[1] = nullptr;
    if (it->second.blocks.empty()) pages_.erase(it);
}

void BlockCache::drop(Block* block) {
    block->dead = true;
    block->link[0] = block->link[1] = nullptr;
    unlist(block->paddr >> 12, block);
    if (block->code.straddles) unlist(block->second_page >> 12, block);
    const auto it = blocks_.find(key_of(*block));
    if (it == blocks_.end() || it->second.get() != block) return;
    dropped_.push_back(std::move(it->second));
    blocks_.erase(it);
}

bool BlockCache::invalidate(uint64_t paddr, unsigned bytes) {
    const auto it = pages_.find(paddr >> 12);
    if (it == pages_.end()) return false;
    const uint64_t first = paddr & offset_mask, last = std::min(first + bytes - 1, offset_mask);
    if (!(it->second.lines & lines_of(first, last))) return false;
    const uint64_t page = paddr & ~offset_mask;
    std::vector<Block*> hit;
    for (Block* b : it->second.blocks) {
        uint64_t from = b->paddr, bytes_here = b->code.bytes;
        if (b->code.straddles && b->second_page == page) {
            bytes_here -= 0x1000 - (b->paddr & offset_mask);
            from = page;
        }
        if (from <= page + last && from + bytes_here > page + first) hit.push_back(b);
    }
    for (Block* b : hit) drop(b);
    return !hit.empty();
}

void BlockCache::clear() {
    for (auto& [key, block] : blocks_) {
        block->dead = true;
        block->link[0] = block->link[1] = nullptr;
        dropped_.push_back(std::move(block));
    }
    blocks_.clear();
    pages_.clear();
}

void BlockCache::free_dropped(Timing* timing) {
    if (dropped_.empty()) return;
    if (timing)
        for (const auto& b : dropped_)
            if (b->slot) timing->release(b->slot);
    dropped_.clear();
}

}  // namespace stile::model
