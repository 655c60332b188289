// SPDX-License-Identifier: Apache-2.0
#include "model/timing/data_path.h"

namespace stile::model {

DataPath::DataPath(const MachineConfig& config, LowerMemory& lower, Counters& counters)
    : cache_("l1d", config.l1d),
      latency_(config.l1d.latency),
      lower_(lower),
      counters_(counters),
      fills_(std::max(1u, config.core.fill_buffers)),
      stores_(std::max(1u, config.core.store_buffer)) {}

// `at`: when the miss is known.
Cycles DataPath::request(uint64_t paddr, bool write, Cycles at) {
    ++counters_.l1d_misses;
    const unsigned bytes = static_cast<unsigned>(cache_.line_bytes());
    const uint64_t line = paddr & ~(cache_.line_bytes() - 1);
    Cycles cycles =
        lower_.access(line, bytes, write ? LineRequest::read_for_ownership : LineRequest::read, at).cycles;
    const uint64_t victim = cache_.fill(paddr, write);
    if (victim != Cache::no_line)
        cycles += lower_.access(victim, bytes, LineRequest::writeback, at + cycles).cycles;
    return cycles;
}

Cycles DataPath::miss(uint64_t paddr, Cycles t, bool write) {
    auto slot = std::min_element(fills_.begin(), fills_.end(),
                                 [](const Fill& a, const Fill& b) { return a.ready < b.ready; });
    t = std::max(t, slot->ready);
    const Cycles ready = t + latency_ + request(paddr, write, t + latency_);
    *slot = {cache_.line_of(paddr), ready};
    last_fill_ = std::max(last_fill_, ready);
    return ready;
}

Cycles DataPath::pending(uint64_t paddr) const {
    for (const Fill& f : fills_)
        if (f.line == cache_.line_of(paddr)) return f.ready;
    return 0;
}

Cycles DataPath::stream(uint64_t paddr, uint64_t bytes, bool write, Cycles t, Cycles overlap) {
    Cycles misses = 0;
    const uint64_t step = cache_.line_bytes();
    for (uint64_t line = paddr & ~(step - 1); line < paddr + bytes; line += step) {
        ++counters_.l1d_accesses;
        if (!cache_.hit(line, write)) misses += request(line, write, t + latency_ + misses / overlap);
    }
    return misses;
}

}  // namespace stile::model
