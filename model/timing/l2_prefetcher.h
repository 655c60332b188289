// SPDX-License-Identifier: Apache-2.0
//
// The second level's two prefetchers (Intel, "Disclosure of Hardware Prefetcher Control"): the streamer
// follows ascending or descending accesses within a page, one stream per page, and runs up to `distance`
// lines ahead; the other asks for the second half of a 128-byte pair. That a stream begins with its third
// line, and that it gets two lines per access, is our choice.
#pragma once

#include <algorithm>
#include <vector>

#include "model/config.h"

namespace stile::model {

class L2Prefetcher {
  public:
    L2Prefetcher(const L2PrefetchConfig& config, uint64_t line_bytes)
        : config_(config),
          line_(line_bytes),
          pages_(config.streamer ? std::max(1u, config.streams) : 0, ~0ull),
          streams_(pages_.size()),
          older_(pages_.size()),
          newer_(pages_.size()),
          followed_(buckets) {
        for (size_t i = 0; i < pages_.size(); ++i) {
            older_[i] = i == 0 ? nobody : i - 1;
            newer_[i] = i + 1 == pages_.size() ? nobody : i + 1;
        }
        newest_ = pages_.empty() ? 0 : pages_.size() - 1;
    }

    bool on() const { return config_.streamer || config_.adjacent; }

    // The first level asked for the line at paddr; `wish` gets the address of each line to prefetch.
    template <class Wish>
    void observe(uint64_t paddr, bool missed, Wish wish) {
        if (config_.adjacent && missed) wish(paddr ^ line_);
        if (config_.streamer) follow(paddr, wish);
    }

  private:
    struct Stream {
        int last = 0, ahead = 0;  // lines in the page
        int direction = 0;
        unsigned steps = 0;  // in that direction
    };
    static constexpr int per_access = 2;
    static constexpr unsigned begin_after = 2;

    template <class Wish>
    void follow(uint64_t paddr, Wish wish) {
        const uint64_t page = paddr >> 12;
        const int line = static_cast<int>((paddr & 0xfff) / line_), lines = static_cast<int>(4096 / line_);
        const bool known = find(page);
        Stream& s = streams_[recent_];
        if (!known) {
            s = {line, line, 0, 0};
            return;
        }
        if (line == s.last) return;
        const int direction = line > s.last ? 1 : -1;
        s.last = line;
        if (direction != s.direction) {
            s.direction = direction;
            s.steps = 1;
            s.ahead = line;
            return;
        }
        if (++s.steps < begin_after) return;
        if ((line - s.ahead) * direction > 0) s.ahead = line;
        for (int n = 0; n < per_access; ++n) {
            const int next = s.ahead + direction;
            if (next < 0 || next >= lines || (next - line) * direction > static_cast<int>(config_.distance))
                return;
            s.ahead = next;
            wish(page << 12 | static_cast<uint64_t>(next) * line_);
        }
    }
    // Makes the page's stream the recent one; if it has none, it gets that which was used longest ago. Most
    // pages without one are told by a count of the streams in their bucket.
    bool find(uint64_t page) {
        if (pages_[recent_] == page) return true;
        if (followed_[page % buckets] != 0) {
            const auto it = std::find(pages_.begin(), pages_.end(), page);
            if (it != pages_.end()) {
                use(static_cast<size_t>(it - pages_.begin()));
                return true;
            }
        }
        use(oldest_);
        if (pages_[recent_] != ~0ull) --followed_[pages_[recent_] % buckets];
        ++followed_[page % buckets];
        pages_[recent_] = page;
        return false;
    }
    void use(size_t stream) {
        recent_ = stream;
        if (stream == newest_) return;
        const size_t older = older_[stream], newer = newer_[stream];
        (older == nobody ? oldest_ : newer_[older]) = newer;
        older_[newer] = older;
        older_[stream] = newest_;
        newer_[stream] = nobody;
        newer_[newest_] = stream;
        newest_ = stream;
    }

    static constexpr size_t buckets = 1024, nobody = ~size_t{0};

    const L2PrefetchConfig config_;
    const uint64_t line_;
    std::vector<uint64_t> pages_;  // of the streams: apart, to be searched quickly
    std::vector<Stream> streams_;
    std::vector<size_t> older_, newer_;  // of the streams, in the order of their use
    size_t oldest_ = 0, newest_ = 0, recent_ = 0;
    std::vector<uint16_t> followed_;  // streams whose page is in this bucket
};

}  // namespace stile::model
