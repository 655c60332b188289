// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/plant/plant.h"

namespace stile::codoms_fuzz {

using namespace model;

void Spoilt::before() {
    codoms.apl_memory = apl_memory;
    codoms.revocation = revocation;
}

void Spoilt::after() {
    allowed_from = codoms.allowed_from;
    allowed_to = codoms.allowed_to;
    stale |= std::exchange(codoms.stale, false);
    capabilities_stale |= std::exchange(codoms.capabilities_stale, false);
}

Verdict Spoilt::data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                     Access access, Fault& fault) {
    before();
    const Verdict v = codoms.data(s, from, page, vaddr, bytes, access, fault);
    after();
    return v;
}

bool Spoilt::arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip,
                    DcsMemory& dcs, Fault& fault) {
    before();
    const bool ok = codoms.arrive(s, page, vaddr, from_rip, dcs, fault);
    after();
    return ok;
}

bool Spoilt::straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last, uint64_t vaddr,
                      Fault& fault) {
    before();
    const bool ok = codoms.straddle(s, first, last, vaddr, fault);
    after();
    return ok;
}

void Spoilt::apl_fill(const stile_apl_record& record) {
    before();
    codoms.apl_fill(record);
    after();
}

void Spoilt::apl_invalidate(int64_t tag) {
    before();
    codoms.apl_invalidate(tag);
    after();
}

}  // namespace stile::codoms_fuzz
