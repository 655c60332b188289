// SPDX-License-Identifier: Apache-2.0
//
// Bugs that codoms_fuzz must find: mistakes that an author of this hardware could make, one at a time, in
// cores that are otherwise the product's. Some are a rule left out; some stand between a core and its
// protection unit (model::wrap_protection) and spoil a question, an answer, or what must be forgotten
// afterwards; some replace handlers of micro-ops in every block that is translated (Core::Impl::translated).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/core/core_impl.h"
#include "model/protection/codoms.h"
#include "tests/codoms/fuzzer.h"

namespace stile::codoms_fuzz {

// In front of the real unit: passes everything on.
class Spoilt : public model::Protection {
  public:
    explicit Spoilt(std::unique_ptr<model::Protection> unit)
        : unit_(std::move(unit)), codoms(static_cast<model::Codoms&>(*unit_)) {}

    uint64_t context(const model::CpuState& s) const override { return unit_->context(s); }
    model::Verdict data(model::CpuState& s, uint16_t from, const model::PageAttributes& page, uint64_t vaddr,
                        unsigned bytes, model::Access access, model::Fault& fault) override;
    bool arrive(model::CpuState& s, const model::PageAttributes& page, uint64_t vaddr, uint64_t from_rip,
                DcsMemory& dcs, model::Fault& fault) override;
    bool straddle(model::CpuState& s, const model::PageAttributes& first, const model::PageAttributes& last,
                  uint64_t vaddr, model::Fault& fault) override;
    bool privileged(const model::PageAttributes& page) const override { return unit_->privileged(page); }
    void apl_fill(const stile_apl_record& record) override;
    void apl_invalidate(int64_t tag) override;
    int64_t apl_victim() override { return unit_->apl_victim(); }
    int64_t apl_tag(uint64_t slot) override { return unit_->apl_tag(slot); }
    int64_t hardware_tag(uint64_t tag) override { return unit_->hardware_tag(tag); }
    const model::CodomsChecks& rules() const override { return unit_->rules(); }

  protected:
    void before();  // what the Mmu has told this unit, told to the real one
    void after();   // and the reverse

  private:
    std::unique_ptr<model::Protection> unit_;

  protected:
    model::Codoms& codoms;
};

struct Bug {
    const char* name;
    const char* mistake;
    model::ProtectionWrapper wrap = nullptr;
    std::function<void(Machine&)> plant;  // likewise
    unsigned cores = 1;
};

const std::vector<Bug>& missing_rules();
const std::vector<Bug>& unit_bugs();
const std::vector<Bug>& core_bugs();

}  // namespace stile::codoms_fuzz
