// SPDX-License-Identifier: Apache-2.0
//
// The first level's two data prefetchers (Intel, "Disclosure of Hardware Prefetcher Control"): next line, and
// stride by the load's address. Both look at misses and at first uses of lines that were prefetched, not at
// every load (our choice: the hit path stays one comparison), and neither leaves the page.
#pragma once

#include <array>
#include <cstdint>

#include "model/config.h"

namespace stile::model {

class L1Prefetcher {
  public:
    static constexpr uint64_t nothing = ~0ull;

    L1Prefetcher(const L1PrefetchConfig& config, uint64_t line_bytes) : config_(config), line_(line_bytes) {}

    bool on() const { return config_.next_line || config_.ip_stride; }

    struct Wish {
        uint64_t next_line = nothing, stride = nothing;  // addresses
    };
    // A load at instruction `ip` missed, or was the first to use a prefetched line.
    Wish observe(uint64_t paddr, uint64_t ip) {
        Wish wish;
        if (config_.next_line) {
            // Ascending accesses only, as Intel describes it.
            const uint64_t line = paddr / line_;
            if (line == last_line_ + 1) wish.next_line = within_page(paddr, line_);
            last_line_ = line;
        }
        if (config_.ip_stride) wish.stride = stride(paddr, ip);
        return wish;
    }

  private:
    struct Entry {
        uint64_t ip = ~0ull, last = 0;
        int64_t stride = 0;
        bool seen_twice = false;
    };
    static constexpr size_t entries = 256;  // Core 2's number; our choice for all
    static constexpr int64_t longest = 2048;

    static uint64_t within_page(uint64_t paddr, int64_t step) {
        const uint64_t to = paddr + static_cast<uint64_t>(step);
        return to >> 12 == paddr >> 12 ? to : nothing;
    }
    uint64_t stride(uint64_t paddr, uint64_t ip) {
        Entry& e = table_[(ip ^ ip >> 8) % entries];
        if (e.ip != ip) {
            e = {ip, paddr, 0, false};
            return nothing;
        }
        const int64_t step = static_cast<int64_t>(paddr - e.last);
        e.seen_twice = step == e.stride && step != 0;
        e.stride = step;
        e.last = paddr;
        if (!e.seen_twice || step > longest || step < -longest) return nothing;
        return within_page(paddr, step);
    }

    const L1PrefetchConfig config_;
    const int64_t line_;
    uint64_t last_line_ = ~0ull - 1;
    std::array<Entry, entries> table_;
};

}  // namespace stile::model
