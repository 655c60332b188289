// SPDX-License-Identifier: Apache-2.0
#include "model/timing/data_path.h"

namespace stile::model {

DataPath::DataPath(const MachineConfig& config, LowerMemory& lower, Counters& counters, Cache* code)
    : cache_("l1d", config.l1d),
      code_(code),
      latency_(config.l1d.latency),
      lower_(lower),
      counters_(counters),
      prefetcher_(config.l1d_prefetch, cache_.line_bytes()),
      buffers_(config.core.fill_buffers),
      fills_(std::max(1u, config.core.fill_buffers)),
      stores_(std::max(1u, config.core.store_buffer)) {}

// Asks the levels below for the line, or for the right to write to it if it is present. `at`: when that is
// known. What had its place leaves at the same moment: it moves out of the way.
Cycles DataPath::request(uint64_t paddr, bool write, bool present, Cycles at) {
    const auto bytes = static_cast<unsigned>(cache_.line_bytes());
    const uint64_t line = paddr & ~(cache_.line_bytes() - 1);
    ++(present ? counters_.l1d_upgrades : counters_.l1d_misses);
    const LineRequest what = present ? LineRequest::upgrade
                             : write ? LineRequest::read_for_ownership
                                     : LineRequest::read;
    const LineReply reply = lower_.access(line, bytes, what, at);
    if (write && code_) code_->remove(line);
    if (present && cache_.change(line, Cache::dirty, Cache::shared)) {
        cache_.use(line);
        return reply.cycles;
    }
    bring_in(line, write ? Cache::dirty : read_as(line, reply), at);
    return reply.cycles;
}

void DataPath::bring_in(uint64_t line, uint64_t marks, Cycles at) {
    const Cache::Victim victim = cache_.insert(line, marks);
    const auto bytes = static_cast<unsigned>(cache_.line_bytes());
    if (victim.dirty) lower_.access(victim.line, bytes, LineRequest::writeback, at);
}

// The state of a line that was read: not to be written without asking if another core or the instruction
// cache has it.
uint64_t DataPath::read_as(uint64_t line, const LineReply& reply) const {
    const bool alone = reply.exclusive && !(code_ && code_->find(line).present);
    return alone ? Cache::clean : Cache::shared;
}

// What does not simply hit: a miss, a write to a shared line, the first use of a prefetched one.
Cycles DataPath::attend(uint64_t paddr, Cycles t, bool write, unsigned insn) {
    const Cache::Found found = cache_.find(paddr);
    Cycles there = t + latency_;
    if (found.is(Cache::prefetched)) there = std::max(there, use_prefetched(paddr, there));
    if (found.present && !(write && found.is(Cache::shared))) {
        cache_.hit(paddr, write);
    } else {
        const Cycles at = buffers_.room(t) + latency_;
        there = std::max(there, at + request(paddr, write, found.present, at));
        // A shared line may be read while it waits for the right to be written.
        fill(found.present ? ~0ull : cache_.line_of(paddr), there);
    }
    if (!write && insn != nobody && prefetcher_.on()) train(paddr, insn, t + latency_);
    return there;
}

// When a prefetched line is there that is used for the first time at t.
Cycles DataPath::use_prefetched(uint64_t paddr, Cycles t) {
    cache_.change(paddr, 0, Cache::prefetched);
    ++counters_.l1d_prefetches_useful;
    const Cycles ready = pending(paddr);
    if (ready > t) ++counters_.l1d_prefetches_late;
    return ready;
}

void DataPath::train(uint64_t paddr, unsigned insn, Cycles at) {
    const L1Prefetcher::Wish wish = prefetcher_.observe(paddr, block_ + insn);
    if (wish.next_line != L1Prefetcher::nothing) prefetch(wish.next_line, at);
    if (wish.stride != L1Prefetcher::nothing) prefetch(wish.stride, at);
}

void DataPath::prefetch(uint64_t paddr, Cycles at) {
    if (cache_.find(paddr).present) return;
    if (buffers_.room(at) > at) return;
    ++counters_.l1d_prefetches;
    const auto bytes = static_cast<unsigned>(cache_.line_bytes());
    const uint64_t line = paddr & ~(cache_.line_bytes() - 1);
    const LineReply reply = lower_.access(line, bytes, LineRequest::prefetch, at);
    bring_in(line, Cache::prefetched | read_as(line, reply), at);
    fill(cache_.line_of(paddr), at + reply.cycles);
}

void DataPath::fill(uint64_t line, Cycles ready) {
    fills_[buffers_.hold(line, ready)] = {line, ready};
    last_fill_ = std::max(last_fill_, ready);
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
        if (cache_.hit(line, write)) continue;
        const Cycles at = t + latency_ + misses / overlap;
        const Cache::Found found = cache_.find(line);
        Cycles late = 0;
        if (found.is(Cache::prefetched)) late = std::max(at, use_prefetched(line, at)) - at;
        if (found.present && !(write && found.is(Cache::shared)))
            cache_.hit(line, write);
        else
            late = std::max(late, request(line, write, found.present, at));
        misses += late;
    }
    return misses;
}

SnoopReply DataPath::snoop(uint64_t paddr, Snoop what) {
    const Cache::Found found = what == Snoop::invalidate ? cache_.remove(paddr) : cache_.find(paddr);
    if (what == Snoop::share && found.present) cache_.change(paddr, Cache::shared, Cache::dirty);
    return {found.present, found.is(Cache::dirty)};
}

}  // namespace stile::model
