// SPDX-License-Identifier: Apache-2.0
//
// Memory protection keys for user pages (Intel SDM vol. 3, 4.6.2): page tables as under `paging`, each user
// page with one of 16 keys in bits 62:59 of its leaf, and a register that any program may write, PKRU, which
// takes away reading and writing (AD) or writing (WD) by key. Keys never speak about fetches, nor about
// supervisor pages. What they refuse is a page fault whose error code has bit 5 set.
//
// Keys are looked at in every access, so a remembered answer holds for the PKRU that it was given under:
// the unit names that as its context, and `wrpkru` forgets nothing.
#pragma once

#include "model/protection/protection.h"

namespace stile::model {

class Mpk final : public Protection {
  public:
    explicit Mpk(const MpkChecks& checks) : checks(checks) {}

    uint64_t context(const CpuState& s) const override;
    uint32_t page_fault(const CpuState& s, const PageAttributes& page, bool write, bool user) const override;

    // Pages decide, and they have been asked.
    Verdict data(CpuState&, uint16_t, const PageAttributes&, uint64_t, unsigned, Access, Fault&) override {
        return Verdict::allow_page;
    }
    bool arrive(CpuState&, const PageAttributes&, uint64_t, uint64_t, DcsMemory&, Fault&) override {
        return true;
    }
    bool privileged(const PageAttributes&) const override { return false; }

    MpkChecks checks;
};

}  // namespace stile::model
