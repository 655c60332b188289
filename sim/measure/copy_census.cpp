// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/copy_census.h"

#include <cstring>

#include "abi/marker.h"

namespace stile::sim {

static constexpr uint64_t word = 8, page = 4096;

void CopyCensus::arm(CoreView& core, uint64_t seed, uint64_t bytes) {
    words_.clear();
    seen_.clear();
    if (bytes < word) return;
    const uint64_t words = bytes / word, tail = bytes % word;
    for (uint64_t i = 0; i < words; ++i) words_[stile_nonce(seed, i)] = word;
    if (tail != 0) {
        const uint64_t ends[2] = {stile_nonce(seed, words - 1), stile_nonce(seed, words)};
        uint64_t last;
        std::memcpy(&last, reinterpret_cast<const uint8_t*>(ends) + tail, word);
        words_[last] = static_cast<unsigned>(tail);
    }
    result_.payload_bytes += bytes;
    armed_ = true;
    core.watch_stores(true);
}

void CopyCensus::stop(CoreView& core) {
    if (!armed_) return;
    armed_ = false;
    core.watch_stores(false);
}

// The stored bytes and up to 7 on either side, so that a word is found when the last piece of it arrives.
// What lies on a neighbouring page is read through the page table, where there is one.
void CopyCensus::store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) {
    if (!armed_ || bytes == 0) return;
    uint64_t before = word - 1, after = word - 1;
    std::vector<uint8_t> window(before + bytes + after);
    const auto read = [&] {
        window.resize(before + bytes + after);
        return core.read(vaddr - before, window.data(), window.size());
    };
    if (!read()) {
        before = std::min(before, vaddr % page);
        after = std::min(after, (page - (vaddr + bytes) % page) % page);
        if (!read()) return;
    }
    scan(core, window, paddr - before);
}

void CopyCensus::scan(CoreView& core, const std::vector<uint8_t>& window, uint64_t paddr) {
    for (size_t i = 0; i + word <= window.size(); ++i) {
        uint64_t value;
        std::memcpy(&value, window.data() + i, word);
        const auto found = words_.find(value);
        if (found != words_.end() && seen_.emplace(paddr + i, value).second) count(core, found->second);
    }
}

void CopyCensus::count(CoreView& core, unsigned bytes) {
    result_.copied_bytes += bytes;
    if (core.ring() == 0)
        result_.by_kernel += bytes;
    else if (core.privileged_page())
        result_.by_proxy += bytes;
    else
        result_.by_user += bytes;
}

}  // namespace stile::sim
