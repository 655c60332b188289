// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/core_view.h"

#include "model/core/core.h"

namespace stile::sim {

unsigned RealCore::id() const { return core_.id(); }

uint64_t RealCore::frequency() const { return core_.config().frequency; }

const model::Counters& RealCore::counters() const { return core_.counters(); }

bool RealCore::halted() const { return core_.halted(); }

unsigned RealCore::ring() const { return core_.state().cpl; }

bool RealCore::privileged_page() const {
    model::PageAttributes page;
    return core_.mmu().probe(core_.state().rip, page) && page.privileged;
}

bool RealCore::read(uint64_t vaddr, void* out, uint64_t bytes) const {
    return core_.mmu().probe_read(vaddr, out, bytes);
}

void RealCore::watch_stores(bool on) { core_.watch_stores(on); }

model::Counters counters_at(const CoreView& core, const CoreView& observer) {
    model::Counters c = core.counters();
    if (&core == &observer || !core.halted()) return c;
    const auto now = static_cast<uint64_t>(static_cast<unsigned __int128>(observer.counters().cycles) *
                                           core.frequency() / observer.frequency());
    if (now > c.cycles) {
        c.phase[static_cast<size_t>(model::Phase::wait)] += now - c.cycles;
        c.cycles = now;
    }
    return c;
}

}  // namespace stile::sim
