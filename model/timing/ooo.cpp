// SPDX-License-Identifier: Apache-2.0
#include "model/timing/ooo.h"

#include "model/timing/ports.h"

namespace stile::model {
namespace {

// A push or pop of a return capability.
OooUop domain_stack_uop(OooUop::Kind kind, const CoreConfig& c) {
    const auto cls = static_cast<size_t>(kind == OooUop::load ? isa::OpClass::load : isa::OpClass::store);
    OooUop u;
    u.kind = kind;
    u.ports = parse_ports(c.ooo.ports[cls]);
    u.latency = static_cast<uint32_t>(c.latency[cls]);
    u.forward = u.latency + static_cast<uint32_t>(c.ooo.forward);
    return u;
}

// Sixteen hold what the program can name.
unsigned beyond(unsigned registers) { return registers > 16 ? registers - 16 : 1; }

}  // namespace

OooTiming::OooTiming(const MachineConfig& c, const PhysicalMemory& memory, LowerMemory& lower,
                     const CpuState& state, Counters& counters)
    : config_(c.core),
      itlb_latency_(c.itlb.latency),
      l1i_latency_(c.l1i.latency),
      line_bytes_(c.l1d.line),
      counters_(counters),
      lower_(lower),
      l1i_("l1i", c.l1i),
      path_(c, lower, counters, &l1i_),
      translation_(c, memory, path_, state, counters),
      predictor_(c.core.predictor, counters),
      store_address_ports_(parse_ports(c.core.ooo.store_address_ports)),
      window_(std::max(1u, c.core.ooo.scheduler)),
      stores_(std::max(1u, c.core.store_buffer)),
      pushes_(std::max(1u, c.core.store_buffer)),
      rob_(c.core.ooo.rob),
      loads_(c.core.ooo.load_queue),
      branches_(c.core.ooo.branches),
      integers_(beyond(c.core.ooo.integer_registers)),
      vectors_(beyond(c.core.ooo.vector_registers)),
      supply_(c.core.ooo.decode_queue),
      uop_cache_(c.core.ooo.uop_cache.entries, c.core.ooo.uop_cache.ways),
      push_(domain_stack_uop(OooUop::store, c.core)),
      pop_(domain_stack_uop(OooUop::load, c.core)) {}

BlockCost OooTiming::block(const BlockRun& run, const MemLog& log) {
    if (!started_) [[unlikely]]
        begin();
    keep_up();
    const Cycles start = retired_;
    refill_ = 0;
    if (counters_.apl_transfer_lookups != lookups_) [[unlikely]]
        wait_for_transfer();
    translation_.begin_block(log);
    auto* block = static_cast<OooBlock*>(*run.slot);
    if (!block) [[unlikely]]
        *run.slot = block = new OooBlock(make_ooo_block(*run.code, config_, run.paddr));
    block_vaddr_ = run.vaddr;
    path_.in_block(run.vaddr);

    fetch(run, *block);
    OooBlock changed;
    if (!variants_.empty()) [[unlikely]] {
        changed = varied(*block, config_, 0);
        block = &changed;
    }
    const MemEvent* event = log.e;
    const MemEvent* const events_end = log.e + log.n;
    // Almost always nothing in the block meets a full structure: then none is asked.
    if (room_for(*block)) [[likely]]
        run_uops<false>(*block, run.uops_done, event, events_end);
    else
        run_uops<true>(*block, run.uops_done, event, events_end);
    // What a string instruction had done before it faulted.
    if (event != events_end) [[unlikely]]
        retire(stream(event, events_end, 0, retired_));
    if (translation_.walks_left()) [[unlikely]] {
        const Cycles done = translation_.other_walks(log, retired_);
        retire({done, done - retired_});
    }
    slots_ += block->slots;
    if (run.branch.kind != BranchKind::none) redirect(run);
    translation_.forget();
    return end(start);
}

BlockCost OooTiming::event(isa::OpClass cls, const MemLog& log) {
    if (!started_) begin();
    keep_up();
    const Cycles start = retired_;
    refill_ = 0;
    translation_.begin_event();
    if (cls == isa::OpClass::codoms) {
        domain_stack(log);
        return end(start);
    }
    if (!log.walks.empty()) {
        const Cycles done = translation_.other_walks(log, retired_);
        retire({done, done - retired_});
    }
    // Delivery finds the pipeline empty and begins anew at the handler.
    const Cycles empty = std::max(retired_, path_.drained());
    const Done done = stream(log.e, log.e + log.n, 0, empty);
    retire({done.complete + config_.latency[static_cast<size_t>(cls)] + l1i_latency_ + itlb_latency_,
            done.walk});
    restart(retired_);
    translation_.adopt();
    return end(start);
}

// By value, so that compilers need no branch for it.
static inline Cycles later(Cycles a, Cycles b) { return a > b ? a : b; }

inline bool OooTiming::room_for(const OooBlock& block) const {
    const Cycles t = std::max(front_, dispatched_);
    return rob_.room_for(block.slots) <= t && loads_.room_for(block.loads) <= t &&
           branches_.room_for(block.branches) <= t && integers_.room_for(block.integers) <= t &&
           vectors_.room_for(block.vectors) <= t;
}

template <bool crowded>
inline void OooTiming::run_uops(const OooBlock& block, unsigned uops_done, const MemEvent*& event,
                                const MemEvent* end) {
    for (const OooUop& u : block.uops) {
        if (u.uop >= uops_done) [[unlikely]]
            break;
        step<crowded>(u, event, end);
    }
}

// The cycle of dispatch.
template <bool crowded>
inline Cycles OooTiming::dispatch(const OooUop& u) {
    Cycles t = later(front_, dispatched_);
    if constexpr (crowded) {
        if (!u.fused) t = later(t, rob_.room());
        if (u.kind == OooUop::load) t = later(t, loads_.room());
        if (u.file == OooUop::integer) t = later(t, integers_.room());
        if (u.file == OooUop::vector) t = later(t, vectors_.room());
        if (u.is_branch) t = later(t, branches_.room());
    }
    if (u.kind == OooUop::store) t = later(t, path_.buffer_free());
    if (u.kind != OooUop::gone) t = window_.room(t);
    unsigned group = t > dispatched_ ? 0 : in_group_;
    if (!u.fused) {
        if (++group > config_.ooo.width) {
            group = 1;
            ++t;
            if (u.kind != OooUop::gone) t = window_.room(t);
        }
        supply_.dispatched(t);
    }
    in_group_ = group;
    dispatched_ = t;
    return t;
}

inline Cycles OooTiming::sources_ready(const OooUop& u, Cycles t) const {
    const Cycles a = ready_[u.source[0]], b = ready_[u.source[1]], c = ready_[u.source[2]],
                 d = ready_[u.source[3]];
    return later(later(t, later(a, b)), later(c, d));
}

inline void OooTiming::finish(const OooUop& u, Cycles ready) {
    ready_[u.result[0]] = ready;
    ready_[u.result[1]] = ready;
    ready_[u.result[2]] = ready;
    if (u.is_branch) resolved_ = ready;
}

// In order; what of the wait was a page walk is told apart.
inline void OooTiming::retire(const OooUop& u, Done done) {
    const Cycles before = retired_;
    Cycles now = later(before, done.complete);
    unsigned group = now > before ? 0 : retired_in_group_;
    if (done.walk + front_walk_) [[unlikely]] {
        refill_ += std::min(now - before, done.walk + front_walk_);
        front_walk_ = 0;
    }
    if (!u.fused) {
        if (++group > config_.ooo.retire) {
            group = 1;
            ++now;
        }
        rob_.add(now);
    }
    retired_in_group_ = group;
    retired_ = now;
    if (u.kind == OooUop::load) loads_.add(now);
    if (u.file == OooUop::integer) integers_.add(now);
    if (u.file == OooUop::vector) vectors_.add(now);
    if (u.is_branch) branches_.add(now);
}

void OooTiming::retire(Done done) { retire(OooUop{}, done); }

// A crossing's use of the domain capability stack: a micro-op that the front end adds to the transfer, and
// that moves an entry at once (our choice: the path to the data cache is as wide as a capability). The
// stack's pointer is kept in the front end, like that of the ordinary stack, so that nothing waits for an
// operand. A popped capability is compared before anything younger retires.
void OooTiming::domain_stack(const MemLog& log) {
    if (!log.walks.empty()) {
        const Cycles begun = std::max(front_, supply_.now()), done = translation_.other_walks(log, begun);
        front_walk_ += done - begun;
        restart(done);
    }
    for (const MemEvent* e = log.e; e != log.e + log.n; ++e) {
        if (e->kind > MemKind::store)
            retire(stream(e, e + 1, 0, retired_));
        else if (e->kind == MemKind::store)
            push(*e);
        else
            pop(*e);
    }
}

// Pushes and pops meet each other only: no ordinary load or store goes to capability storage, so that the two
// kinds need not be compared (our choice: a bit in the store queue).
void OooTiming::push(const MemEvent& e) {
    const Cycles ready = dispatch<true>(push_) + 1;
    const Cycles known = window_.issue(ready, store_address_ports_), data = window_.issue(ready, push_.ports);
    retire(push_, {std::max(known, data) + push_.latency, 0});
    const Translation::Result r = translation_.data(e.vaddr, known + 1);
    const Cycles translated = std::max(known + 1, r.done) + r.extra;
    path_.store(e.paddr, e.bytes, translated, std::max(translated, retired_));
    pushes_.add({e.paddr, e.bytes, known + 1, data, path_.drained()});
}

void OooTiming::pop(const MemEvent& e) {
    const Cycles issue = window_.issue(dispatch<true>(pop_) + 1, pop_.ports);
    const Translation::Result r = translation_.data(e.vaddr, issue);
    const Cycles walked = std::max(issue, r.done), t = walked + r.extra;
    Cycles complete;
    if (const StoreQueue::Store* s = pushes_.find(e.paddr, e.bytes, t).store) {
        ++counters_.l1d_accesses;
        complete = std::max({t, s->known, s->data}) + pop_.forward;
    } else {
        complete = path_.load(e.paddr, e.bytes, t) + pop_.latency;
    }
    retire(pop_, {complete, walked - issue});
}

template <bool crowded>
[[gnu::always_inline]] inline void OooTiming::step(const OooUop& u, const MemEvent*& event,
                                                   const MemEvent* last) {
    const Cycles t = dispatch<crowded>(u);
    Done done;
    switch (u.kind) {
        case OooUop::plain: {
            Cycles ready = sources_ready(u, t + 1);
            if (u.busy > 1) [[unlikely]]
                ready = later(ready, unit_free_[u.unit]);
            const Cycles issue = window_.issue(ready, u.ports);
            if (u.busy > 1) [[unlikely]]
                unit_free_[u.unit] = issue + u.busy;
            done.complete = issue + u.latency;
            break;
        }
        case OooUop::load: {
            orphans(u, event, last, t);
            const Cycles issue = window_.issue(later(sources_ready(u, t + 1), barrier_), u.ports);
            done = load(u, issue, event, last);
            break;
        }
        case OooUop::store: {
            orphans(u, event, last, t);
            Cycles known = t + 1;
            for (unsigned i = 0; i < u.address_sources; ++i) known = later(known, ready_[u.source[i]]);
            known = window_.issue(known, store_address_ports_);
            const Cycles data = window_.issue(sources_ready(u, t + 1), u.ports);
            done.complete = later(known, data) + u.latency;
            finish(u, done.complete);
            retire(u, done);
            commit_stores(u, known + 1, data, event, last);
            return;
        }
        case OooUop::gone:
            finish(u, sources_ready(u, t));
            done.complete = t + 1;
            retire(u, done);
            return;
        default:
            orphans(u, event, last, t);
            done = microcode(u, sources_ready(u, t + 1), event, last);
            break;
    }
    finish(u, done.complete);
    retire(u, done);
}

// Accesses of earlier instructions of which no micro-op is known to make them.
inline void OooTiming::orphans(const OooUop& u, const MemEvent*& event, const MemEvent* last, Cycles t) {
    if (event == last || event->insn >= u.insn) [[likely]]
        return;
    const MemEvent* const first = event;
    while (event != last && event->insn < u.insn) ++event;
    hold_front(stream(first, event, 0, t).complete);
}

OooTiming::Done OooTiming::load(const OooUop& u, Cycles issue, const MemEvent*& event, const MemEvent* last) {
    Done done{issue, 0};
    uint64_t next_page = 0;
    while (event != last && event->insn == u.insn && event->kind != MemKind::store) {
        const MemEvent& e = *event++;
        if (e.kind != MemKind::load) [[unlikely]] {
            done.complete = std::max(done.complete, device(e, std::max(issue, retired_)) + u.latency);
        } else {
            Cycles start = issue;
            if (e.vaddr == next_page) [[unlikely]]
                start = window_.issue(issue + config_.ooo.page_split, u.ports);
            next_page = (e.vaddr | 0xfff) + 1 == e.vaddr + e.bytes ? e.vaddr + e.bytes : 0;
            const Translation::Result r = translation_.data(e.vaddr, start);
            const Cycles walked = std::max(start, r.done);
            done.walk += walked - start;
            done.complete = std::max(done.complete, load_data(u, e, walked + r.extra));
            if (r.late != 0) [[unlikely]]
                done.complete = std::max(done.complete, walked + r.extra + r.late);
        }
        if (!u.last_access) break;
    }
    return done;
}

// When the data of a load is there whose address is translated at t.
inline Cycles OooTiming::load_data(const OooUop& u, const MemEvent& e, Cycles t) {
    const StoreQueue::Meeting met = stores_.find(e.paddr, e.bytes, t);
    if (met.store || met.alias) [[unlikely]]
        return load_met(u, e, t, met);
    return cached(u, e, t);
}

BlockCost OooTiming::end(Cycles start) {
    const Cycles total = retired_ - start;
    return {total, std::min(refill_, total)};
}

void OooTiming::begin() {
    started_ = true;
    translation_.adopt();
    lookups_ = counters_.apl_transfer_lookups;
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
