// SPDX-License-Identifier: Apache-2.0
//
// The templates. A proxy is entered by the caller's `call`: arguments are in place, [RSP] is the return
// address, and the hardware has pushed the matching return capability. RAX, R10 and R11 are free (System V
// ABI), all other registers are the caller's or arguments. After the callee's return RCX, RSI, RDI and R8 to
// R11 are free too.
//
//   way in    R11 = KCS, R10 = the new call record, RAX = scratch, then the visit
//     1  RSP must lie in the stack that the kernel gave this thread (else the proxy's rights would be lent
//     out) 2  the record: return address, RSP, proxy; who calls and his TLS; with more policy the stack, its
//     capability
//        and the domain capability stack
//     3  the visit, by the callee domain's hardware tag; if it is not there the kernel makes it (cold path)
//     4  the switch: KCS top, stack, domain capability stack, current process, TLS
//   callee
//   way back  the same from the record, in reverse
#include "os/kernel/dipc/proxy.h"

#include "abi/marker.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc/emit.h"
#include "os/kernel/dipc/layout.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/process.h"

namespace stile::os {
namespace {

constexpr unsigned max_proxies = 1024;
constinit Proxy* proxies[max_proxies]{};
constinit unsigned proxy_count = 0;
constinit uint64_t next_page = 0;  // offset in the proxies' region

enum Label { bad, cold, found, give_up, back, refused, full };

#define KCS(field) __builtin_offsetof(Kcs, field)
#define VISIT(field) __builtin_offsetof(Visit, field)
#define RECORD(field) __builtin_offsetof(CallRecord, field)

void emit_record(Emitter& e, const Proxy& p) {
    e.load(RAX, RSP, 0);
    e.store(R10, RECORD(return_address), RAX);
    e.store(R10, RECORD(rsp), RSP);
    e.store_imm(R10, RECORD(proxy), p.index);
    // Whoever calls back into the process that owns this stack goes on below.
    e.load(RAX, R11, KCS(stack_visit));
    e.store(RAX, VISIT(stack_top), RSP);
    if (p.cross_process) {
        e.load(RAX, R11, KCS(current));
        e.store(R10, RECORD(process), RAX);
    }
    if (p.cross_process || p.keeps_registers()) {
        e.read_fs_base(RAX);
        e.store(R10, RECORD(fs_base), RAX);
    }
    if (p.separate_stack()) {
        e.load(RAX, R11, KCS(stack_low));
        e.store(R10, RECORD(stack_low), RAX);
        e.load(RAX, R11, KCS(stack_size));
        e.store(R10, RECORD(stack_size), RAX);
        e.load(RAX, R11, KCS(stack_visit));
        e.store(R10, RECORD(stack_visit), RAX);
    }
    if (p.separate_stack() || p.keeps_stack_capability()) e.cd_capst(R10, kcs_capabilities, stack_capability);
    if (p.separate_dcs() || p.raised_dcs()) {
        e.cd_rddcs(RAX, 0);
        e.store(R10, RECORD(dcs_ptr), RAX);
        e.cd_rddcs(RAX, 1);
        e.store(R10, RECORD(dcs_base), RAX);
    }
    if (p.separate_dcs()) {
        e.cd_rddcs(RAX, 2);
        e.store(R10, RECORD(dcs_limit), RAX);
        e.load(RAX, R11, KCS(dcs_visit));
        e.store(R10, RECORD(dcs_visit), RAX);
    }
}

// RAX := the visit. On a machine without domains there are no hardware tags; the tag itself then picks the
// slot.
void emit_find_visit(Emitter& e, const Proxy& p) {
    const uint32_t tag = p.entry.domain->tag;
    if (domains_checked()) {
        e.set32(RAX, tag);
        e.cd_hwtag(RAX);
        e.test(RAX);
        e.jump_if(negative, cold);
    } else {
        e.set32(RAX, tag % STILE_APL_MAX_SLOTS);
    }
    e.load_indexed(RAX, R11, RAX, KCS(by_slot));
    e.test(RAX);
    e.jump_if(equal, cold);
    e.cmp32_imm(RAX, VISIT(tag), tag);
    e.jump_if(not_equal, cold);
    e.place(found);
}

void emit_switch(Emitter& e, const Proxy& p) {
    const bool scratch = p.separate_stack() || p.separate_dcs();
    if (scratch) e.store(R10, RECORD(scratch), R9);
    if (p.separate_stack()) {
        e.load(R9, RAX, VISIT(stack_top));
        e.store(R10, RECORD(entry_top), R9);
    }
    e.add_imm(R10, sizeof(CallRecord));
    e.store(R11, KCS(top), R10);
    if (p.separate_stack()) {
        const uint32_t words = p.entry.stack_args;
        if (words) e.sub_imm(R9, words * 8);
        e.and_imm(R9, static_cast<uint32_t>(-16));
        for (uint32_t i = 0; i < words; i++) {
            e.load(R10, RSP, 8 + 8 * i);
            e.store(R9, 8 * i, R10);
        }
        e.load(R10, RAX, VISIT(stack_low));
        e.store(R11, KCS(stack_low), R10);
        e.load(R10, RAX, VISIT(stack_size));
        e.store(R11, KCS(stack_size), R10);
        e.store(R11, KCS(stack_visit), RAX);
        e.cd_capld(stack_capability, RAX, kcs_capabilities);
        e.mov(RSP, R9);
    }
    if (p.separate_dcs()) {
        e.cd_rddcs(R9, 0);
        e.load(R10, R11, KCS(dcs_visit));
        e.store(R10, VISIT(dcs_ptr), R9);
        e.load(R9, RAX, VISIT(dcs_ptr));
        e.load(R10, RAX, VISIT(dcs_limit));
        e.cd_wrdcs(0, R9);
        e.cd_wrdcs(1, R9);
        e.cd_wrdcs(2, R10);
        e.store(R11, KCS(dcs_visit), RAX);
    } else if (p.raised_dcs()) {
        e.cd_rddcs(R10, 0);
        e.cd_wrdcs(1, R10);
    }
    if (p.cross_process) {
        e.load(R10, RAX, VISIT(process));
        e.store(R11, KCS(current), R10);
        e.load(R10, RAX, VISIT(fs_base));
        e.write_fs_base(R10);
    }
    if (scratch) {
        e.load(R10, R11, KCS(top));
        e.load(R9, R10, RECORD(scratch) - sizeof(CallRecord));
    }
    if (p.confidential_registers()) {
        e.zero(R10);
        e.zero(R11);
    }
}

void emit_way_back(Emitter& e, const Proxy& p) {
    if (p.separate_dcs()) {
        // What the callee's domain capability stack held at entry is what it holds now: base and pointer
        // meet.
        e.cd_rddcs(RCX, 1);
        e.load(RSI, R11, KCS(dcs_visit));
        e.store(RSI, VISIT(dcs_ptr), RCX);
        e.load(RCX, R10, RECORD(dcs_visit));
        e.store(R11, KCS(dcs_visit), RCX);
        e.load(RCX, R10, RECORD(dcs_ptr));
        e.cd_wrdcs(0, RCX);
        e.load(RCX, R10, RECORD(dcs_limit));
        e.cd_wrdcs(2, RCX);
    }
    if (p.separate_dcs() || p.raised_dcs()) {
        e.load(RCX, R10, RECORD(dcs_base));
        e.cd_wrdcs(1, RCX);
    }
    if (p.separate_stack()) {
        e.load(RSI, R11, KCS(stack_visit));
        e.load(RCX, R10, RECORD(entry_top));
        e.store(RSI, VISIT(stack_top), RCX);
        e.load(RCX, R10, RECORD(stack_visit));
        e.store(R11, KCS(stack_visit), RCX);
        e.load(RCX, R10, RECORD(stack_low));
        e.store(R11, KCS(stack_low), RCX);
        e.load(RCX, R10, RECORD(stack_size));
        e.store(R11, KCS(stack_size), RCX);
    }
    if ((p.separate_stack() || p.keeps_stack_capability()) && checked(STILE_OS_CHECK_proxy_registers))
        e.cd_capld(stack_capability, R10, kcs_capabilities);
    if (p.cross_process || (p.keeps_registers() && checked(STILE_OS_CHECK_proxy_registers))) {
        e.load(RCX, R10, RECORD(fs_base));
        e.write_fs_base(RCX);
    }
    if (p.cross_process) {
        e.load(RCX, R10, RECORD(process));
        e.store(R11, KCS(current), RCX);
    }
    e.load(RSP, R10, RECORD(rsp));
    e.load(RCX, R10, RECORD(return_address));
    e.store(RSP, 0, RCX);
    e.store(R11, KCS(top), R10);
    if (p.confidential_registers()) {
        e.zero(RCX);
        e.zero(RSI);
        e.zero(R10);
        e.zero(R11);
    }
    e.ret();
}

void emit(Emitter& e, Proxy& p) {
    e.cd_kcs(R11);
    e.mov(RAX, RSP);
    e.sub_mem(RAX, R11, KCS(stack_low));
    e.cmp_mem(RAX, R11, KCS(stack_size));
    if (checked(STILE_OS_CHECK_proxy_stack)) e.jump_if(above, bad);
    e.load(R10, R11, KCS(top));
    e.cmp_mem(R10, R11, KCS(limit));
    e.jump_if(above_or_equal, full);
    emit_record(e, p);
    if (p.needs_visit()) emit_find_visit(e, p);
    emit_switch(e, p);
    // On a shared stack our return address takes the caller's place, or stack arguments would not be where
    // they belong; the way back puts it there again.
    if (!p.separate_stack()) e.add_imm(RSP, 8);
    e.set64(RAX, p.entry.address);
    e.call(RAX);
    p.after_call = p.address + e.size();
    e.cd_kcs(R11);
    e.load(R10, R11, KCS(top));
    e.place(back);
    e.sub_imm(R10, sizeof(CallRecord));
    emit_way_back(e, p);

    p.unwind = p.address + e.place(give_up);
    e.cd_kcs(R11);
    e.load(R10, R11, KCS(top));
    e.load(RAX, R11, KCS(error));
    e.zero(RDX);
    e.jump(back);

    if (p.needs_visit()) {
        // The kernel gives the visit's address, or -errno, in RAX and keeps all but RCX, which may be an
        // argument, and R11.
        e.place(cold);
        e.store(R10, RECORD(scratch), RCX);
        e.set32(RAX, STILE_SYS_visit_prepare);
        e.syscall();
        e.load(RCX, R10, RECORD(scratch));
        e.cd_kcs(R11);
        e.test(RAX);
        e.jump_if(negative, refused);
        e.jump(found);
        e.place(refused);  // no visit: the call never began
        e.zero(RDX);
        e.ret();
    }
    e.place(full);
    e.set_signed(RAX, -EAGAIN);
    e.zero(RDX);
    e.ret();
    e.place(bad);
    e.undefined();
    e.finish();
}

#undef KCS
#undef VISIT
#undef RECORD

Status build(Process* importer, Domain* domain, const Entry& entry, Proxy** out) {
    auto* p = knew<Proxy>();
    auto* e = p ? knew<Emitter>() : nullptr;
    if (!e) {
        kdelete(p);
        return -ENOMEM;
    }
    p->entry = entry;
    p->domain = domain;
    p->policy = entry.policy;
    p->cross_process = entry.domain->owner != importer;
    p->index = proxy_count;
    p->address = proxies_base + next_page;
    e->guarded = checked(STILE_OS_CHECK_proxy_guards);
    emit(*e, *p);
    const unsigned pages = static_cast<unsigned>(align_up(e->size(), page_size) >> page_shift);
    Status s = e->overflow() || proxy_count == max_proxies || next_page + pages * page_size > proxies_bytes
                   ? -ENOSPC
                   : 0;
    for (unsigned i = 0; i < pages && s == 0; i++) {
        Page* page = alloc_zeroed_page();
        if (!page) {
            s = -ENOMEM;
            break;
        }
        memcpy(page_address(page), e->bytes() + i * page_size,
               min<size_t>(e->size() - i * page_size, page_size));
        s = system_map(p->address + i * page_size, page, domain->tag, STILE_PTE_PRIVILEGED);
        if (s < 0) free_pages(page, 0);
    }
    if (s == 0) {
        visits_upgrade(*p);
        p->bytes = e->size();
        next_page += pages * page_size;
        proxies[proxy_count++] = p;
        domain_get(entry.domain);
        domain_get(domain);
        STILE_MARK(STILE_MARK_K_PROXY, p->address, p->bytes, p->policy);
        *out = p;
    } else {
        kdelete(p);
    }
    kdelete(e);
    return s;
}

}  // namespace

// A proxy has a page of its own (proxies are few and pages are cheap; a page also bounds what a wrong entry
// could reach). Proxies are kept until the machine is switched off: a thread may be inside.
Status proxies_make(Process* importer, Domain* domain, const Entry* entries, unsigned n, Proxy** out) {
    for (unsigned i = 0; i < n; i++)
        if (const Status s = build(importer, domain, entries[i], &out[i]); s < 0) return s;
    return 0;
}

Proxy* proxy_at(uint64_t address) {
    for (unsigned i = 0; i < proxy_count; i++)
        if (address - proxies[i]->address < proxies[i]->bytes) return proxies[i];
    return nullptr;
}

Proxy* proxy_of_index(uint64_t index) { return index < proxy_count ? proxies[index] : nullptr; }

}  // namespace stile::os
