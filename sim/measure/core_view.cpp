// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/core_view.h"

#include "model/core/core.h"

namespace stile::sim {

const model::Counters& RealCore::counters() const { return core_.counters(); }

unsigned RealCore::ring() const { return core_.state().cpl; }

bool RealCore::privileged_page() const {
    model::PageAttributes page;
    return core_.mmu().probe(core_.state().rip, page) && page.privileged;
}

bool RealCore::read(uint64_t vaddr, void* out, uint64_t bytes) const {
    return core_.mmu().probe_read(vaddr, out, bytes);
}

void RealCore::watch_stores(bool on) { core_.watch_stores(on); }

}  // namespace stile::sim
