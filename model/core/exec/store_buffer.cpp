// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/store_buffer.h"

#include <algorithm>
#include <bit>

#include "model/core/mmu.h"

namespace stile::model {

namespace {

bool overlap(const StoreBuffer::Store& s, uint64_t paddr, uint64_t bytes) {
    return s.paddr < paddr + bytes && paddr < s.paddr + s.bytes;
}

}  // namespace

StoreBuffer::StoreBuffer(unsigned entries, uint8_t* ram, Mmu& mmu)
    : mask_(std::bit_ceil(std::max(1u, entries)) - 1),
      entries_(std::max(1u, entries)),
      ring_(mask_ + 1),
      due_(mask_ + 1),
      ram_(ram),
      mmu_(mmu) {}

void StoreBuffer::leave_until(uint64_t number) {
    while (head_ != number) {
        const Store& s = ring_[(head_ + 1) & mask_];
        mmu_.before_store(s.paddr, s.bytes);
        std::memcpy(ram_ + s.paddr, s.data, s.bytes);
        ++head_;
    }
    while (due_head_ != due_tail_ && due_[due_head_ & mask_].number <= head_) ++due_head_;
}

void StoreBuffer::boundary(Cycles now, Cycles delay) {
    if (head_ == tail_) return;
    if (timed_ < tail_) {
        due_[due_tail_++ & mask_] = {tail_, now + delay};
        timed_ = tail_;
    }
    while (due_head_ != due_tail_ && due_[due_head_ & mask_].when <= now)
        leave_until(due_[due_head_ & mask_].number);
}

void StoreBuffer::read(uint64_t paddr, void* out, unsigned bytes) {
    for (uint64_t number = tail_; number != head_; --number) {
        const Store& s = ring_[number & mask_];
        if (!overlap(s, paddr, bytes)) continue;
        if (s.paddr <= paddr && paddr + bytes <= s.paddr + s.bytes) {
            std::memcpy(out, s.data + (paddr - s.paddr), bytes);
            return;
        }
        drain();
        break;
    }
    std::memcpy(out, ram_ + paddr, bytes);
}

void StoreBuffer::overlay(uint64_t paddr, void* out, uint64_t bytes) const {
    for (uint64_t number = head_; number != tail_; ++number) {
        const Store& s = ring_[(number + 1) & mask_];
        if (!overlap(s, paddr, bytes)) continue;
        const uint64_t from = std::max(paddr, s.paddr), to = std::min(paddr + bytes, s.paddr + s.bytes);
        std::memcpy(static_cast<uint8_t*>(out) + (from - paddr), s.data + (from - s.paddr), to - from);
    }
}

}  // namespace stile::model
