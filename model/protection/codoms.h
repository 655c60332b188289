// SPDX-License-Identifier: Apache-2.0
//
// The CODOMs protection unit: docs/codoms.md in code.
#pragma once

#include "model/protection/apl_cache.h"
#include "model/protection/checks.h"
#include "model/protection/protection.h"

namespace stile::model {

class Codoms final : public Protection {
  public:
    Codoms(const AplCacheConfig& config, const CodomsChecks& checks, Counters& counters);

    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override;
    bool straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last, uint64_t vaddr,
                  Fault& fault) override;
    bool privileged(const PageAttributes& page) const override { return page.privileged; }
    const CodomsChecks& rules() const override { return checks; }
    uint64_t context(const CpuState& s) const override {
        const uint16_t domain = s.cpl == 0 ? s.cd.saved_latch.tag : s.cd.latch.tag;
        return s.cd.control & 1 ? 1 | uint64_t{domain} << 1 : 0;
    }

    void apl_fill(const stile_apl_record& record) override;
    void apl_invalidate(int64_t tag) override;
    int64_t apl_victim() override;
    int64_t apl_tag(uint64_t slot) override {
        seen_ = true;
        return apl_.tag(slot);
    }
    int64_t hardware_tag(uint64_t tag) override {
        seen_ = true;
        return tag > 0xffff ? -1 : apl_.find(static_cast<uint16_t>(tag));
    }

    void archive(StateArchive& a) override;
    bool apl_cache_seen() const override { return seen_; }

    CodomsChecks checks;

  private:
    struct Looked {
        uint32_t right = STILE_RIGHT_NIL;
        int missing = -1;  // tag that is not cached
    };
    Looked look_up(uint16_t from, uint16_t to) const;
    // What the APL and the capability registers give `from` over [vaddr, vaddr + bytes) of a page tagged
    // `to`.
    struct Rights {
        uint32_t apl = STILE_RIGHT_NIL;
        uint32_t part = STILE_RIGHT_NIL, whole = STILE_RIGHT_NIL;  // by capabilities; of the whole page
        unsigned part_by = 0;                                      // the register that gave `part`
        int missing = -1, partner = -1;  // the first tag that the answer lacks, and the tag it goes with
        bool lent = false;               // it is that of a capability's origin
        unsigned lookups = 0;
        uint32_t best() const { return apl > part ? apl : part; }
    };
    // `needed`: what would do.
    Rights rights(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes,
                  uint32_t needed, bool transfer);
    template <class Look>
    Rights collect(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes, Look look,
                   uint32_t enough = ~0u);
    bool live(const CpuState& s, unsigned i, uint64_t vaddr);
    uint32_t fetch_right(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr);  // apl_walk.cpp
    void add_entry(uint16_t tag, uint16_t keep);
    void count_miss(bool transfer, bool lent);
    bool refuse_crossing(CpuState& s, Fault& fault, uint32_t reason, uint16_t to, uint64_t vaddr);
    void end_activation(CpuState& s, uint64_t depth);
    bool enter(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, Fault& fault);
    bool leave(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault);
    bool push_return(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault);
    void refuse(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
                uint32_t needed, uint32_t had);
    void miss(CpuState& s, Fault& fault, uint32_t flags, uint64_t address, uint16_t from, const Rights& r,
              uint32_t needed);

    AplCache apl_;
    const bool can_walk_;
    Counters& counters_;
    int64_t missed_ = 0, missed_from_ = -1;  // of the last APL miss
    bool seen_ = false;                      // its contents or its shape have shown
};

}  // namespace stile::model
