// SPDX-License-Identifier: Apache-2.0
//
// Which cores may have a line in their private caches, and whether one of them may write to it: a full map of
// 64 cores per line of memory. Cores drop clean lines without a word, so the map can only be larger than the
// truth (as the core-valid bits of Intel's last-level caches are). That it exists for every line of memory,
// and not for those of the last level alone, is our choice where that level is not inclusive; where it is,
// a line that leaves it has no sharers any more, and the two are the same.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/timing/slots.h"
#include "model/timing/snoop.h"

namespace stile::model {

class Directory {
  public:
    static constexpr unsigned most_cores = 64;

    explicit Directory(uint64_t line_bytes)
        : line_shift_(static_cast<unsigned>(std::countr_zero(line_bytes))) {}

    uint64_t sharers(uint64_t paddr) const {
        const Leaf* leaf = find(paddr);
        return leaf ? leaf->sharers[paddr >> line_shift_ & 63] : 0;
    }
    // May its only sharer write to it?
    bool owned(uint64_t paddr) const {
        const Leaf* leaf = find(paddr);
        return leaf && (leaf->owned >> (paddr >> line_shift_ & 63) & 1);
    }
    void set(uint64_t paddr, uint64_t sharers, bool owned) {
        Leaf& leaf = make(paddr);
        const unsigned line = paddr >> line_shift_ & 63;
        leaf.sharers[line] = sharers;
        leaf.owned = (leaf.owned & ~(1ull << line)) | uint64_t{owned} << line;
    }

    // What a request leads to: snoops of `cores`, which happen at once, and the new entry.
    struct Verdict {
        bool exclusive = true;  // the requester may write
        bool asked = false;     // other cores were
        bool found = false;     // and one had the line
        bool dirty = false;     // modified
    };
    Verdict request(unsigned core, uint64_t paddr, bool to_write, const std::vector<SnoopTarget*>& cores) {
        const uint64_t self = 1ull << core, others = sharers(paddr) & ~self;
        Verdict v;
        if (others == 0) {
            set(paddr, self, true);
            return v;
        }
        SnoopReply reply;
        if (to_write || owned(paddr)) {
            v.asked = true;
            reply = ask(others, paddr, to_write ? Snoop::invalidate : Snoop::share, cores);
            v.found = reply.present;
            v.dirty = reply.dirty;
            v.exclusive = to_write || !reply.present;
        } else {
            v.exclusive = false;
        }
        set(paddr, v.exclusive ? self : others | self, v.exclusive);
        return v;
    }
    // Takes the line from all who may have it.
    SnoopReply recall(uint64_t paddr, const std::vector<SnoopTarget*>& cores) {
        const uint64_t all = sharers(paddr);
        if (all == 0) return {};
        const SnoopReply reply = ask(all, paddr, Snoop::invalidate, cores);
        set(paddr, 0, false);
        return reply;
    }

  private:
    struct Leaf {
        uint64_t sharers[64] = {};
        uint64_t owned = 0;
    };
    static SnoopReply ask(uint64_t whom, uint64_t paddr, Snoop what, const std::vector<SnoopTarget*>& cores) {
        SnoopReply reply;
        for (; whom; whom &= whom - 1)
            reply |= cores[static_cast<size_t>(std::countr_zero(whom))]->snoop(paddr, what);
        return reply;
    }
    const Leaf* find(uint64_t paddr) const {
        const uint64_t i = paddr >> line_shift_ >> 6;
        return i < leaves_.size() ? leaves_[i].get() : nullptr;
    }
    Leaf& make(uint64_t paddr) {
        const uint64_t i = paddr >> line_shift_ >> 6;
        if (i >= leaves_.size()) leaves_.resize(i + 1);
        if (!leaves_[i]) leaves_[i] = std::make_unique<Leaf>();
        return *leaves_[i];
    }

    const unsigned line_shift_;
    std::vector<std::unique_ptr<Leaf>> leaves_;
};

}  // namespace stile::model
