// SPDX-License-Identifier: Apache-2.0
#include "model/protection/codoms.h"
#include "model/protection/mpk.h"

namespace stile::model {

namespace {

// Page tables alone decide. `none` and `paging` differ only in what the kernel does with the tables; CODOMs'
// instructions execute under both, so that one guest image runs under all three.
class PageTablesOnly final : public Protection {
  public:
    explicit PageTablesOnly(Counters& counters) : counters_(counters) {}

    Verdict data(CpuState&, uint16_t, const PageAttributes&, uint64_t, unsigned, Access, Fault&) override {
        return Verdict::allow_page;
    }
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t, uint64_t, DcsMemory&, Fault&) override {
        if (s.cpl == 0) return true;
        if (s.cd.latch.tag != page.tag) ++counters_.domain_crossings;
        s.cd.latch = {page.tag, STILE_XFER_SEQ, 0};
        return true;
    }
    bool privileged(const PageAttributes& page) const override { return page.privileged; }

  private:
    Counters& counters_;
};

std::unique_ptr<Protection> make_unit(const MachineConfig& config, Counters& counters) {
    if (config.protection == ProtectionKind::codoms)
        return std::make_unique<Codoms>(config.apl_cache, config.codoms_checks, counters);
    if (config.protection == ProtectionKind::mpk) return std::make_unique<Mpk>(config.mpk_checks);
    return std::make_unique<PageTablesOnly>(counters);
}

}  // namespace

ProtectionWrapper wrap_protection = nullptr;

std::unique_ptr<Protection> make_protection(const MachineConfig& config, Counters& counters) {
    auto unit = make_unit(config, counters);
    return wrap_protection ? wrap_protection(std::move(unit)) : std::move(unit);
}

}  // namespace stile::model
