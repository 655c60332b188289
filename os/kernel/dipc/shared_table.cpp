// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/dipc/shared_table.h"

#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc_hooks.h"

namespace stile::os {
namespace {

constinit PageTable* table = nullptr;
constinit Domain* kcs = nullptr;
constinit Domain* dcs = nullptr;

}  // namespace

PageTable* shared_table() {
    if (!table && (table = page_table_create())) {
        table->shared = true;
        domains_start_here();
    }
    return table;
}

// From a CPU's first dIPC process on; nothing else has tags, so nothing else notices.
void domains_start_here() {
    Cpu& c = cpu();
    if (c.domains_on || !domains_checked()) return;
    c.domains_on = true;
    apl_directory_start_here();
    write_msr(STILE_MSR_CD_CTL, 1);
}

Domain* kcs_domain() {
    if (!kcs) kcs = domain_create(nullptr, "kcs");
    return kcs;
}

Domain* dcs_domain() {
    if (!dcs) dcs = domain_create(nullptr, "dcs");
    return dcs;
}

Status system_map(uint64_t vaddr, Page* page, uint16_t tag, uint64_t bits) {
    uint64_t* e = table->entry(vaddr, true);
    if (!e) return -ENOMEM;
    *e = page_phys(page) | bits | STILE_PTE_TAG(tag) | pte_present | pte_user | pte_accessed | pte_dirty;
    return 0;
}

void system_unmap(uint64_t vaddr) {
    uint64_t* e = table->entry(vaddr, false);
    if (!e || !*e) return;
    *e = 0;
    table->invalidate(vaddr);
}

}  // namespace stile::os
