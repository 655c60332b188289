// SPDX-License-Identifier: Apache-2.0
//
// Loads that meet stores, stores on their way to the cache, and what microcode does to memory.
#include "model/timing/memory_runs.h"
#include "model/timing/ooo.h"

namespace stile::model {

// A load across two lines takes its port twice.
Cycles OooTiming::cached(const OooUop& u, const MemEvent& e, Cycles t) {
    const uint64_t room = line_bytes_ - (e.paddr & (line_bytes_ - 1));
    if (e.bytes <= room) [[likely]]
        return path_.load(e.paddr, e.bytes, t, e.insn) + u.latency;
    const auto first = static_cast<unsigned>(room);
    const Cycles ready = path_.load(e.paddr, first, t, e.insn);
    const Cycles again = window_.issue(t + config_.ooo.line_split, u.ports);
    return std::max(ready, path_.load(e.paddr + first, e.bytes - first, again, e.insn)) + u.latency;
}

Cycles OooTiming::load_met(const OooUop& u, const MemEvent& e, Cycles t, StoreQueue::Meeting met) {
    if (met.alias) return cached(u, e, t + config_.ooo.alias);
    const StoreQueue::Store& s = *met.store;
    const uint64_t from = block_vaddr_ + u.uop;
    if (s.known > t) {
        if (!stores_.should_wait(from)) {
            // It took the old value from the cache; the store finds that out, and all from the load on is
            // done again.
            stores_.violation(from);
            path_.load(e.paddr, e.bytes, t, e.insn);
            restart(s.known + config_.mispredict);
            refilling_ = true;
        }
        t = s.known;
    } else {
        stores_.waited_in_vain(from);
    }
    ++counters_.l1d_accesses;
    if (s.paddr <= e.paddr && e.paddr + e.bytes <= s.paddr + s.bytes) return std::max(t, s.data) + u.forward;
    return std::max(t, s.drained) + config_.ooo.forward_blocked;
}

void OooTiming::commit_stores(const OooUop& u, Cycles known, Cycles data, const MemEvent*& event,
                              const MemEvent* last) {
    while (event != last && event->insn == u.insn) {
        const MemEvent& e = *event++;
        if (e.kind == MemKind::mmio_store) [[unlikely]] {
            path_.post(retired_, lower_.access(e.paddr, e.bytes, LineRequest::mmio_write, retired_).cycles);
        } else if (e.kind == MemKind::store) [[likely]] {
            const Translation::Result r = translation_.data(e.vaddr, known);
            const Cycles translated = std::max(known, r.done) + r.extra + r.late;
            path_.store(e.paddr, e.bytes, translated, std::max(translated, retired_));
            stores_.add({e.paddr, e.bytes, known, data, path_.drained()});
        }
        if (!u.last_access) break;
    }
}

// What microcode makes: the front end delivers nothing else until it is done, except behind locked
// instructions.
OooTiming::Done OooTiming::microcode(const OooUop& u, Cycles at, const MemEvent*& event,
                                     const MemEvent* last) {
    if (u.kind >= OooUop::locked) at = std::max(at, retired_);
    if (u.drains) at = std::max(at, path_.drained());
    window_.wait_until(at);
    const MemEvent* const first = event;
    while (event != last && event->insn == u.insn) ++event;
    Done done = stream(first, event, u.element, at);
    done.complete += u.latency;
    if (u.kind == OooUop::locked)
        barrier_ = std::max(barrier_, done.complete);
    else if (u.kind == OooUop::serial)
        restart(done.complete + l1i_latency_ + itlb_latency_);
    else
        hold_front(done.complete);
    return done;
}

// Uncached accesses are strongly ordered.
Cycles OooTiming::device(const MemEvent& e, Cycles t) {
    t = std::max(t, path_.drained());
    return t + lower_.access(e.paddr, e.bytes, LineRequest::mmio_read, t).cycles;
}

// Runs of memory from t on.
OooTiming::Done OooTiming::stream(const MemEvent* first, const MemEvent* last, unsigned element, Cycles t) {
    if (first == last) return {t, 0};
    Cycles devices = 0, walks = 0;
    MemoryRuns runs(t, config_.string_fills);
    for (const MemEvent* e = first; e != last; ++e) {
        if (e->kind == MemKind::mmio_load || e->kind == MemKind::mmio_store) {
            const auto request =
                e->kind == MemKind::mmio_load ? LineRequest::mmio_read : LineRequest::mmio_write;
            devices += lower_.access(e->paddr, e->bytes, request, t + walks + devices).cycles;
            continue;
        }
        const bool write = e->kind == MemKind::store;
        const Translation::Result r = translation_.data(e->vaddr, t + walks);
        devices += r.extra + (r.late ? r.late - path_.hit_latency() : 0);
        if (r.done > t + walks) walks = r.done - t;
        runs.add(path_, e->paddr, e->bytes, write);
    }
    return {t + walks + devices + runs.cycles(path_, element), walks};
}

}  // namespace stile::model
