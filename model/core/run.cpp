// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "abi/marker.h"
#include "model/core/core_impl.h"
#include "model/core/page_walker.h"

namespace stile::model {

// `uops` of the block's micro-ops were executed, `instructions` of its instructions retired.
[[gnu::always_inline]] inline void Core::Impl::account(Block& b, unsigned instructions, unsigned uops) {
    counters.instructions += instructions;
    counters.uops += uops;
    if (b.cpl == 0) counters.kernel_instructions += instructions;
    if (!active) {
        counters.cycles += instructions;
        counters.phase[static_cast<size_t>(in_tick ? Phase::other : b.phase)] += instructions;
        return;
    }
    // Field by field: stores joined by the compiler would be read back before they are done.
    BlockRun run;
    run.code = &b.code;
    run.slot = &b.slot;
    run.vaddr = s.r[isa::PCBASE];
    run.paddr = b.paddr;
    run.uops_done = uops;
    if (uops == b.uops && b.branch != BranchKind::none) {
        run.branch.kind = b.branch;
        run.branch.taken = taken;
        run.branch.from = run.vaddr + b.last_offset;
        run.branch.next = run.vaddr + b.code.bytes;
        run.branch.target = target;
    }
    const BlockCost cost = active->block(run, log);
    log.clear();
    spend(cost, b.phase);
    if (!buffer) return;
    if (b.drains)
        buffer->drain();
    else
        buffer->boundary(counters.cycles, active->stores_drained());
}

// What the hardware does by itself. Without a timing model it takes one cycle, so that no chain of such
// events stands still in time.
void Core::Impl::hardware_event(isa::OpClass cls, Phase phase) {
    BlockCost cost{1, 0};
    if (active) {
        cost = active->event(cls, log);
        log.clear();
    }
    spend(cost, phase);
}

void Core::Impl::on_marker(const Uop& u) {
    const auto code = static_cast<uint32_t>(u.imm);
    if (code >= 0x100 && s.cpl != 0) return;
    if (code == STILE_MARK_K_SWITCH) ++counters.context_switches;
    if (code == STILE_MARK_K_TICK_BEGIN) in_tick = true;
    if (code == STILE_MARK_K_TICK_END) in_tick = false;
    if (observer) observer->marker(self, code, s.r[isa::RDI], s.r[isa::RSI], s.r[isa::RDX]);
}

// The running block tells whose the spent ones were: a chain stays in one ring and one phase.
void Core::Impl::settle() {
    if (spent == 0) return;
    const uint64_t instructions = static_cast<uint32_t>(spent);
    counters.instructions += instructions;
    counters.uops += spent >> 32;
    if (block->cpl == 0) counters.kernel_instructions += instructions;
    counters.cycles += instructions;
    counters.phase[static_cast<size_t>(in_tick ? Phase::other : block->phase)] += instructions;
    spent = 0;
    set_limit();
}

// The upper bound keeps the host's stack short where handlers have frames (next_unwound), and both halves of
// `spent` from overflowing. Going back to execute() so often costs 1 %.
void Core::Impl::set_limit() {
    limit = static_cast<uint32_t>(horizon > counters.cycles ? std::min<Cycles>(horizon - counters.cycles, 512)
                                                            : 0);
}

// Runs b and what follows it until something needs the boundary: time, an exit that is not a plain jump, or
// a target that is not at hand.
void Core::Impl::execute(Block* b) {
    uint64_t pc = s.rip;
    for (;;) {
        block = b;
        s.r[isa::PCBASE] = pc;
        if (active)
            __builtin_prefetch(b->slot);
        else
            set_limit();  // of chains
        const Uop* u = b->first;
        do u = reinterpret_cast<Handler>(const_cast<void*>(u->handler))(*this, u);
        while (u);
        if (spent != 0) settle();
        b = block;
        pc = s.r[isa::PCBASE];

        if (__builtin_expect(exit > Exit::indirect, 0)) break;
        // While the timing model works.
        const auto probable = reinterpret_cast<uintptr_t>(b->link[taken]);
        for (size_t line = 0; line < sizeof(Block); line += 64)
            __builtin_prefetch(reinterpret_cast<const void*>(probable + line));
        account(*b, b->instructions, b->uops);
        if (__builtin_expect(counters.cycles >= horizon, 0)) break;
        if (exit == Exit::direct && b->link[taken]) {
            if (b->link[taken]->ordered && has_company() && timed()) break;
            pc = target;
            b = b->link[taken];
            continue;
        }
        const Jump& jump = jump_entry(*this, target);
        if (jump.target != target || jump.stamp != stamp) break;
        Block* to = jump.block;
        // Chains stay in one phase.
        if (exit == Exit::direct && !b->dead && (timed() || to->phase == b->phase)) {
            if ((target ^ pc) < 0x1000 && !b->code.straddles && !to->code.straddles)
                b->link[taken] = to;
            else
                b->far = jump;
        }
        // Others catch up before a locked instruction.
        if (to->ordered && has_company() && timed()) break;
        pc = target;
        b = to;
    }

    const uint64_t start = s.r[isa::PCBASE];
    from_rip = start + b->last_offset;
    const unsigned size = b->uops;
    switch (exit) {
        case Exit::direct:
        case Exit::indirect:
            if (taken && !canonical(target))
                refuse_target(*b);
            else
                arrive_later();
            break;
        case Exit::serial:
            account(*b, b->instructions, size);
            arrive_later();
            break;
        case Exit::user:
            account(*b, b->instructions, size);
            s.rip = target;
            if (!protection->rules().saved_latch && (s.cd.control & 1)) {
                if (PageAttributes page; mmu_unit.probe(target, page))
                    s.cd.latch = {page.tag, STILE_XFER_SEQ, 0};
                sync();
            }
            from_rip = s.cd.latch.kind == STILE_XFER_SEQ ? target : saved_from_rip;
            break;
        case Exit::marker:
            account(*b, b->instructions, size);
            arrive_later();
            block = nullptr;
            drain_stores(*this);  // whoever listens or not
            on_marker(b->code.uops.back());
            break;
        case Exit::before:
        case Exit::fault: {
            const auto done = static_cast<unsigned>(at - b->first);
            s.rip = start + b->code.insns[at->insn].offset;
            const bool repeating = exit == Exit::before && partly_done;
            account(*b, at->insn, done + (repeating ? 1 : 0));
            // Nothing has retired: without a timing model a repetition would stand still in time.
            if (repeating && !active) spend({1, 0}, b->phase);
            partly_done = false;
            block = nullptr;
            if (exit == Exit::fault) exception(fault);
            break;
        }
        case Exit::trap:
            account(*b, b->instructions, size);
            s.rip = target;
            block = nullptr;
            software_interrupt(fault);
            break;
    }
    block = nullptr;
}

// The block's branch has been counted, and it may be a return, but nothing else of it has been done.
void Core::Impl::refuse_target(const Block& b) {
    const Uop& branch = b.code.uops.back();
    if (branch.op == Op::ret) s.r[isa::RSP] -= 8 + branch.imm;
    --counters.instructions;
    if (b.cpl == 0) --counters.kernel_instructions;
    s.rip = from_rip;
    exit = Exit::fault;
    block = nullptr;
    exception({VEC_GP, true, 0, 0});
}

void Core::Impl::adopt_model() {
    if (current == wanted) return;
    current = wanted;
    drop_all_code();
    active = current == CoreModel::functional ? nullptr : timing.get();
    use_store_buffer(active && current == CoreModel::ooo && config.cores > 1);
    log.on = active != nullptr;
    log.clear();
    if (active) active->resume();
}

void Core::Impl::use_store_buffer(bool on) {
    drain_stores(*this);
    if (on && !store_buffer)
        store_buffer = std::make_unique<StoreBuffer>(config.core.store_buffer, memory.host(0), mmu_unit);
    buffer = mmu_unit.store_buffer = on ? store_buffer.get() : nullptr;
}

void Core::Impl::tell_halted() {
    if (halt_told == s.halted) return;
    halt_told = s.halted;
    if (observer) observer->halted(self, halt_told);
}

// Halted. False: nothing can ever wake this core.
bool Core::Impl::wait_for_interrupt(Cycles until) {
    const Cycles wake = wake_time();
    if (wake == LocalApic::never) return false;
    wait_until(std::min(until, wake));
    return true;
}

// Interrupts wake it if they are enabled; other messages always do. Either may be here already: what comes in
// the shadow of sti is taken after the hlt behind it, and between the two run() may end.
Cycles Core::Impl::wake_time() const {
    const bool interruptible = !waits_for_start && (s.rflags_system & flag::IF);
    if (interruptible && apic.pending() >= 0) return counters.cycles;
    if (apic.message_waits() && !waits_for_start && !nmi_blocked) return counters.cycles;
    return from_reference(interruptible ? apic.next_event() : apic.next_arrival());
}

void Core::Impl::wait_until(Cycles cycle) {
    if (cycle <= counters.cycles) return;
    counters.phase[static_cast<size_t>(Phase::wait)] += cycle - counters.cycles;
    counters.cycles = cycle;
}

// By an interrupt: the clock runs again, then the interrupt is delivered.
void Core::Impl::wake() {
    if (std::exchange(s.halted, false) && active) hardware_event(isa::OpClass::sys_wake, Phase::wait);
}

// What other cores want of this one, interrupts apart.
void Core::Impl::take_messages() {
    if (apic.take_init()) {
        s = start;
        s.halted = false;
        f = {};
        apic.reset();
        protection->apl_invalidate(-1);
        mmu_unit.flush_all();
        if (timing) timing->flush_tlbs();
        std::ranges::copy(dr_at_reset, dr);
        nmi_blocked = in_tick = interrupt_shadow = false;
        from_rip = saved_from_rip = s.rip;
        waits_for_start = true;
        sync();
    }
    if (apic.take_start_up() && std::exchange(waits_for_start, false)) {
        s = start;
        sync();
    }
    if (!waits_for_start && !nmi_blocked && !interrupt_shadow && apic.take_nmi()) {
        nmi_blocked = true;
        wake();
        non_maskable_interrupt();
    }
}

// After an instruction that began with RFLAGS.TF set, unless it faulted, was a software interrupt (which
// cleared TF) or is a repeated one that is not done.
void Core::Impl::single_step_trap(unsigned ring) {
    if (exit == Exit::fault || exit == Exit::trap || exit == Exit::before) return;
    if (ring == 3 && s.cpl == 0 && !(s.rflags_system & flag::TF)) return;  // syscall, with TF in its mask
    constexpr uint64_t dr6_bs = 1 << 14;
    dr[6] |= dr6_bs;
    s.halted = false;
    exception({VEC_DB, false, 0, 0});
}

Stop Core::Impl::run(Cycles until) {
    for (;;) {
        sync();
        tell_halted();
        if (stop_requested) {
            stop_requested = false;
            drain_stores(*this);
            return why;
        }
        if (broken) return Stop::triple_fault;
        if (counters.cycles >= until) return Stop::until;
        if (std::exchange(catch_up, false)) return Stop::synchronise;
        adopt_model();
        cache.free_dropped(timing.get());
        apic.advance(to_reference(counters.cycles));
        if (apic.message_waits()) [[unlikely]]
            take_messages();
        const bool shadow = interrupt_shadow;
        interrupt_shadow = false;
        const int vector = apic.pending();
        if (vector >= 0 && !shadow && (s.rflags_system & flag::IF) && !waits_for_start) {
            wake();
            tell_halted();
            interrupt(static_cast<unsigned>(vector));
            continue;
        }
        if (s.halted || waits_for_start) {
            drain_stores(*this);
            if (complex) return Stop::halted;
            if (!wait_for_interrupt(until)) {
                reason = fmt::format("core {} halted at {:#x} with nothing that could wake it", id, s.rip);
                return Stop::idle_forever;
            }
            continue;
        }
        horizon = std::min<Cycles>(until, from_reference(apic.next_event()));
        // In the shadow of sti exactly one instruction runs before a pending interrupt is taken: a kernel
        // that opens a window with `sti; nop; cli` must find it open.
        const unsigned ring = s.cpl;
        const bool stepping = s.rflags_system & flag::TF;
        const bool single = stepping || (shadow && vector >= 0);
        if (single) horizon = 0;
        Fault refused;
        Block* b = enter(refused, single);
        if (!b) {
            exception(refused);
            continue;
        }
        // Others catch up before a locked instruction. A crossing that led here has been checked, and is not
        // again.
        if (b->ordered && complex && timed() && !single && !shadow && counters.cycles != caught_up) {
            caught_up = counters.cycles;
            return Stop::synchronise;
        }
        execute(b);
        if (stepping) single_step_trap(ring);
    }
}

}  // namespace stile::model
