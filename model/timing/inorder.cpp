// SPDX-License-Identifier: Apache-2.0
#include "model/timing/inorder.h"

#include <algorithm>
#include <memory>

#include "model/timing/memory_runs.h"

namespace stile::model {

InorderTiming::InorderTiming(const MachineConfig& c, const PhysicalMemory& memory, LowerMemory& lower,
                             const CpuState& state, Counters& counters)
    : config_(c.core),
      itlb_latency_(c.itlb.latency),
      l1i_latency_(c.l1i.latency),
      fetch_slots_((l1i_latency_ + itlb_latency_) << slot_bits),
      hit_(c.dtlb.latency + c.l1d.latency),
      counters_(counters),
      lower_(lower),
      l1i_("l1i", c.l1i),
      path_(c, lower, counters, &l1i_),
      translation_(c, memory, path_, state, counters),
      predictor_(c.core.predictor, counters) {}

void InorderTiming::issue_varied(const InorderBlock& block, unsigned uops_done, const MemLog& log) {
    use_board();
    touched_.add(block.written);
    if (variants_.empty()) [[likely]]
        issue_all(block, 0, uops_done, log, log.e);
    else
        issue_all(varied<TimedBlock>(block, config_, slot_bits), 0, uops_done, log, log.e);
}

// From micro-op `from` on, whose first memory event is `event`.
void InorderTiming::issue_all(const TimedBlock& block, size_t from, unsigned uops_done, const MemLog& log,
                              const MemEvent* event) {
    const MemEvent* const events_end = log.e + log.n;
    const TimedUop* const end_uop = block.uops.data() + block.uops.size();
    IssueSlots at = at_;
    for (const TimedUop* u = block.uops.data() + from; u != end_uop && u->uop < uops_done; ++u)
        at = issue(*u, at, event, events_end);
    at_ = at;
    // What a string instruction had done before it faulted.
    if (event != events_end) [[unlikely]]
        wait_until(now() + stream(event, events_end, 0));
}

BlockCost InorderTiming::event(isa::OpClass cls, const MemLog& log) {
    if (!started_) begin();
    keep_up();
    const Cycles start = now();
    refill_ = 0;
    translation_.begin_event();
    if (!log.walks.empty()) wait_for_walk(translation_.other_walks(log, now()));
    if (cls == isa::OpClass::codoms) {
        domain_stack(log);
        return end(start);
    }
    use_board();
    wait_until(all_ready());
    const Cycles memory = stream(log.e, log.e + log.n, 0);
    wait_until(now() + config_.latency[static_cast<size_t>(cls)] + memory + l1i_latency_ + itlb_latency_);
    translation_.adopt();
    return end(start);
}

// A crossing's use of the domain capability stack: a load or store beside the transfer, which moves an entry
// at once (our choice: the path to the data cache is as wide as a capability). Like after any load, what
// follows a pop goes on before its data is there.
void InorderTiming::domain_stack(const MemLog& log) {
    for (const MemEvent* e = log.e; e != log.e + log.n; ++e) {
        at_ = next_slot(at_, config_.width);
        if (e->kind == MemKind::store || e->kind == MemKind::mmio_store)
            store(*e);
        else
            load(*e);
        ++at_;
    }
}

// Microcode finds the pipeline empty, so its time is simply added. at_ is where the micro-op issues.
void InorderTiming::slow(const TimedUop& u, const MemEvent*& event, const MemEvent* last) {
    if (u.kind >= TimedUop::locked) wait_until(path_.drained());
    if (u.kind == TimedUop::serial) wait_until(all_ready());
    const MemEvent* const first = event;
    while (event != last && event->insn == u.insn) ++event;
    const Cycles memory = stream(first, event, u.element);
    // What serialises also fetches anew.
    const Cycles refetch = u.kind == TimedUop::serial ? l1i_latency_ + itlb_latency_ : 0;
    wait_until(now() + (u.latency >> slot_bits) + memory + refetch);
    finish(u, at_);
}

// `at`: the first free slot; returns the next one. Members are current only around calls that need them.
[[gnu::always_inline]] inline IssueSlots InorderTiming::issue(const TimedUop& u, IssueSlots at,
                                                              const MemEvent*& event, const MemEvent* last) {
    at = issue_slot(u, at, config_.width, ready_);
    if (u.kind == TimedUop::plain) [[likely]] {
        const IssueSlots ready = (at & ~slot_mask) + u.latency;
        finish(u, ready);
        if (u.is_branch) resolved_ = ready >> slot_bits;
        return at + 1;
    }
    at_ = at;
    if (event != last && event->insn < u.insn) [[unlikely]]
        unclaimed(u.insn, event, last);
    if (u.kind == TimedUop::load) [[likely]] {
        Cycles ready = now();
        while (event != last && event->insn == u.insn && event->kind != MemKind::store) {
            ready = std::max(ready, load(*event++));
            if (!u.last_access) break;
        }
        const IssueSlots result = (ready << slot_bits) + u.latency;
        last_load_ = std::max(last_load_, result);
        finish(u, result);
        if (u.is_branch) resolved_ = result >> slot_bits;
    } else if (u.kind == TimedUop::store) {
        while (event != last && event->insn == u.insn) {
            store(*event++);
            if (!u.last_access) break;
        }
        const IssueSlots result = (at_ & ~slot_mask) + u.latency;
        finish(u, result);
        if (u.is_branch) resolved_ = result >> slot_bits;
    } else {
        slow(u, event, last);
    }
    return at_ + 1;
}

// Accesses of earlier instructions of which no micro-op is known to make them.
void InorderTiming::unclaimed(uint8_t insn, const MemEvent*& event, const MemEvent* last) {
    const MemEvent* const first = event;
    while (event != last && event->insn < insn) ++event;
    wait_until(now() + stream(first, event, 0));
}

inline Cycles InorderTiming::load(const MemEvent& e) {
    if (e.kind != MemKind::load) [[unlikely]]
        return load_from_device(e);
    const Translation::Result r = translate(e.vaddr);
    const Cycles ready = path_.load(e.paddr, e.bytes, now() + r.extra, e.insn);
    return r.late == 0 ? ready : std::max(ready, now() + r.extra + r.late);
}

// Uncached accesses are strongly ordered.
Cycles InorderTiming::load_from_device(const MemEvent& e) {
    wait_until(path_.drained());
    wait_until(now() + lower_.access(e.paddr, e.bytes, LineRequest::mmio_read, now()).cycles);
    return now();
}

inline void InorderTiming::store(const MemEvent& e) {
    if (e.kind != MemKind::store) [[unlikely]]
        return wait_until(
            path_.post(now(), lower_.access(e.paddr, e.bytes, LineRequest::mmio_write, now()).cycles));
    const Translation::Result r = translate(e.vaddr);
    wait_until(path_.store(e.paddr, e.bytes, now() + r.extra + r.late) - r.extra - r.late);
}

// Cycles that runs of memory take beyond the fixed part of the instruction.
Cycles InorderTiming::stream(const MemEvent* first, const MemEvent* last, unsigned element) {
    if (first == last) return 0;
    Cycles devices = 0;
    MemoryRuns runs(now(), config_.string_fills);
    for (const MemEvent* e = first; e != last; ++e) {
        switch (e->kind) {
            case MemKind::load:
            case MemKind::store: {
                const bool write = e->kind == MemKind::store;
                const Translation::Result r = translate(e->vaddr);
                devices += r.extra + (r.late ? r.late - path_.hit_latency() : 0);
                runs.add(path_, e->paddr, e->bytes, write);
                break;
            }
            case MemKind::mmio_load:
                devices += lower_.access(e->paddr, e->bytes, LineRequest::mmio_read, now() + devices).cycles;
                break;
            case MemKind::mmio_store:
                devices += lower_.access(e->paddr, e->bytes, LineRequest::mmio_write, now() + devices).cycles;
                break;
        }
    }
    return devices + runs.cycles(path_, element);
}

Cycles InorderTiming::all_ready() const {
    return std::max(path_.drained(),
                    *std::max_element(ready_.begin(), ready_.begin() + PLACE_COUNT) >> slot_bits);
}

void InorderTiming::begin() {
    started_ = true;
    translation_.adopt();
    lookups_ = counters_.apl_transfer_lookups;
}

SnoopReply InorderTiming::snoop(uint64_t paddr, Snoop what) {
    SnoopReply reply = path_.snoop(paddr, what);
    if (what == Snoop::share) {
        reply.present |= l1i_.find(paddr).present;
    } else {
        reply.present |= l1i_.remove(paddr).present;
        if (fetch_line_ == l1i_.line_of(paddr)) fetch_line_ = ~0ull;
    }
    return reply;
}

void InorderTiming::release(void* slot) { delete static_cast<InorderBlock*>(slot); }

}  // namespace stile::model
