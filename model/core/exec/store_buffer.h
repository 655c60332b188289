// SPDX-License-Identifier: Apache-2.0
//
// The stores of one core that other cores do not see yet: what x86-TSO is made of (Owens, Sarkar, Sewell, "A
// better x86 memory model: x86-TSO", TPHOLs 2009; Intel SDM vol. 3, 9.2.2). A first-in-first-out queue
// between a core and memory: stores enter it, leave it in the same order, each at once; the core's own loads
// look into it first. Only the out-of-order model of a machine with several cores has one; everything else
// writes to memory directly.
//
// What may be in it are plain stores of up to 16 bytes within one page of RAM. Everything else that touches
// memory drains it first, which is always allowed: a processor may empty its store buffer at any time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "model/config.h"

namespace stile::model {

class Mmu;

class StoreBuffer {
  public:
    struct Store {
        alignas(16) uint8_t data[16];
        uint64_t paddr;
        uint32_t bytes;
    };
    static constexpr unsigned most_bytes = 16;

    // `ram` is physical address 0; `mmu` is told of each store before it lands.
    StoreBuffer(unsigned entries, uint8_t* ram, Mmu& mmu);

    template <typename T>
    [[gnu::always_inline]] void put(uint64_t paddr, const T& value) {
        static_assert(sizeof(T) <= most_bytes);
        if (tail_ - head_ == entries_) [[unlikely]]
            leave_until(head_ + 1);
        Store& s = ring_[++tail_ & mask_];
        std::memcpy(s.data, &value, sizeof(T));
        s.paddr = paddr;
        s.bytes = sizeof(T);
        youngest_[slot(paddr)] = tail_;
        if constexpr (sizeof(T) > 8) youngest_[slot(paddr + 8)] = tail_;
        if constexpr (sizeof(T) > 1) youngest_[slot(paddr + sizeof(T) - 1)] = tail_;
    }

    // May a buffered store hold any of these bytes? Errs towards yes.
    template <unsigned bytes>
    [[gnu::always_inline]] bool touches(uint64_t paddr) const {
        uint64_t number = youngest_[slot(paddr)];
        if constexpr (bytes > 8) number = std::max(number, youngest_[slot(paddr + 8)]);
        if constexpr (bytes > 1) number = std::max(number, youngest_[slot(paddr + bytes - 1)]);
        return number > head_;
    }
    // What the core reads there: from the youngest store that has all the bytes; where one has only some of
    // them, memory answers once the buffer is empty.
    void read(uint64_t paddr, void* out, unsigned bytes);
    // For onlookers: memory with the buffered stores laid over it, and nothing changed.
    void overlay(uint64_t paddr, void* out, uint64_t bytes) const;

    void drain() {
        if (head_ != tail_) leave_until(tail_);
    }
    // After each block: its stores are in the cache `delay` from now; those whose time has come leave.
    void boundary(Cycles now, Cycles delay);

    unsigned size() const { return static_cast<unsigned>(tail_ - head_); }
    // back: 0 is the youngest. For tests that plant bugs.
    Store& entry(unsigned back) { return ring_[(tail_ - back) & mask_]; }

  private:
    struct Due {  // the stores up to this one leave then
        uint64_t number;
        Cycles when;
    };
    // Stores are numbered from 1. By eight-byte word, the number of the last store to it; words share slots.
    static constexpr unsigned slots = 512;
    static unsigned slot(uint64_t paddr) { return paddr / 8 % slots; }

    void leave_until(uint64_t number);

    uint64_t head_ = 0, tail_ = 0;  // numbers: left last, entered last
    const uint64_t mask_, entries_;
    uint64_t due_head_ = 0, due_tail_ = 0;  // likewise of due_
    uint64_t timed_ = 0;                    // stores up to this number are in due_
    std::vector<Store> ring_;
    std::vector<Due> due_;
    uint8_t* const ram_;
    Mmu& mmu_;
    uint64_t youngest_[slots] = {};
};

}  // namespace stile::model
