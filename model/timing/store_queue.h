// SPDX-License-Identifier: Apache-2.0
//
// The stores that loads may meet before they are in the cache, and which loads had better wait for them. As
// in the hardware, a load is compared with the low twelve bits of their addresses first: stores are found by
// the eight-byte words of a 4 KiB page that they touch, the youngest first, so a store to another page may be
// met by mistake.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

class StoreQueue {
  public:
    struct Store {
        uint64_t paddr = 0;
        unsigned bytes = 0;  // 17 at most, or 32 that are aligned
        Cycles known = 0;    // when its address is
        Cycles data = 0;     // when its data is
        Cycles drained = 0;  // when it is in the cache; never before that of an older store
    };
    struct Meeting {
        const Store* store = nullptr;  // the youngest that touches any of the load's bytes
        bool alias = false;            // there is none, but another page's store looked like one
    };
    explicit StoreQueue(unsigned entries) : mask_(std::bit_ceil(entries * 2) - 1), ring_(mask_ + 1) {}

    void add(const Store& s) {
        Entry& e = ring_[++last_ & mask_];
        e.store = s;
        const uint64_t first = s.paddr / 8, end = (s.paddr + s.bytes - 1) / 8;
        for (uint64_t w = first; w <= end && w < first + words; ++w) {
            e.older[w % words] = words_[w % slots];
            words_[w % slots] = last_;
        }
        drained_ = s.drained;
    }
    // Of stores that are not in the cache at t.
    Meeting find(uint64_t paddr, unsigned bytes, Cycles t) const {
        if (drained_ <= t) [[likely]]
            return {};
        return look(paddr, bytes, t);
    }
    // Was the load at this address wrong to pass a store, lately?
    bool should_wait(uint64_t from) const { return violated_[from % predictors] > 0; }
    void violation(uint64_t from) { violated_[from % predictors] = trust; }
    void waited_in_vain(uint64_t from) {
        if (violated_[from % predictors] > 0) --violated_[from % predictors];
    }

  private:
    static constexpr unsigned slots = 512, words = 4, predictors = 1024;
    // So often in a row must waiting have been in vain (Doweck, "Inside Intel Core microarchitecture and smart
    // memory access", 2006: a saturating counter per load; four bits are our choice).
    static constexpr uint8_t trust = 15;
    struct Entry {
        Store store;
        uint64_t older[words] = {};  // by word: the store before this one in its slot
    };
    Meeting look(uint64_t paddr, unsigned bytes, Cycles t) const {
        Meeting met;
        uint64_t youngest = 0;
        for (uint64_t w = paddr / 8; w <= (paddr + bytes - 1) / 8; ++w) {
            uint64_t number = words_[w % slots];
            while (number > youngest && number + mask_ >= last_) {
                const Entry& e = ring_[number & mask_];
                const Store& s = e.store;
                if (s.drained <= t) break;
                if (s.paddr < paddr + bytes && paddr < s.paddr + s.bytes) {
                    youngest = number;
                    met.store = &s;
                    break;
                }
                const uint64_t apart = (paddr - s.paddr) & 4095;
                met.alias |= s.paddr >> 12 != paddr >> 12 && (apart < s.bytes || 4096 - apart < bytes);
                number = e.older[slot_word(s, w)];
            }
        }
        if (met.store) met.alias = false;
        return met;
    }
    // Which of the store's words lies in the slot of word w.
    static unsigned slot_word(const Store& s, uint64_t w) {
        const uint64_t first = s.paddr / 8;
        return static_cast<unsigned>((first + (w - first) % slots) % words);
    }

    uint64_t mask_;
    std::vector<Entry> ring_;
    uint64_t last_ = 0;
    Cycles drained_ = 0;
    std::array<uint64_t, slots> words_{};
    std::array<uint8_t, predictors> violated_{};
};

}  // namespace stile::model
