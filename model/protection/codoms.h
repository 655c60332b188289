// SPDX-License-Identifier: Apache-2.0
//
// The CODOMs protection unit: docs/codoms.md in code. Every rule has a switch, so that a test can show that
// what the rule stops would otherwise succeed.
#pragma once

#include "model/protection/apl_cache.h"
#include "model/protection/protection.h"

namespace stile::model {

struct CodomsChecks {
    bool data = true;      // loads and stores need a right over the page's domain
    bool transfer = true;  // jumps, calls and fall-through into another domain need a right
    bool align = true;     // a call-only right enters at entry points only
    bool ret = true;       // a return into another domain needs the return capability
    bool dcs = true;       // bounds of the domain capability stack
    bool cap_page =
        true;  // capability storage is out of reach of ordinary accesses, and nothing else holds it
    bool straddle = true;  // an instruction lies in one domain
};

class Codoms final : public Protection {
  public:
    Codoms(const AplCacheConfig& config, Counters& counters);

    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override;
    bool straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last, uint64_t vaddr,
                  Fault& fault) override;
    bool privileged(const PageAttributes& page) const override { return page.privileged; }
    uint64_t context(const CpuState& s) const override {
        const uint16_t domain = s.cpl == 0 ? s.cd.saved_latch.tag : s.cd.latch.tag;
        return s.cd.control & 1 ? 1 | uint64_t{domain} << 1 : 0;
    }

    void apl_fill(const stile_apl_record& record) override;
    void apl_invalidate(int64_t tag) override;
    int64_t apl_victim() override;
    int64_t apl_tag(uint64_t slot) override { return apl_.tag(slot); }
    int64_t hardware_tag(uint64_t tag) override {
        return tag > 0xffff ? -1 : apl_.find(static_cast<uint16_t>(tag));
    }

    CodomsChecks checks;

  private:
    struct Looked {
        uint32_t right = STILE_RIGHT_NIL;
        int missing = -1;  // tag that is not cached
    };
    Looked look_up(uint16_t from, uint16_t to);
    // What the APL and the capability registers give `from` over [vaddr, vaddr + bytes) of a page tagged `to`.
    // With `page`, the registers that cover it whole are told apart.
    struct Rights {
        uint32_t apl = STILE_RIGHT_NIL;
        uint32_t part = STILE_RIGHT_NIL, whole = STILE_RIGHT_NIL;  // by capabilities
        int missing = -1, partner = -1;  // the first tag that the answer lacks, and the tag it goes with
        uint32_t best() const { return apl > part ? apl : part; }
    };
    Rights rights(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes);
    void end_activation(CpuState& s, uint64_t depth);
    bool enter(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, Fault& fault);
    bool leave(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs, Fault& fault);
    bool push_return(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault);
    void refuse(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
                uint32_t needed, uint32_t had);
    void miss(CpuState& s, Fault& fault, uint32_t flags, uint64_t address, uint16_t from, const Rights& r,
              uint32_t needed);

    AplCache apl_;
    Counters& counters_;
    int64_t missed_ = 0, missed_from_ = -1;  // of the last APL miss
};

}  // namespace stile::model
