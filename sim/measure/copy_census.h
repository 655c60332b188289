// SPDX-License-Identifier: Apache-2.0
//
// Finds copies of a payload by its content. Between the sender's last store and the receiver's first load,
// every store is looked at: a word of the payload (a unique nonce) that has just come to stand anywhere in
// memory is a copy of 8 bytes, whoever made it and however. A place counts once for each word, so that a word
// stored in pieces, or again, is one copy.
//
// The last 1 to 7 bytes of a payload are found as the end of its last 8 bytes. A payload of 4 to 7 bytes is
// one word; a shorter one is not looked for: so few bytes are not unique. Where a word begins on one page and
// the rest goes to another (the pages of a kernel's buffers are no neighbours), the place where a page's run
// of the payload ended is remembered, and the rest of the word is looked for where a page begins.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "sim/measure/core_view.h"
#include "sim/measure/result.h"

namespace stile::sim {

class CopyCensus {
  public:
    // False, and nothing is armed: the payload is larger than `most_bytes`, or it is the guest's umpteenth
    // call. Any program can execute the marker, so what it costs the host is bounded.
    static constexpr uint64_t most_bytes = 1 << 20;
    static constexpr unsigned most_calls = 1000;
    // Any of `cores` may make the copies.
    bool arm(const std::vector<CoreView*>& cores, uint64_t seed, uint64_t bytes);
    void stop();
    bool armed() const { return armed_; }
    void store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes);
    const Census& result() const { return result_; }

    // `cores`: who is watched if it is armed; that they are is theirs to remember.
    void archive(auto& a, const std::vector<CoreView*>& cores) {
        std::map<uint64_t, Word> words(words_.begin(), words_.end());
        a(armed_, calls_, seed_, bytes_, unit_, words, seen_, expected_, result_);
        if (!a.loading()) return;
        words_ = {words.begin(), words.end()};
        watched_ = armed_ ? cores : std::vector<CoreView*>{};
    }

  private:
    struct Word {
        unsigned counts = 0;  // bytes of the payload that it stands for
        uint64_t end = 0;     // position in the payload behind it
        void archive(auto& a) { a(counts, end); }
    };
    struct Window {  // memory around a store
        std::vector<uint8_t> bytes;
        uint64_t vaddr, paddr;        // of its first byte
        uint64_t stored, stored_end;  // which of the bytes have just been stored
    };
    uint8_t payload(uint64_t position) const;
    bool holds(const Window& window, uint64_t at, uint64_t from, uint64_t to) const;
    void scan(CoreView& core, const Window& window);
    void expect_rest(const Window& window, uint64_t at, uint64_t end);
    void find_rest(CoreView& core, const Window& window, uint64_t at);
    void count(CoreView& core, unsigned bytes);

    bool armed_ = false;
    std::vector<CoreView*> watched_;
    unsigned calls_ = 0;
    uint64_t seed_ = 0, bytes_ = 0, unit_ = 0;  // unit: bytes of a word
    std::unordered_map<uint64_t, Word> words_;
    std::set<std::pair<uint64_t, uint64_t>> seen_;  // physical address, word
    std::set<uint64_t> expected_;                   // positions at which a page's run ended within a word
    Census result_;
};

}  // namespace stile::sim
