// SPDX-License-Identifier: Apache-2.0
//
// The system calls of abi/syscall.h. All act for current_process(): on a visit that is the visited one.
#include "os/kernel/arch/usercopy.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/handles.h"
#include "os/kernel/dipc/process.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

DipcProcess* dipc() { return current_process()->dipc; }

template <class T, class... Args>
Status new_handle(Args&&... args) {
    T* h = knew<T>(static_cast<Args&&>(args)...);
    return h ? install_file(h, true) : -ENOMEM;
}

DomainHandle* owned(long fd) {
    auto* h = handle_of_fd<DomainHandle>(fd);
    return h && h->right == right_owner ? h : nullptr;
}
// Which error: no such handle, or one that is too weak.
Status not_owned(long fd) { return handle_of_fd<DomainHandle>(fd) ? -EPERM : -EBADF; }

Status copy_name(char (&to)[64], UserAddr from) {
    const Status s = copy_string_from_user(to, from, sizeof to);
    return s < 0 ? s : 0;
}

Status dom_default() { return new_handle<DomainHandle>(dipc()->domain, right_owner); }

Status dom_create(UserAddr name_at) {
    char name[64];
    if (const Status s = copy_name(name, name_at); s < 0) return s;
    Domain* d = domain_create(current_process(), *name ? name : "unnamed");
    if (!d) return -ENOSPC;
    const Status s = new_handle<DomainHandle>(d, right_owner);
    domain_put(d);
    return s;
}

Status dom_copy(long fd, uint64_t right) {
    auto* h = handle_of_fd<DomainHandle>(fd);
    if (!h) return -EBADF;
    if (right > h->right) return -EPERM;
    return new_handle<DomainHandle>(h->domain, static_cast<unsigned>(right));
}

Status dom_mmap(long fd, uint64_t addr, uint64_t length, uint64_t prot) {
    const DomainHandle* h = owned(fd);
    if (!h) return not_owned(fd);
    if (h->domain->owner != current_process()) return -EPERM;
    const bool capabilities = prot & STILE_PROT_CAPS;
    const uint64_t others = capabilities ? STILE_PROT_CAPS : PROT_EXEC;
    if (prot & ~(PROT_READ | PROT_WRITE | others)) return -EINVAL;
    VmArea* area = nullptr;
    const Status s = current_process()->space->map(
        addr, length, static_cast<int>(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)),
        MAP_PRIVATE | MAP_ANONYMOUS, nullptr, 0, &area);
    if (s < 0) return s;
    area->tag = h->domain->tag;
    if (capabilities) {
        area->pte_extra = STILE_PTE_CAP_STORAGE;
        area->flags |= vm_dont_copy;  // a copy of a capability would escape its revocation
    }
    return s;
}

// Pages keep their addresses, contents and rights; only whose they are changes.
Status dom_remap(long to_fd, long from_fd, uint64_t addr, uint64_t length) {
    const DomainHandle *to = owned(to_fd), *from = owned(from_fd);
    if (!to) return not_owned(to_fd);
    if (!from) return not_owned(from_fd);
    AddressSpace& space = *current_process()->space;
    if (addr % page_size || !length || addr > user_top || length > user_top - addr) return -EINVAL;
    const uint64_t end = addr + align_up(length, page_size);
    uint64_t covered = addr;
    for (VmArea* a = space.first_from(addr); a && a->start < end && a->start <= covered;
         a = space.areas.next(a)) {
        const bool owned = a->tag == from->domain->tag || !checked(STILE_OS_CHECK_remap_owner);
        if (!owned || (a->flags & vm_pinned)) return -EPERM;
        covered = a->end;
    }
    if (covered < end) return -ENOMEM;
    for (uint64_t at = addr; at < end;) {
        VmArea* a = space.find(at);
        const uint64_t stop = min(a->end, end);
        const int prot = a->prot;
        // A change of rights and back makes the part an area of its own; areas of two domains never merge.
        if (const Status s = space.protect(at, stop - at, prot == PROT_NONE ? PROT_READ : PROT_NONE); s < 0)
            return s;
        a = space.find(at);
        space.retag(*a, to->domain->tag, a->pte_extra);
        dipc_stack_lost(space, at, stop);
        if (const Status s = space.protect(at, stop - at, prot); s < 0) return s;
        at = stop;
    }
    return 0;
}

Status make_grant(long source_fd, long target_fd) {
    const DomainHandle *source = owned(source_fd), *target = handle_of_fd<DomainHandle>(target_fd);
    if (!source) return not_owned(source_fd);
    if (!target) return -EBADF;
    if (source->domain->dead || target->domain->dead) return -EOWNERDEAD;
    const unsigned held = checked(STILE_OS_CHECK_handle_right) ? target->right : right_owner;
    Grant* g = grant_create(source->domain, target->domain, min<unsigned>(held, STILE_RIGHT_WRITE));
    return g ? new_handle<GrantHandle>(g) : -ENOMEM;
}

Status revoke_grant(long fd) {
    const auto* h = handle_of_fd<GrantHandle>(fd);
    if (!h) return -EBADF;
    grant_revoke(h->grant);
    return 0;
}

Status entry_register(long fd, UserAddr at, uint64_t n) {
    const DomainHandle* h = owned(fd);
    if (!h) return not_owned(fd);
    if (h->domain->owner != current_process()) return -EPERM;
    if (n == 0 || n > max_entries) return -EINVAL;
    auto* e = knew<EntryHandle>(h->domain, static_cast<unsigned>(n));
    if (!e) return -ENOMEM;
    Status s = 0;
    for (unsigned i = 0; i < n && s == 0; i++) {
        stile_entry given;
        if ((s = copy_from_user(&given, at + i * sizeof given, sizeof given)) < 0) break;
        const VmArea* code = current_process()->space->find(given.address);
        if (given.address % STILE_ENTRY_ALIGN || given.int_args > 6 || given.stack_args > max_stack_args ||
            given.results > 2 || given.policy > STILE_POLICY_HIGH)
            s = -EINVAL;
        else if (!code || code->tag != h->domain->tag || !(code->prot & PROT_EXEC))
            s = -EFAULT;
        e->entries[i] = {h->domain,        given.address, given.int_args,
                         given.stack_args, given.results, given.policy};
    }
    if (s < 0) {
        kdelete(e);
        return s;
    }
    asm volatile("rdfsbase %0" : "=r"(dipc()->registrar.fs_base));
    return install_file(e, true);
}

Status entry_request(long fd, UserAddr at, uint64_t n) {
    const auto* h = handle_of_fd<EntryHandle>(fd);
    if (!h) return -EBADF;
    if (n != h->count) return -EINVAL;
    if (h->domain->dead) return -EOWNERDEAD;
    Entry wanted[max_entries];
    for (unsigned i = 0; i < n; i++) {
        stile_entry given;
        if (const Status s = copy_from_user(&given, at + i * sizeof given, sizeof given); s < 0) return s;
        wanted[i] = h->entries[i];
        if (given.int_args != wanted[i].int_args || given.stack_args != wanted[i].stack_args ||
            given.results != wanted[i].results || given.policy > STILE_POLICY_HIGH)
            return -EINVAL;
        wanted[i].policy |= given.policy;
    }
    Domain* d = domain_create(nullptr, "proxy");
    if (!d) return -ENOSPC;
    // A proxy enters the callee and writes its stack, and keeps the books in the KCS.
    Grant* callee = grant_create(d, h->domain, STILE_RIGHT_WRITE);
    Grant* kcs = callee ? grant_create(d, kcs_domain(), STILE_RIGHT_WRITE) : nullptr;
    Proxy* made[max_entries];
    Status s = kcs ? proxies_make(current_process(), d, wanted, static_cast<unsigned>(n), made) : -ENOMEM;
    if (callee) grant_put(callee);
    if (kcs) grant_put(kcs);
    for (unsigned i = 0; i < n && s >= 0; i++)
        s = put_user(at + i * sizeof(stile_entry) + __builtin_offsetof(stile_entry, proxy), made[i]->address);
    if (s >= 0) s = new_handle<DomainHandle>(d, static_cast<unsigned>(STILE_RIGHT_CALL));
    domain_put(d);
    return s;
}

Status publish(UserAddr name_at, long fd) {
    char name[64];
    if (const Status s = copy_name(name, name_at); s < 0) return s;
    File* f = file_of_fd(static_cast<int>(fd));
    if (!f || !f->dipc_handle()) return -EBADF;
    return name_publish(name, f);
}

Status look_up(UserAddr name_at) {
    char name[64];
    if (const Status s = copy_name(name, name_at); s < 0) return s;
    return name_lookup(name);
}

Status prepare_visit() {
    DipcThread* t = current()->dipc;
    const Proxy* p = t ? proxy_at(current()->frame()->rip) : nullptr;
    return p ? visit_prepare(t, *p) : -EPERM;
}

}  // namespace

Status dipc_syscall(uint64_t number, const uint64_t a[6]) {
    if (!dipc()) return -ENOSYS;
    const auto fd = [&](unsigned i) { return static_cast<long>(a[i]); };
    // Handles, and the threads that visitors borrow, are the process's.
    if (number != STILE_SYS_name_lookup && number != STILE_SYS_visit_prepare &&
        !dipc_acts_for_process(STILE_OS_CHECK_domain_calls))
        return -EPERM;
    switch (number) {
        case STILE_SYS_dom_default:
            return dom_default();
        case STILE_SYS_dom_create:
            return dom_create(a[0]);
        case STILE_SYS_dom_copy:
            return dom_copy(fd(0), a[1]);
        case STILE_SYS_dom_mmap:
            return dom_mmap(fd(0), a[1], a[2], a[3]);
        case STILE_SYS_dom_remap:
            return dom_remap(fd(0), fd(1), a[2], a[3]);
        case STILE_SYS_grant_create:
            return make_grant(fd(0), fd(1));
        case STILE_SYS_grant_revoke:
            return revoke_grant(fd(0));
        case STILE_SYS_entry_register:
            return entry_register(fd(0), a[1], a[2]);
        case STILE_SYS_entry_request:
            return entry_request(fd(0), a[1], a[2]);
        case STILE_SYS_name_publish:
            return publish(a[0], fd(1));
        case STILE_SYS_name_lookup:
            return look_up(a[0]);
        case STILE_SYS_visit_prepare:
            return prepare_visit();
        case STILE_SYS_visit_host:
            return visit_host();
        default:
            return -ENOSYS;
    }
}

}  // namespace stile::os
