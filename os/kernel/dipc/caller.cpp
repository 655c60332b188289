// SPDX-License-Identifier: Apache-2.0
//
// In whose name a system call is made, and what follows for calls that concern more than the caller's own
// domain.
//
// Domains of one process share its descriptors, its address space and its signal handlers. So that a domain
// without rights over another one cannot get at it through the kernel, calls on the whole process are its
// default domain's, whose handles made the others, and those of domains that may write there anyhow (ours).
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/process.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

uint16_t calling_domain() {
    if (!domains_checked() || !current()->cd_state) return 0;
    return static_cast<uint16_t>(read_msr(STILE_MSR_CD_LATCH));
}

InNameOf::InNameOf(uint16_t domain) {
    const Process* p = current()->process;
    if (!domain || !domains_checked() || !p || !p->space || !p->space->table->shared ||
        !checked(STILE_OS_CHECK_late_writes))
        return;
    latch_ = read_msr(STILE_MSR_CD_LATCH);
    changed_ = true;
    write_msr(STILE_MSR_CD_LATCH, domain | static_cast<uint64_t>(STILE_XFER_SEQ) << 16);
}

InNameOf::~InNameOf() {
    if (changed_) write_msr(STILE_MSR_CD_LATCH, latch_);
}

bool dipc_acts_for_process(stile_os_check rule) {
    const uint16_t caller = calling_domain();
    if (!caller || !checked(rule)) return true;
    const AddressSpace* space = current_process()->space;  // nullptr: of a process that has ended meanwhile
    return space && domain_may_write(caller, space->default_tag);
}

Status dipc_may_change(AddressSpace& space, uint64_t addr, uint64_t length) {
    const uint16_t caller = calling_domain();
    if (!caller || addr > user_top || length > user_top - addr) return 0;  // the call itself will refuse it
    for (const VmArea* a = space.first_from(addr); a && a->start < addr + length; a = space.areas.next(a)) {
        if (a->tag == caller || domain_may_write(caller, a->tag)) continue;
        return dipc_acts_for_process(STILE_OS_CHECK_memory_calls) ? 0 : -EPERM;
    }
    return 0;
}

// Else code that a domain without rights has the kernel map would be its process's code.
Status dipc_tag_of_new_pages(const AddressSpace& space, uint16_t& tag) {
    tag = space.default_tag;
    if (dipc_acts_for_process(STILE_OS_CHECK_memory_calls)) return 0;
    tag = calling_domain();
    const Domain* d = domain_of_tag(tag);
    return d && d->owner == current_process() ? 0 : -EPERM;
}

}  // namespace stile::os
