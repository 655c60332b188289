// SPDX-License-Identifier: Apache-2.0
//
// What decides whether code may touch a page, beside the page's own R/W/X/U bits. One interface, one core:
// `none` and `paging` allow everything here (page tables alone decide); `codoms` is the real unit.
// Asked when a software-TLB entry is made and when control arrives on another page, never per access.
#pragma once

#include <cstdint>
#include <memory>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/core/fault.h"
#include "model/core/mmu.h"

namespace stile::model {

// How long an allowance may be remembered.
enum class Verdict : uint8_t {
    allow_page,       // for every byte of the page, until context_changed or flush
    allow_page_by_cap,// likewise, but until the capability registers change
    allow_once,       // this access only
    refuse
};

class Protection {
  public:
    virtual ~Protection() = default;

    // May code of domain `from` make this access? On `refuse`, `fault` and the cd.fault_* state are filled.
    virtual Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                         Access access, Fault& fault) = 0;

    // Control arrives at vaddr (state.cd.latch says from where and how). Memory for the domain capability stack
    // is reached through `dcs`. Changes state only when it allows.
    struct DcsMemory {
        virtual ~DcsMemory() = default;
        virtual bool push(uint64_t vaddr, const stile_dcs_entry& e, Fault& fault) = 0;
        virtual bool read(uint64_t vaddr, stile_dcs_entry& e, Fault& fault) = 0;
    };
    virtual bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                        Fault& fault) = 0;

    // True where ring-3 code on `page` may run CODOMs' privileged instructions.
    virtual bool privileged(const PageAttributes& page) const = 0;

    // The APL cache, as the privileged instructions see it. Slots from 0. Units without one return -1.
    virtual void apl_fill(const stile_apl_record& record) {}
    virtual void apl_invalidate(int64_t tag) {}
    virtual int64_t apl_victim() { return -1; }
    virtual int64_t apl_tag(uint64_t slot) { return -1; }
    virtual int64_t hardware_tag(uint64_t tag) { return -1; }
    // Set by the unit when remembered allowances may have gone stale; the MMU flushes and clears it.
    bool stale = false;
};

std::unique_ptr<Protection> make_protection(const MachineConfig& config, Counters& counters);

}  // namespace stile::model
