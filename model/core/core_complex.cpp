// SPDX-License-Identifier: Apache-2.0
#include "model/core/core_complex.h"

#include <algorithm>
#include <stdexcept>

#include "model/core/core_impl.h"

namespace stile::model {

CoreComplex::CoreComplex(const MachineConfig& config)
    : latency_(config.ipi_latency),
      look_ahead_(std::clamp<Cycles>(config.look_ahead(), 1, std::max<Cycles>(config.quantum, 1))) {}

void CoreComplex::add(Core& core) {
    if (core.id() != cores_.size()) throw std::logic_error("cores are added in the order of their ids");
    cores_.push_back(&core);
    for (Core* c : cores_) c->join(*this);
}

void CoreComplex::power_on() {
    if (std::exchange(on_, true)) return;
    for (Core* core : cores_) core->set_start(cores_.front()->state(), core != cores_.front());
}

Cycles CoreComplex::limit(unsigned i) const {
    Cycles earliest = LocalApic::never;
    for (const Core* core : cores_)
        if (core->id() != i) earliest = std::min(earliest, core->next_action());
    const Core& core = *cores_[i];
    if (earliest > LocalApic::never - look_ahead_) return LocalApic::never;
    return core.from_reference(earliest + look_ahead_);
}

bool CoreComplex::all_asleep() const {
    return std::ranges::all_of(cores_,
                               [](const Core* core) { return core->next_action() == LocalApic::never; });
}

bool CoreComplex::alone(unsigned i) const {
    return std::ranges::all_of(
        cores_, [i](const Core* core) { return core->id() == i || core->next_action() == LocalApic::never; });
}

Stop CoreComplex::take_turns(Cycles until) {
    power_on();
    for (;;) {
        Core& core = **std::ranges::min_element(cores_, {}, &Core::next_action);
        const Cycles at = core.next_action();
        if (at == LocalApic::never) return Stop::idle_forever;
        if (at >= until) {
            for (Core* c : cores_)
                if (c->halted()) c->sleep_until(c->from_reference(until));
            return Stop::until;
        }
        if (core.halted()) core.sleep_until(core.from_reference(at));
        const Cycles to = std::min(limit(core.id()), core.from_reference(until));
        const Stop why = core.run(std::max(to, core.now() + 1));
        if (why != Stop::until && why != Stop::halted && why != Stop::synchronise) return why;
    }
}

// Lowest priority: the first that is named; the manual leaves the arbitration to the implementation.
bool CoreComplex::send(unsigned from, const InterruptMessage& message, uint64_t now) {
    bool anybody = false;
    for (Core* core : cores_) {
        if (core->id() == from || !core->apic().named_by(message)) continue;
        if (message.delivery == InterruptMessage::lowest_priority && !core->apic().listens()) continue;
        anybody = true;
        core->apic().receive(message, now + latency_);
        if (told_) told_(core->id());
        if (message.delivery == InterruptMessage::lowest_priority) break;
    }
    return anybody;
}

void CoreComplex::protect_code_page(uint64_t paddr) {
    for (Core* core : cores_) core->mmu().protect_code_page(paddr);
}

void CoreComplex::code_stored(uint64_t paddr, unsigned bytes) {
    bool in_use = false;
    for (Core* core : cores_) {
        core->mmu().counter_stored(paddr, bytes);
        core->impl().drop_code(paddr, bytes);
        in_use |= core->impl().cache.page_in_use(paddr) || core->mmu().watches_counter(paddr);
    }
    if (in_use) return;
    for (Core* core : cores_) core->mmu().unprotect_code_page(paddr & ~0xfffull);
}

}  // namespace stile::model
