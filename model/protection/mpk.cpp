// SPDX-License-Identifier: Apache-2.0
#include "model/protection/mpk.h"

#include "model/core/page_walker.h"

namespace stile::model {

uint64_t Mpk::context(const CpuState& s) const { return s.cr4 & cr::CR4_PKE ? 1ull << 32 | s.pkru : 0; }

uint32_t Mpk::page_fault(const CpuState& s, const PageAttributes& page, bool write, bool user) const {
    if (!(s.cr4 & cr::CR4_PKE) || !page.user) return 0;
    if (!user && !checks.supervisor) return 0;
    const uint32_t rights = s.pkru >> 2 * page.key;
    const bool access_disabled = rights & 1, write_disabled = rights & 2;
    if (access_disabled && checks.access) return PF_KEY;
    if (!write || (!user && !(s.cr0 & cr::CR0_WP))) return 0;
    return write_disabled && checks.write ? uint32_t{PF_KEY} : 0;
}

}  // namespace stile::model
