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
#include "model/protection/checks.h"

namespace stile::model {

class StateArchive;

// How long an allowance may be remembered.
enum class Verdict : uint8_t {
    allow_page,         // for every byte of the page, until context_changed or flush
    allow_page_by_cap,  // likewise, but until the capability registers change
    allow_range,        // likewise, for the bytes of the page in [allowed_from, allowed_to)
    refuse
};

class Protection {
  public:
    virtual ~Protection() = default;

    // What data()'s and page_fault()'s answers depend on besides address, PCID, ring and CR0.WP, as a number of
    // at most 51 bits: answers are remembered per number, so that a change of it costs a look and no flush.
    virtual uint64_t context(const CpuState& s) const { return 0; }

    // Bits of a page fault's error code with which the unit refuses a data access in the course of the page
    // walk, before accessed and dirty bits are set; 0: none. `user`: made with the rights of ring 3.
    virtual uint32_t page_fault(const CpuState& s, const PageAttributes& page, bool write, bool user) const {
        return 0;
    }

    // May code of domain `from` make this access? On `refuse`, `fault` and the cd.fault_* state are filled.
    virtual Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr,
                         unsigned bytes, Access access, Fault& fault) = 0;

    // Control arrives at vaddr (state.cd.latch says from where and how). Memory for the domain capability
    // stack is reached through `dcs`. Changes state only when it allows.
    struct DcsMemory {
        virtual ~DcsMemory() = default;
        // `flags`: of the error code. `any_page`: do not insist on the capability-storage bit.
        virtual bool push(uint64_t vaddr, const stile_cap& c, uint32_t flags, bool any_page,
                          Fault& fault) = 0;
        virtual bool read(uint64_t vaddr, stile_cap& c, uint32_t flags, bool any_page, Fault& fault) = 0;
    };
    virtual bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip,
                        DcsMemory& dcs, Fault& fault) = 0;

    // An instruction at vaddr, ring 3, begins on page `first` and ends on `last`.
    virtual bool straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last,
                          uint64_t vaddr, Fault& fault) {
        return true;
    }

    // True where ring-3 code on `page` may run CODOMs' privileged instructions.
    virtual bool privileged(const PageAttributes& page) const = 0;

    // The APL cache, as the privileged instructions see it. Slots from 0. Units without one return -1.
    virtual void apl_fill(const stile_apl_record& record) {}
    virtual void apl_invalidate(int64_t tag) {}
    virtual int64_t apl_victim() { return -1; }  // for the tag of the last APL miss
    virtual int64_t apl_tag(uint64_t slot) { return -1; }
    virtual int64_t hardware_tag(uint64_t tag) { return -1; }
    // The APL directory, for a unit that walks it; the Mmu sees to it. `walked`: these were the reads.
    struct AplMemory {
        virtual ~AplMemory() = default;
        virtual bool read_word(uint64_t paddr, uint64_t& value) = 0;  // false: no memory there
        virtual void walked(const AplWalk& walk) = 0;
    };
    AplMemory* apl_memory = nullptr;
    // Does the counter of the capability in register `reg` still have its value? The Mmu sees to it, and that
    // answers by capability go when the counter changes. `any_page`: it need not lie in capability storage.
    // `vaddr`: of the access that is checked.
    struct Revocation {
        virtual ~Revocation() = default;
        virtual bool stands(unsigned reg, const stile_cap& c, bool any_page, uint64_t vaddr) = 0;
    };
    Revocation* revocation = nullptr;
    uint64_t allowed_from = 0, allowed_to = 0;  // of the last Verdict::allow_range
    // What software can see of the unit. Where `apl_cache_seen` is false it cannot tell the APL cache from any
    // other.
    virtual void archive(StateArchive& a) {}
    virtual bool apl_cache_seen() const { return false; }
    // The rules in force for CODOMs' instructions; where domains are not checked, none are.
    virtual const CodomsChecks& rules() const {
        static const CodomsChecks none = CodomsChecks::none();
        return none;
    }
    // Set by the unit, also in the course of data(), when remembered allowances may have gone stale that are
    // about other domains' pages; the Mmu drops them and clears it.
    bool stale = false;
    // Likewise, of those that a capability register allowed.
    bool capabilities_stale = false;
};

// Fills `fault` and the cd.fault_* state with a #CD.
inline void domain_fault(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from,
                         uint16_t to, uint32_t needed, uint32_t had) {
    fault = {STILE_VEC_DOMAIN, true, error, address};
    s.cd.fault_from = from;
    s.cd.fault_to = to;
    s.cd.fault_right = needed | had << 8;
}

// Tests put a unit that errs in front of the real one: called for each unit made. Null: nobody.
using ProtectionWrapper = std::unique_ptr<Protection> (*)(std::unique_ptr<Protection>);
extern ProtectionWrapper wrap_protection;

// Throws std::invalid_argument where the APL cache's shape makes no sense.
std::unique_ptr<Protection> make_protection(const MachineConfig& config, Counters& counters);

}  // namespace stile::model
