// SPDX-License-Identifier: Apache-2.0
//
// The block of pages that a thread of a dIPC process has in the shared address space (layout.h), and the cold
// path of a call into a process where the thread has not been yet.
#include "os/kernel/dipc/thread.h"

#include "abi/platform.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc/process.h"
#include "os/kernel/dipc/proxy.h"
#include "os/kernel/dipc/shared_table.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

constinit List<DipcThread, &DipcThread::all_link>* dipc_threads = nullptr;

namespace {

constexpr unsigned max_blocks = 4096;
constinit uint64_t blocks_used[max_blocks / 64]{};

constexpr uint64_t visit_stack_bytes = 64 << 10;
constexpr uint64_t stack_growth = 256 * page_size;  // what the address space keeps free below a stack

int block_allocate() {
    for (unsigned i = 0; i < max_blocks; i++) {
        if (blocks_used[i / 64] >> (i % 64) & 1) continue;
        blocks_used[i / 64] |= 1ull << (i % 64);
        return static_cast<int>(i);
    }
    return -1;
}

uint64_t live_fs_base() {
    uint64_t v;
    asm volatile("rdfsbase %0" : "=r"(v));
    return v;
}

// A proxy pushes below RSP and reads arguments above it with rights that its caller may not have.
void set_stack_bounds(uint64_t low, uint64_t high, uint64_t& from, uint64_t& size) {
    from = low + 64;
    size = high - from - (max_stack_args + 1) * 8;
}

// Of the activation at home, so that no return takes it away.
stile_cap stack_cap(uint64_t low, uint64_t high, uint16_t tag) {
    stile_cap c{};
    c.base = low;
    c.length = high - low;
    c.word = STILE_CAP_WORD(tag, 0, STILE_RIGHT_WRITE, STILE_CAP_SYNC);
    return c;
}

Status map_pages(uint64_t at, Page* first, unsigned n, const Domain* domain, uint64_t bits) {
    for (unsigned i = 0; i < n; i++)
        if (const Status s =
                system_map(at + i * page_size, first + i, domain->tag, bits | pte_write | pte_no_exec);
            s < 0)
            return s;
    return 0;
}

Status add_dcs_page(DipcThread& t, unsigned i) {
    Dcs& d = *t.dcs[i];
    Page* page = alloc_zeroed_page();
    if (!page) return -ENOMEM;
    const uint64_t at = t.dcs_bottom(i) + d.count * page_size;
    if (const Status s = map_pages(at, page, 1, dcs_domain(), STILE_PTE_CAP_STORAGE); s < 0) {
        free_pages(page, 0);
        return s;
    }
    d.pages[d.count++] = page;
    t.kcs->visits[i].dcs_limit = at + page_size;
    return 0;
}

Status add_dcs(DipcThread& t, unsigned i) {
    if (t.dcs[i]) return 0;
    if (!(t.dcs[i] = knew<Dcs>())) return -ENOMEM;
    t.kcs->visits[i].dcs_ptr = t.dcs_bottom(i);
    return add_dcs_page(t, i);
}

stile_cap& cap_beside(DipcThread& t, const Visit& v) {
    const auto offset = reinterpret_cast<const char*>(&v) - reinterpret_cast<const char*>(t.kcs);
    return *reinterpret_cast<stile_cap*>(reinterpret_cast<char*>(t.caps) + offset);
}

Status add_stack(DipcThread& t, Visit& v, const Domain& callee) {
    if (v.stack_size) return 0;
    VmArea* area = nullptr;
    AddressSpace& space = *v.process->space;
    const Status s = space.map(0, visit_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                               nullptr, 0, &area);
    if (s < 0) return s;
    area->tag = callee.tag;
    area->flags |= vm_pinned | vm_dont_copy;
    if (const Status f = space.populate(area->start, visit_stack_bytes, true); f < 0) return f;
    set_stack_bounds(area->start, area->end, v.stack_low, v.stack_size);
    v.stack_top = align_down(v.stack_low + v.stack_size, 16);
    cap_beside(t, v) = stack_cap(area->start, area->end, callee.tag);
    return 0;
}

void drop_stack(Visit& v) {
    if (!v.stack_size || v.dead) return;
    AddressSpace* space = v.process->space;
    VmArea* area = space ? space->find(v.stack_low) : nullptr;
    if (!area) return;
    area->flags &= ~static_cast<uint32_t>(vm_pinned);
    space->unmap(area->start, area->size());
}

// The thread's TLS in a process. At home it is what the first call out of there saved; elsewhere one that the
// process lends, the same in all its domains.
Status tls_in(DipcThread& t, Process* process, uint64_t& out) {
    if (process == t.thread->process) {
        out = live_fs_base();
        for (unsigned i = t.depth(); i; i--)
            if (const Proxy* p = proxy_of_index(t.record(i - 1)->proxy); p && p->cross_process)
                out = t.record(i - 1)->fs_base;
        return 0;
    }
    for (unsigned i = 1; i < max_visits; i++) {
        const Visit& v = t.kcs->visits[i];
        if (v.process != process || v.dead) continue;
        out = v.fs_base;
        return 0;
    }
    const TlsHost* host = process->dipc->lend_to(&t);
    if (!host) return -EAGAIN;
    out = host->fs_base;
    return 0;
}

void free_block(DipcThread& t) {
    for (unsigned i = 1; i < max_visits; i++) {
        Visit& v = t.kcs->visits[i];
        if (!v.process) continue;
        drop_stack(v);
        if (!v.dead) v.process->dipc->give_back(&t);
        process_put(v.process);
    }
    for (uint64_t at = 0; at < kcs_capabilities + 2 * page_size; at += page_size) system_unmap(t.user + at);
    for (unsigned i = 0; i < max_visits; i++) {
        Dcs* d = t.dcs[i];
        for (unsigned n = 0; d && n < d->count; n++) {
            system_unmap(t.dcs_bottom(i) + n * page_size);
            shootdown_free(d->pages[n]);
        }
        kdelete(d);
    }
    if (smp()) shootdown_flush();  // before the pages are somebody else's
    free_pages(address_page(t.kcs), 1);
    free_pages(address_page(t.caps), 1);
    kfree(t.interrupted);
    blocks_used[t.block / 64] &= ~(1ull << (t.block % 64));
}

// The running thread has no block any more. In whose name it runs is still to be known: what is written at a
// thread's end is written with somebody's rights.
void forget_all_but_latch() {
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    const uint64_t latch = s.latch;
    if (checked(STILE_OS_CHECK_fresh_thread)) s = {};
    s.latch = latch;
    stile_cd_restore(&s);
}

void* two_pages() {
    Page* p = alloc_pages(1);
    if (!p) return nullptr;
    memset(page_address(p), 0, 2 * page_size);
    return page_address(p);
}

Status make_block(DipcThread& t, const TrapFrame* frame) {
    const int block = block_allocate();
    if (block < 0) return -EAGAIN;
    t.block = static_cast<unsigned>(block);
    t.user = blocks_base + t.block * kcs_stride;
    t.kcs = static_cast<Kcs*>(two_pages());
    t.caps = static_cast<stile_cap*>(two_pages());
    t.state = static_cast<stile_cd_state*>(kzalloc(sizeof(stile_cd_state)));
    if (!t.kcs || !t.caps || !t.state) return -ENOMEM;
    if (const Status s = map_pages(t.user, address_page(t.kcs), 2, kcs_domain(), 0); s < 0) return s;
    if (const Status s = map_pages(t.user + kcs_capabilities, address_page(t.caps), 2, kcs_domain(),
                                   STILE_PTE_CAP_STORAGE);
        s < 0)
        return s;
    if (const Status s = add_dcs(t, 0); s < 0) return s;

    // A thread that another one made begins in the domain that its maker was in, with that one's rights over
    // its stack; a new program in the process's own.
    Process* p = t.thread->process;
    const uint16_t caller = t.thread == current() ? 0 : calling_domain();
    const uint16_t domain = caller ? caller : p->dipc->domain->tag;
    const VmArea* stack = p->space->find(frame->rsp ? frame->rsp - 1 : 0);
    if (!stack) return -EFAULT;
    const uint16_t lends = checked(STILE_OS_CHECK_clone_rights) ? domain : stack->tag;
    // Whoever is called on this stack reaches it through the capability: what lies below RSP, and RSP's own
    // page. A stack that grows may do so as far as nothing else can be mapped there.
    const VmArea* below = p->space->areas.prev(stack);
    const uint64_t low = stack->flags & vm_grows_down
                             ? max(stack->start - stack_growth, below ? below->end : p->space->base)
                             : stack->start;
    const uint64_t high = min(stack->end, align_up(frame->rsp, page_size) + page_size);
    Kcs& k = *t.kcs;
    k.top = t.user + kcs_records;
    k.limit = k.top + max_records * sizeof(CallRecord);
    k.current = p;
    k.stack_visit = k.dcs_visit = t.visit_user(0);
    // Proxies may write more than their callers. On a stack that is not the caller's to write they do
    // nothing.
    if (domain_may_write(lends, stack->tag))
        set_stack_bounds(low, high, k.stack_low, k.stack_size);
    else
        k.stack_low = ~0ull;
    Visit& home = k.visits[0];
    home.tag = p->dipc->domain->tag;
    home.process = p;
    home.stack_low = k.stack_low;
    home.stack_size = k.stack_size;
    home.stack_top = frame->rsp;
    cap_beside(t, home) = stack_cap(low, high, lends);

    stile_cd_state& s = *t.state;
    if (!checked(STILE_OS_CHECK_fresh_thread) && cpu().domain_state_used) stile_cd_save(&s);
    s.depth = 0;
    s.latch = domain | static_cast<uint64_t>(STILE_XFER_JUMP) << 16;
    s.dcs_ptr = s.dcs_base = home.dcs_ptr;
    s.dcs_limit = home.dcs_limit;
    s.kcs = t.user;
    s.caps[stack_capability] = stack_cap(low, high, lends);
    return 0;
}

}  // namespace

Status dipc_thread_started(Thread* thread, TrapFrame* frame) {
    if (!thread->process->dipc) return 0;
    if (thread->cd_state) dipc_thread_exited(thread);
    if (!dipc_threads && !(dipc_threads = knew<List<DipcThread, &DipcThread::all_link>>())) return -ENOMEM;
    auto* t = knew<DipcThread>();
    if (!t) return -ENOMEM;
    t->thread = thread;
    if (const Status s = make_block(*t, frame); s < 0) {
        if (t->kcs && t->caps) free_block(*t);
        kfree(t->state);
        kdelete(t);
        return s;
    }
    dipc_threads->push_back(t);
    thread->dipc = t;
    thread->acting_for = &t->kcs->current;
    thread->cd_state = t->state;
    if (thread == current()) {
        apl_refresh();
        stile_cd_restore(t->state);
        cpu().domain_state_used = true;
    }
    return 0;
}

void dipc_thread_exited(Thread* thread) {
    DipcThread* t = thread->dipc;
    if (t) {
        dipc_threads->remove(t);
        free_block(*t);
        kdelete(t);
    }
    kfree(thread->cd_state);
    thread->cd_state = nullptr;
    thread->dipc = nullptr;
    thread->acting_for = &thread->process;
    if (thread == current() && domains_checked()) forget_all_but_latch();
}

void domain_state_forget() {
    alignas(64) stile_cd_state none{};
    if (cpu().domain_state_used && domains_checked()) stile_cd_restore(&none);
    cpu().domain_state_used = false;
}

bool dcs_grow() {
    DipcThread* t = current()->dipc;
    if (!t) return false;
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    if (s.dcs_ptr < s.dcs_base || s.dcs_ptr % STILE_DCS_ENTRY || s.dcs_ptr + STILE_DCS_ENTRY <= s.dcs_limit)
        return false;
    for (unsigned i = 0; i < max_visits; i++) {
        const uint64_t bottom = t->dcs_bottom(i);
        Dcs* d = t->dcs[i];
        if (!d || s.dcs_ptr < bottom || s.dcs_ptr > bottom + d->count * page_size) continue;
        // A call that came back meanwhile has set the limit that it found; the pages are there.
        if (s.dcs_limit >= bottom + d->count * page_size) {
            if (d->count == max_dcs_pages) {
                printk("kernel: thread %d: its domain capability stack is full, %u entries\n", t->thread->tid,
                       static_cast<unsigned>(dcs_span / STILE_DCS_ENTRY));
                return false;
            }
            if (add_dcs_page(*t, i) < 0) return false;
        }
        s.dcs_limit = bottom + d->count * page_size;
        stile_cd_restore(&s);
        return true;
    }
    return false;
}

// Without domain checks nobody asks for the limit of a capability stack: its next page is found missing.
bool dipc_page_fault(uint64_t addr) {
    DipcThread* t = current()->dipc;
    if (!t || domains_checked()) return false;
    for (unsigned i = 0; i < max_visits; i++)
        if (const Dcs* d = t->dcs[i];
            d && addr - t->dcs_bottom(i) < dcs_span && (addr - t->dcs_bottom(i)) / page_size == d->count)
            return add_dcs_page(*t, i) == 0;
    return false;
}

Status visit_prepare(DipcThread* t, const Proxy& proxy) {
    Domain& callee = *proxy.entry.domain;
    if (callee.dead) return -EOWNERDEAD;
    unsigned index = max_visits, unused = max_visits;
    for (unsigned i = 0; i < max_visits; i++) {
        const Visit& v = t->kcs->visits[i];
        if (!v.process && i && unused == max_visits) unused = i;
        if (v.process && !v.dead && v.tag == callee.tag) index = i;
    }
    if (index == max_visits) {
        if (unused == max_visits) return -EMFILE;
        index = unused;
        Visit& v = t->kcs->visits[index];
        if (const Status s = tls_in(*t, callee.owner, v.fs_base); s < 0) return s;
        v.tag = callee.tag;
        v.process = callee.owner;
        process_get(v.process);
    } else if (index == 0) {
        tls_in(*t, t->thread->process, t->kcs->visits[0].fs_base);
    }
    Visit& v = t->kcs->visits[index];
    if (callee.stacks)
        if (const Status s = add_stack(*t, v, callee); s < 0) return s;
    if (callee.capability_stacks)
        if (const Status s = add_dcs(*t, index); s < 0) return s;
    unsigned slot = callee.tag % STILE_APL_MAX_SLOTS;
    if (domains_checked()) {
        if (stile_cd_hwtag(callee.tag) < 0) apl_load(callee.tag);
        slot = static_cast<unsigned>(stile_cd_hwtag(callee.tag));
    }
    t->kcs->by_slot[slot] = t->visit_user(index);
    return static_cast<Status>(reinterpret_cast<uint64_t>(t->visit_user(index)));
}

// The addresses may be somebody else's next, and proxies write with more rights than their callers have.
void dipc_stack_lost(const AddressSpace& space, uint64_t from, uint64_t to) {
    if (!dipc_threads || !space.table->shared || !checked(STILE_OS_CHECK_proxy_stack)) return;
    for (DipcThread& t : *dipc_threads) {
        Visit& home = t.kcs->visits[0];
        const uint64_t low = home.stack_low;
        if (home.process->space != &space || low == ~0ull || to <= low || from >= low + home.stack_size)
            continue;
        home.stack_low = ~0ull;
        if (t.kcs->stack_low == low) t.kcs->stack_low = ~0ull;
        for (unsigned i = 0; i < t.depth(); i++)
            if (t.record(i)->stack_low == low) t.record(i)->stack_low = ~0ull;
    }
}

void visits_upgrade(const Proxy& proxy) {
    Domain& d = *proxy.entry.domain;
    const bool more = (proxy.separate_stack() && !d.stacks) || (proxy.separate_dcs() && !d.capability_stacks);
    if (!more) return;
    d.stacks |= proxy.separate_stack();
    d.capability_stacks |= proxy.separate_dcs();
    if (!dipc_threads) return;
    for (DipcThread& t : *dipc_threads)
        for (unsigned i = 0; i < max_visits; i++)
            if (t.kcs->visits[i].tag == d.tag)
                for (Visit*& at : t.kcs->by_slot)
                    if (at == t.visit_user(i)) at = nullptr;
}

void visits_end(const Process* process) {
    if (!dipc_threads) return;
    for (DipcThread& t : *dipc_threads) {
        for (unsigned i = 1; i < max_visits; i++) {
            Visit& v = t.kcs->visits[i];
            if (v.process != process || v.dead) continue;
            v.dead = 1;
            for (Visit*& at : t.kcs->by_slot)
                if (at == t.visit_user(i)) at = nullptr;
        }
    }
}

}  // namespace stile::os
