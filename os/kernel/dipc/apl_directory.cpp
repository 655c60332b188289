// SPDX-License-Identifier: Apache-2.0
//
// For a machine that looks for rights itself (docs/codoms.md, section 3): all APLs as a table of two-bit
// rights, kept in step with the lists of domain.cpp, which stay the truth. Pages are never given back: a tag
// that has had rights may have some again.
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/domain.h"
#include "os/kernel/mm/page.h"

namespace stile::os {
namespace {

constinit uint64_t* root = nullptr;
constinit bool asked = false, offered = false;

bool make_root() {
    if (root) return true;
    Page* p = alloc_zeroed_page();
    if (p) root = static_cast<uint64_t*>(page_address(p));
    return p;
}

uint64_t* below(uint64_t& entry, bool create) {
    if (!(entry & STILE_APL_PRESENT)) {
        Page* p = create ? alloc_zeroed_page() : nullptr;
        if (!p) return nullptr;
        entry = page_phys(p) | STILE_APL_PRESENT;
    }
    return static_cast<uint64_t*>(direct(entry & ~STILE_APL_PRESENT));
}

}  // namespace

bool apl_walked() {
    if (!asked) {
        asked = true;
        offered = domains_checked() && cpuid(STILE_CPUID_LEAF, 1).edx & STILE_CPUID_APL_WALK;
    }
    return offered;
}

bool apl_directory_set(uint16_t from, uint16_t to, unsigned right) {
    if (!apl_walked() || from == to) return true;
    if (!make_root()) return false;
    uint64_t* level2 = below(root[STILE_APL_INDEX1(from)], right != 0);
    uint64_t* level3 = level2 ? below(level2[STILE_APL_INDEX2(from, to)], right != 0) : nullptr;
    if (!level3) return right == 0;
    uint64_t& word = level3[STILE_APL_WORD3(to)];
    const unsigned shift = STILE_APL_SHIFT3(to);
    word = (word & ~(3ull << shift)) | static_cast<uint64_t>(right) << shift;
    return true;
}

void apl_directory_start_here() {
    if (apl_walked() && make_root()) write_msr(STILE_MSR_CD_APL_ROOT, direct_phys(root) | STILE_APL_ROOT_ON);
}

}  // namespace stile::os
