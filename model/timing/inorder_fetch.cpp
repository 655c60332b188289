// SPDX-License-Identifier: Apache-2.0
//
// The front end of the in-order pipeline.
#include <algorithm>

#include "model/timing/inorder.h"

namespace stile::model {

void InorderTiming::fetch_anew(uint64_t vaddr, uint64_t paddr, unsigned bytes) {
    const Translation::Result r = translation_.fetch(vaddr, now());
    if (r.extra) wait_until(now() + r.extra);
    if (r.done) wait_for_walk(r.done);
    // The rest of an instruction that straddles a page comes from a page whose address is not known here.
    const uint64_t last = std::min(paddr + bytes - 1, paddr | 0xfff);
    const uint64_t first_line = l1i_.line_of(paddr), last_line = l1i_.line_of(last);
    for (uint64_t line = first_line; line <= last_line; ++line)
        if (line != fetch_line_) fetch_line(line);
}

void InorderTiming::fetch_line(uint64_t line) {
    fetch_line_ = line;
    const uint64_t paddr = line * l1i_.line_bytes();
    if (l1i_.hit(paddr, false)) return;
    ++counters_.l1i_misses;
    wait_until(
        now() + l1i_latency_ +
        lower_
            .access(paddr, static_cast<unsigned>(l1i_.line_bytes()), LineRequest::fetch, now() + l1i_latency_)
            .cycles);
    l1i_.insert(paddr, Cache::shared);
    path_.share_with_code(paddr);
}

}  // namespace stile::model
