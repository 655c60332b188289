// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/copy_census.h"

#include <algorithm>
#include <cstring>

#include "abi/marker.h"

namespace stile::sim {

static constexpr uint64_t word = 8, shortest = 4, page = 4096;

bool CopyCensus::arm(const std::vector<CoreView*>& cores, uint64_t seed, uint64_t bytes) {
    stop();  // a payload that is not looked for must not keep an earlier one's watch
    words_.clear();
    seen_.clear();
    expected_.clear();
    if (bytes > most_bytes || ++calls_ > most_calls) return false;
    if (bytes < shortest) return true;
    seed_ = seed;
    bytes_ = bytes;
    unit_ = std::min(bytes, word);
    const auto add = [&](uint64_t end, unsigned counts) {
        uint64_t value = 0;
        for (uint64_t i = 0; i < unit_; ++i) value |= uint64_t{payload(end - unit_ + i)} << 8 * i;
        words_[value] = {counts, end};
    };
    for (uint64_t end = unit_; end <= bytes; end += unit_) add(end, static_cast<unsigned>(unit_));
    if (const uint64_t tail = bytes % unit_) add(bytes, static_cast<unsigned>(tail));
    result_.payload_bytes += bytes;
    armed_ = true;
    watched_ = cores;
    for (CoreView* core : watched_) core->watch_stores(true);
    return true;
}

uint8_t CopyCensus::payload(uint64_t position) const {
    return static_cast<uint8_t>(stile_nonce(seed_, position / word) >> 8 * (position % word));
}

void CopyCensus::stop() {
    if (!armed_) return;
    armed_ = false;
    for (CoreView* core : watched_) core->watch_stores(false);
}

// The stored bytes, those after them and enough before to hold a word and what may follow it on its page: a
// word is found when the last piece of it arrives. What lies on a neighbouring page is read through the page
// table, where there is one.
void CopyCensus::store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) {
    if (!armed_ || bytes == 0) return;
    uint64_t before = 2 * word - 1, after = word - 1;
    Window window;
    const auto read = [&] {
        window.bytes.resize(before + bytes + after);
        window.vaddr = vaddr - before;
        window.paddr = paddr - before;
        window.stored = before;
        window.stored_end = before + bytes;
        return core.read(vaddr - before, window.bytes.data(), window.bytes.size());
    };
    if (!read()) {
        before = std::min(before, vaddr % page);
        after = std::min(after, (page - (vaddr + bytes) % page) % page);
        if (!read()) return;
    }
    scan(core, window);
    if (const uint64_t into_page = paddr % page; into_page < 2 * word && into_page <= before)
        find_rest(core, window, before - into_page);
}

void CopyCensus::scan(CoreView& core, const Window& window) {
    for (size_t i = 0; i + unit_ <= window.bytes.size(); ++i) {
        uint64_t value = 0;
        std::memcpy(&value, window.bytes.data() + i, unit_);
        const auto found = words_.find(value);
        if (found == words_.end()) continue;
        const auto [counts, end] = found->second;
        if (i + unit_ > window.stored && i < window.stored_end) {
            // A place is known by its physical address; one on two pages has none of its own.
            const bool on_two_pages = (window.paddr + i) % page > page - unit_;
            const uint64_t at = on_two_pages ? ~(window.vaddr + i) : window.paddr + i;
            if (seen_.emplace(at, value).second) count(core, counts);
            // Found whole, across a page's end: nothing of it is missing.
            expected_.erase(expected_.upper_bound(end - unit_), expected_.lower_bound(end));
        }
        expect_rest(window, i + unit_, end);
    }
}

bool CopyCensus::holds(const Window& window, uint64_t at, uint64_t from, uint64_t to) const {
    if (at + (to - from) > window.bytes.size()) return false;
    for (uint64_t i = from; i < to; ++i)
        if (window.bytes[at + i - from] != payload(i)) return false;
    return true;
}

// A word ends at window[at], payload position `end`, and its page ends before the next word does: remember
// how far the payload comes on this page.
void CopyCensus::expect_rest(const Window& window, uint64_t at, uint64_t end) {
    const uint64_t room = (page - (window.paddr + at) % page) % page;
    const uint64_t next =
        std::min(end / word * word + word, bytes_);  // end of the next word, or of the payload
    if (end % word != 0 || end >= bytes_ || end + room >= next) return;
    // A whole word at the start of a page is found by itself.
    if (room == 0 && next - end == word) return;
    if (holds(window, at, end, end + room)) expected_.insert(end + room);
}

// window[at] is the first byte of a page.
void CopyCensus::find_rest(CoreView& core, const Window& window, uint64_t at) {
    for (const uint64_t from : expected_) {
        // To the end of the word; to that of the payload where its last 8 bytes cannot stand here whole.
        const uint64_t begin = from / word * word;
        const uint64_t to = bytes_ < from + word ? bytes_ : begin + word;
        if (!holds(window, at, from, to)) continue;
        count(core, static_cast<unsigned>(to - begin));
        expected_.erase(from);
        return;
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
