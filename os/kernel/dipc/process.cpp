// SPDX-License-Identifier: Apache-2.0
//
// Processes in the shared page table: how they come in, fork and go.
#include "os/kernel/dipc/process.h"

#include "abi/marker.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

constinit uint64_t next_slot = slots_base;
constexpr uint64_t image_offset = 2ull << 20;  // the bottom of a slot stays empty: a null pointer plus a bias

}  // namespace

TlsHost* DipcProcess::lend_to(const DipcThread* visitor) {
    for (TlsHost& h : hosts) {
        if (h.visitor) continue;
        h.visitor = visitor;
        return &h;
    }
    if (registrar.visitor || !registrar.fs_base) return nullptr;
    registrar.visitor = visitor;
    return &registrar;
}

void DipcProcess::give_back(const DipcThread* visitor) {
    for (TlsHost& h : hosts)
        if (h.visitor == visitor) h.visitor = nullptr;
    if (registrar.visitor == visitor) registrar.visitor = nullptr;
}

Status visit_host() {
    DipcProcess* p = current_process()->dipc;
    if (current_process() != current()->process) return -EPERM;  // what a visitor has is lent to it already
    TlsHost h;
    asm volatile("rdfsbase %0" : "=r"(h.fs_base));
    p->hosts.push_back(&h);
    while (sleep(true) == 0) continue;
    p->hosts.remove(&h);
    return -EINTR;
}

Status dipc_create_space(const ElfImage& image, AddressSpace** space, uint64_t* bias) {
    if (!image.position_independent) return -ENOEXEC;
    if (image.high - image.low > slot_bytes / 2) return -ENOMEM;
    PageTable* table = shared_table();
    if (!table || !kcs_domain() || !dcs_domain()) return -ENOMEM;
    if (next_slot + slot_bytes > system_base) return -ENOSPC;
    Domain* d = domain_create(nullptr, "");
    if (!d) return -ENOSPC;
    AddressSpace* s = address_space_create_shared(table, next_slot, next_slot + slot_bytes);
    if (!s) {
        domain_put(d);
        return -ENOMEM;
    }
    s->default_tag = d->tag;
    *bias = next_slot + image_offset - image.low;
    *space = s;
    next_slot += slot_bytes;
    return 0;
}

Status dipc_image_loaded(Process* process, const ElfImage&, uint64_t) {
    auto* d = knew<DipcProcess>();
    if (!d) return -ENOMEM;
    d->domain = domain_of_tag(process->space->default_tag);
    d->domain->owner = process;
    copy_string(d->domain->name, process->name, sizeof d->domain->name);
    process->dipc = d;
    process->dipc_enabled = true;
    domain_announce(*d->domain);
    return 0;
}

void dipc_process_exited(Process* process) {
    if (!process->dipc) return;
    visits_end(process);
    domains_kill_owned(process);
    visitors_evict(process);
    for (Thread* t = process->first_thread; t; t = t->sibling) dipc_thread_exited(t);
    domain_put(process->dipc->domain);
    kdelete(process->dipc);
    process->dipc = nullptr;
    process->dipc_enabled = false;
}

// The child has a table of its own with copies of its parent's pages. Domains are not inherited: all its
// pages are those of an ordinary process. After vfork it runs in its parent's space until it executes a
// program or ends, in the name of the domain that made it and with nothing but the stack's capability: no
// domain capability stack, so no calls to others.
Status dipc_forked(Process* parent, Process* child) {
    child->dipc = nullptr;
    child->dipc_enabled = false;
    if (child->space == parent->space) {
        Thread* t = child->first_thread;
        if (!domains_checked()) return 0;
        if (!(t->cd_state = static_cast<stile_cd_state*>(kzalloc(sizeof(stile_cd_state))))) return -ENOMEM;
        stile_cd_save(t->cd_state);
        stile_cd_state& s = *t->cd_state;
        const stile_cap stack = s.caps[stack_capability];
        s = {};
        s.latch = calling_domain() | static_cast<uint64_t>(STILE_XFER_JUMP) << 16;
        s.caps[stack_capability] = stack;
        return 0;
    }
    child->space->default_tag = 0;
    for (VmArea& a : child->space->areas) child->space->retag(a, 0, 0);
    return 0;
}

}  // namespace stile::os
