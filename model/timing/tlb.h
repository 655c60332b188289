// SPDX-License-Identifier: Apache-2.0
//
// Which translations a TLB holds: an array for 4 KiB pages and, where the hardware has one, an array of its
// own for 2 MiB pages; otherwise both kinds share the first. Entries are tagged with the PCID, global ones
// match under every PCID (Intel SDM vol. 3, 4.10.2.4). Only presence is modelled, and the page's domain tag,
// which CODOMs' check needs; the translation itself comes from the MMU. Exact LRU, by keeping the ways of a
// set in order of use.
#pragma once

#include <cstdint>
#include <vector>

#include "model/config.h"

namespace stile::model {

struct PageKind {
    bool large = false;   // 2 MiB
    bool global = false;  // survives a change of address space
    uint16_t domain = 0;
    bool user = false;  // the leaf's U bit: what is a supervisor's has no domain
};

// In whose name data is touched: `mask` is 0 where domains are not checked, else all ones.
struct Accessor {
    uint16_t domain = 0, mask = 0;
    bool operator==(const Accessor&) const = default;
    bool foreign(PageKind page) const { return page.user && ((page.domain ^ domain) & mask); }
};

class Tlb {
  public:
    // Throws std::invalid_argument where sets cannot be formed.
    Tlb(const char* name, const TlbConfig& config);

    // Is the page of vaddr here? If so its entry becomes the most recently used of its set.
    bool hit(uint64_t vaddr, unsigned pcid) {
        if (small_.first(vaddr, pcid)) [[likely]]
            return true;
        return find(vaddr, pcid) != nullptr;
    }
    // Does it hit the entry used last of its set, and is that no other domain's page?
    bool last_used(uint64_t vaddr, unsigned pcid, Accessor by) const { return small_.first(vaddr, pcid, by); }
    bool same_set(uint64_t vaddr, uint64_t other) const { return small_.same_set(vaddr, other); }
    // The same, and what kind of page it is.
    bool hit(uint64_t vaddr, unsigned pcid, PageKind& kind) {
        const Entry* e = find(vaddr, pcid);
        if (e) kind = {(e->tag & tag_large) != 0, e->mask != whole, e->domain, e->checked != 0};
        return e != nullptr;
    }
    void fill(uint64_t vaddr, unsigned pcid, PageKind kind) {
        if (kind.large && !holds_large_) return;
        array(kind.large).insert(vaddr, pcid, kind);
    }
    // One page, of either size; a global one whatever its PCID.
    void invalidate(uint64_t vaddr, unsigned pcid);
    void flush(unsigned pcid);  // all but global ones
    void flush();               // global ones as well

  private:
    static constexpr uint64_t tag_valid = 1, tag_large = 2, pcid_mask = 0xfff << 2;
    static constexpr int32_t whole = -1, any_pcid = ~static_cast<int32_t>(pcid_mask);
    struct Entry {
        uint64_t tag = 0;
        int32_t mask = whole;              // what of the tag counts; sign-extended
        uint16_t domain = 0, checked = 0;  // all ones: a user page
        bool matches(uint64_t wanted) const {
            return ((tag ^ wanted) & static_cast<uint64_t>(int64_t{mask})) == 0;
        }
    };
    static_assert(sizeof(Entry) == 16);
    static uint64_t number(uint64_t vaddr, bool large) {
        return (vaddr & 0xffff'ffff'ffffull) >> (large ? 21 : 12);
    }
    static uint64_t tag_of(uint64_t vaddr, unsigned pcid, bool large) {
        return number(vaddr, large) << 14 | uint64_t{pcid} << 2 | (large ? tag_large : 0) | tag_valid;
    }
    class Array {
      public:
        Array() = default;
        Array(const char* name, unsigned entries, unsigned ways);
        bool first(uint64_t vaddr, unsigned pcid) const {
            return entries_[(number(vaddr, false) & set_mask_) * ways_].matches(tag_of(vaddr, pcid, false));
        }
        bool first(uint64_t vaddr, unsigned pcid, Accessor by) const {
            const Entry& e = entries_[(number(vaddr, false) & set_mask_) * ways_];
            const uint64_t other =
                (e.tag ^ tag_of(vaddr, pcid, false)) & static_cast<uint64_t>(int64_t{e.mask});
            return (other | ((e.domain ^ by.domain) & by.mask & e.checked)) == 0;
        }
        bool same_set(uint64_t vaddr, uint64_t other) const {
            return ((number(vaddr, false) ^ number(other, false)) & set_mask_) == 0;
        }
        const Entry* find(uint64_t vaddr, unsigned pcid, bool large);
        void insert(uint64_t vaddr, unsigned pcid, PageKind kind);
        template <class Predicate>
        void remove_if(Predicate gone);
        bool empty() const { return ways_ == 0; }

      private:
        unsigned ways_ = 0;
        uint64_t set_mask_ = 0;
        std::vector<Entry> entries_{1};
    };
    Array& array(bool large) { return large && !large_.empty() ? large_ : small_; }
    const Entry* find(uint64_t vaddr, unsigned pcid) {
        if (const Entry* e = small_.find(vaddr, pcid, false)) return e;
        return holds_large_ ? array(true).find(vaddr, pcid, true) : nullptr;
    }
    template <class Predicate>
    void remove_if(Predicate gone);

    bool holds_large_;
    Array small_, large_;
};

}  // namespace stile::model
