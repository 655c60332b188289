// SPDX-License-Identifier: Apache-2.0
//
// #CD. An APL miss is mended here: the hardware keeps the rights among recently used domains, the kernel all
// of them. Anything else is a refusal, and the caller's affair.
#include "abi/marker.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc/domain.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

PHASE(refill) void set_right(unsigned long long* words, long long slot, unsigned right) {
    const unsigned shift = slot % 32 * 2;
    unsigned long long& w = words[slot / 32];
    if ((w >> shift & 3) < right)
        w = (w & ~(3ull << shift)) | static_cast<unsigned long long>(right) << shift;
}

// An access that touches more foreign domains at once than the APL cache can hold would miss for ever
// (docs/codoms.md). It shows as the same miss with the same registers over and over.
constexpr unsigned hopeless = 64;
struct LastMiss {
    uint64_t sum = 0;
    unsigned count = 0;
};
constinit LastMiss last_misses[max_cpus];

PHASE(refill) bool makes_progress(const TrapFrame* frame) {
    uint64_t sum = 0;
    const auto* words = reinterpret_cast<const uint64_t*>(frame);
    LastMiss& last_miss = last_misses[cpu().id];
    for (unsigned i = 0; i < sizeof(TrapFrame) / 8; i++) sum = (sum << 7 | sum >> 57) ^ words[i];
    if (sum != last_miss.sum) {
        last_miss = {sum, 0};
        return true;
    }
    return ++last_miss.count < hopeless;
}

}  // namespace

PHASE(refill) void apl_load(uint16_t tag) {
    stile_apl_record r;
    memset(&r, 0, sizeof r);
    r.slot = stile_cd_aplvictim();
    r.tag = tag;
    // A tag that is nobody's gets an empty row: the retried access is then refused as it should be.
    if (const Domain* d = domain_of_tag(tag)) {
        for (const Grant& g : d->apl)
            if (const long long slot = stile_cd_hwtag(g.target->tag); slot >= 0)
                set_right(r.row, slot, g.right);
        for (const Grant& g : d->granted_over)
            if (const long long slot = stile_cd_hwtag(g.source->tag); slot >= 0)
                set_right(r.column, slot, g.right);
    }
    stile_cd_aplfill(&r);
}

void apl_forget(const Domain* d) {
    if (!domains_checked()) return;
    stile_cd_aplinv(d->tag);
    if (smp() && checked(STILE_OS_CHECK_revoke_everywhere)) shootdown_note_apl(d->tag);
}

PHASE(refill) bool dipc_domain_fault(TrapFrame* frame) {
    if (STILE_CD_REASON(frame->error) == STILE_CD_DCS_BOUNDS) return frame->from_user() && dcs_grow();
    if (STILE_CD_REASON(frame->error) != STILE_CD_APL_MISS) return false;
    if (!makes_progress(frame)) return false;
    apl_load(static_cast<uint16_t>(read_msr(STILE_MSR_CD_FAULT_TO)));
    return true;
}

}  // namespace stile::os
