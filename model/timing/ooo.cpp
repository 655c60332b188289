// SPDX-License-Identifier: Apache-2.0
#include "model/timing/ooo.h"

#include "model/timing/memory_runs.h"
#include "model/timing/ports.h"

namespace stile::model {

OooTiming::OooTiming(const MachineConfig& c, const PhysicalMemory& memory, LowerMemory& lower,
                     const CpuState& state, Counters& counters)
    : config_(c.core),
      itlb_latency_(c.itlb.latency),
      l1i_latency_(c.l1i.latency),
      apl_latency_(c.apl_cache.latency),
      counters_(counters),
      lower_(lower),
      l1i_("l1i", c.l1i),
      path_(c, lower, counters, &l1i_),
      translation_(c, memory, path_, state, counters),
      predictor_(c.core.predictor, counters),
      store_address_ports_(parse_ports(c.core.ooo.store_address_ports)),
      window_(std::max(1u, c.core.ooo.scheduler)),
      stores_(std::max(1u, c.core.store_buffer)),
      rob_(std::max(1u, c.core.ooo.rob)),
      loads_(std::max(1u, c.core.ooo.load_queue)) {}

BlockCost OooTiming::block(const BlockRun& run, const MemLog& log) {
    if (!started_) [[unlikely]]
        begin();
    keep_up();
    const Cycles start = retired_;
    refill_ = 0;
    if (counters_.domain_crossings != crossings_) [[unlikely]] {
        hold_front(std::max(front_, dispatched_) + (counters_.domain_crossings - crossings_) * apl_latency_);
        crossings_ = counters_.domain_crossings;
    }
    auto* block = static_cast<OooBlock*>(*run.slot);
    if (!block) [[unlikely]]
        *run.slot = block = new OooBlock(make_ooo_block(*run.code, config_));
    block_vaddr_ = run.vaddr;
    path_.in_block(run.vaddr);

    fetch(run);
    const MemEvent* event = log.e;
    const MemEvent* const events_end = log.e + log.n;
    const bool whole = run.uops_done >= run.code->uops.size();
    for (const OooUop& u : block->uops) {
        if (!whole && u.uop >= run.uops_done) break;
        step(u, event, events_end);
    }
    // What a string instruction had done before it faulted.
    if (event != events_end) [[unlikely]]
        retire(stream(event, events_end, 0, retired_));
    if (run.branch.kind != BranchKind::none) redirect(run);
    translation_.forget();
    return end(start);
}

BlockCost OooTiming::event(isa::OpClass cls, const MemLog& log) {
    if (!started_) begin();
    keep_up();
    const Cycles start = retired_;
    refill_ = 0;
    if (cls == isa::OpClass::codoms) {
        // A crossing's use of the domain capability stack: an access beside the transfer, which nothing waits
        // for.
        for (const MemEvent* e = log.e; e != log.e + log.n; ++e) {
            const Cycles t = std::max(front_, dispatched_);
            if (e->kind == MemKind::store || e->kind == MemKind::mmio_store)
                path_.store(e->paddr, e->bytes, t);
            else
                path_.load(e->paddr, e->bytes, t);
        }
        return end(start);
    }
    // Delivery finds the pipeline empty and begins anew at the handler.
    const Cycles empty = std::max(retired_, path_.drained());
    const Done done = stream(log.e, log.e + log.n, 0, empty);
    retire({done.complete + config_.latency[static_cast<size_t>(cls)] + l1i_latency_ + itlb_latency_,
            done.walk});
    hold_front(retired_);
    return end(start);
}

// The cycle of dispatch.
inline Cycles OooTiming::dispatch(const OooUop& u) {
    Cycles t = std::max(front_, dispatched_);
    if (!u.fused) t = std::max(t, rob_[rob_at_]);
    if (u.kind == TimedUop::load) t = std::max(t, loads_[load_at_]);
    if (u.kind == TimedUop::store) t = std::max(t, path_.buffer_free());
    t = window_.room(t);
    if (t > dispatched_) {
        dispatched_ = t;
        in_group_ = 0;
    }
    if (!u.fused && ++in_group_ > config_.ooo.width) {
        in_group_ = 1;
        t = window_.room(++dispatched_);
        dispatched_ = t;
    }
    return t;
}

inline Cycles OooTiming::sources_ready(const OooUop& u, Cycles t) const {
    return std::max(std::max(t, std::max(ready_[u.source[0]], ready_[u.source[1]])),
                    std::max(ready_[u.source[2]], ready_[u.source[3]]));
}

inline void OooTiming::finish(const OooUop& u, Cycles ready) {
    ready_[u.result[0]] = ready;
    ready_[u.result[1]] = ready;
    ready_[u.result[2]] = ready;
    if (u.is_branch) resolved_ = ready;
}

// In order; what of the wait was a page walk is told apart.
inline void OooTiming::retire(Done done) {
    const Cycles before = retired_;
    if (done.complete > retired_) {
        retired_ = done.complete;
        retired_in_group_ = 0;
        if (done.walk) [[unlikely]]
            refill_ += std::min(retired_ - before, done.walk);
    }
    if (++retired_in_group_ > config_.ooo.retire) {
        retired_in_group_ = 1;
        ++retired_;
    }
}

inline void OooTiming::step(const OooUop& u, const MemEvent*& event, const MemEvent* last) {
    const Cycles t = dispatch(u);
    Done done;
    done.walk = front_walk_;
    front_walk_ = 0;
    if (event != last && event->insn < u.insn) [[unlikely]] {
        // Accesses of earlier instructions of which no micro-op is known to make them.
        const MemEvent* const first = event;
        while (event != last && event->insn < u.insn) ++event;
        hold_front(stream(first, event, 0, t).complete);
    }
    switch (u.kind) {
        case TimedUop::plain: {
            Cycles ready = sources_ready(u, t + 1);
            if (u.busy > 1) ready = std::max(ready, unit_free_[u.unit]);
            const Cycles issue = window_.issue(ready, u.ports);
            if (u.busy > 1) unit_free_[u.unit] = issue + u.busy;
            done.complete = issue + u.latency;
            break;
        }
        case TimedUop::load: {
            const Cycles issue = window_.issue(std::max(sources_ready(u, t + 1), barrier_), u.ports);
            const Done loaded = load(u, issue, event, last);
            done = {loaded.complete + u.latency, done.walk + loaded.walk};
            break;
        }
        case TimedUop::store: {
            Cycles known = t + 1;
            for (unsigned i = 0; i < u.address_sources; ++i) known = std::max(known, ready_[u.source[i]]);
            known = window_.issue(known, store_address_ports_);
            const Cycles data = window_.issue(sources_ready(u, t + 1), u.ports);
            done.complete = std::max(known, data) + u.latency;
            retire(done);
            finish(u, done.complete);
            commit_stores(u, known + 1, data + 1, event, last);
            rob_[rob_at_] = retired_;
            rob_at_ = rob_at_ + 1 == rob_.size() ? 0 : rob_at_ + 1;
            return;
        }
        default: {
            const Done slow = microcode(u, t, event, last);
            done = {slow.complete, done.walk + slow.walk};
            break;
        }
    }
    finish(u, done.complete);
    retire(done);
    if (u.kind == TimedUop::load) {
        loads_[load_at_] = retired_;
        load_at_ = load_at_ + 1 == loads_.size() ? 0 : load_at_ + 1;
    }
    if (!u.fused) {
        rob_[rob_at_] = retired_;
        rob_at_ = rob_at_ + 1 == rob_.size() ? 0 : rob_at_ + 1;
    }
}

// What microcode makes: the front end delivers nothing else until it is done. Locked instructions also wait
// until older stores are in the cache, and younger loads wait for them; serialising ones wait for everything.
OooTiming::Done OooTiming::microcode(const OooUop& u, Cycles t, const MemEvent*& event,
                                     const MemEvent* last) {
    Cycles at = sources_ready(u, t + 1);
    if (u.kind >= TimedUop::locked) at = std::max(at, path_.drained());
    if (u.kind == TimedUop::locked) at = std::max(at, retired_);
    if (u.kind == TimedUop::serial) at = std::max(at, std::max(retired_, path_.drained()));
    window_.wait_until(at);
    const MemEvent* const first = event;
    while (event != last && event->insn == u.insn) ++event;
    Done done = stream(first, event, u.element, at);
    done.complete += u.latency;
    if (u.kind == TimedUop::locked)
        barrier_ = std::max(barrier_, done.complete);
    else
        hold_front(done.complete);
    if (u.kind == TimedUop::serial) hold_front(done.complete + l1i_latency_ + itlb_latency_);
    return done;
}

OooTiming::Done OooTiming::load(const OooUop& u, Cycles issue, const MemEvent*& event, const MemEvent* last) {
    Done done{issue, 0};
    const uint64_t from = block_vaddr_ + u.uop;
    while (event != last && event->insn == u.insn && event->kind != MemKind::store) {
        const MemEvent& e = *event++;
        if (e.kind != MemKind::load) [[unlikely]] {
            done.complete = std::max(done.complete, device(e, std::max(issue, retired_)));
        } else {
            const Translation::Result r = translation_.data(e.vaddr, issue);
            const Cycles walked = std::max(issue, r.done);
            done.walk += walked - issue;
            done.complete = std::max(done.complete, load_data(e, walked + r.extra, from));
        }
        if (!u.last_access) break;
    }
    return done;
}

// When the data of a load is there whose address is translated at t.
inline Cycles OooTiming::load_data(const MemEvent& e, Cycles t, uint64_t from) {
    const StoreQueue::Store* s = stores_.find(e.paddr, e.bytes, t);
    if (!s) [[likely]]
        return path_.load(e.paddr, e.bytes, t, e.insn);
    if (s->known > t) {
        if (!stores_.should_wait(from)) {
            // It took the old value from the cache; the store finds that out, and all from the load on is
            // done again.
            stores_.violation(from);
            path_.load(e.paddr, e.bytes, t, e.insn);
            hold_front(s->known + config_.mispredict);
        }
        t = s->known;
    } else {
        stores_.waited_in_vain(from);
    }
    ++counters_.l1d_accesses;
    if (s->paddr <= e.paddr && e.paddr + e.bytes <= s->paddr + s->bytes)
        return std::max(t, s->data) + config_.ooo.forward;
    return std::max(t, s->drained) + config_.ooo.forward_blocked;
}

void OooTiming::commit_stores(const OooUop& u, Cycles known, Cycles data, const MemEvent*& event,
                              const MemEvent* last) {
    while (event != last && event->insn == u.insn) {
        const MemEvent& e = *event++;
        if (e.kind == MemKind::mmio_store) [[unlikely]] {
            path_.post(retired_, lower_.access(e.paddr, e.bytes, LineRequest::mmio_write, retired_).cycles);
        } else if (e.kind == MemKind::store) [[likely]] {
            const Translation::Result r = translation_.data(e.vaddr, known);
            const Cycles translated = std::max(known, r.done) + r.extra;
            path_.store(e.paddr, e.bytes, translated, std::max(translated, retired_));
            stores_.add({e.paddr, e.bytes, known, data, path_.drained()});
        }
        if (!u.last_access) break;
    }
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
        devices += r.extra;
        if (r.done > t + walks) walks = r.done - t;
        runs.add(path_, e->paddr, e->bytes, write);
    }
    return {t + walks + devices + runs.cycles(path_, element), walks};
}

void OooTiming::fetch(const BlockRun& run) {
    const Cycles now = std::max(front_, dispatched_);
    const Translation::Result r = translation_.fetch(run.vaddr, now);
    if (r.extra || r.done) [[unlikely]] {
        const Cycles there = std::max(now, r.done) + r.extra;
        if (r.done > now) front_walk_ += r.done - now;
        hold_front(there);
    }
    // The rest of an instruction that straddles a page comes from a page whose address is not known here.
    const uint64_t last = std::min(run.paddr + run.code->bytes - 1, run.paddr | 0xfff);
    for (uint64_t line = l1i_.line_of(run.paddr); line <= l1i_.line_of(last); ++line) {
        if (line == fetch_line_) continue;
        fetch_line_ = line;
        const uint64_t paddr = line * l1i_.line_bytes();
        if (l1i_.hit(paddr, false)) continue;
        ++counters_.l1i_misses;
        const Cycles missed = std::max(front_, dispatched_) + l1i_latency_;
        const auto bytes = static_cast<unsigned>(l1i_.line_bytes());
        hold_front(missed + lower_.access(paddr, bytes, LineRequest::fetch, missed).cycles);
        l1i_.insert(paddr, Cache::shared);
        path_.share_with_code(paddr);
    }
}

// A control transfer: what the front end loses.
void OooTiming::redirect(const BlockRun& run) {
    const auto verdict = predictor_.resolve(run.branch);
    if (verdict == BranchPredictor::Verdict::wrong) {
        hold_front(resolved_ + config_.mispredict + l1i_latency_ + itlb_latency_);
        return;
    }
    if (verdict == BranchPredictor::Verdict::late_target) hold_front(dispatched_ + config_.resteer);
    if (run.branch.taken) {
        hold_front(dispatched_ + l1i_latency_ + itlb_latency_);
        in_group_ = config_.ooo.width;  // a group ends at a taken branch
    }
}

BlockCost OooTiming::end(Cycles start) {
    translation_.adopt();
    const Cycles total = retired_ - start;
    return {total, std::min(refill_, total)};
}

void OooTiming::begin() {
    started_ = true;
    translation_.adopt();
    crossings_ = counters_.domain_crossings;
}

SnoopReply OooTiming::snoop(uint64_t paddr, Snoop what) {
    SnoopReply reply = path_.snoop(paddr, what);
    if (what == Snoop::share) {
        reply.present |= l1i_.find(paddr).present;
    } else {
        reply.present |= l1i_.remove(paddr).present;
        if (fetch_line_ == l1i_.line_of(paddr)) fetch_line_ = ~0ull;
    }
    return reply;
}

void OooTiming::release(void* slot) { delete static_cast<OooBlock*>(slot); }

}  // namespace stile::model
