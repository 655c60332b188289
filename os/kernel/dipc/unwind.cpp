// SPDX-License-Identifier: Apache-2.0
//
// A thread that faults on a visit does not die of it: its innermost call ends with an error, as if the callee
// had returned one. The proxy's own way back undoes the switch; the kernel only sees to it that it can run.
#include "abi/marker.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/proxy.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

// The caller's return capability must be on top when the proxy returns, and the proxy's activation is the one
// that it began. Where the callee shared the caller's domain capability stack, what it left above is dropped:
// the entry is the first from the top with the record's address. Elsewhere the record tells its place.
bool is_return_to(const stile_cap& c, const CallRecord& record) {
    return STILE_CAP_TYPE(c.word) == STILE_CAP_RETURN && c.base == record.return_address;
}

void drop_callees_entries(DipcThread& t, const CallRecord& record, bool separate, stile_cd_state& s) {
    const uint64_t end = separate ? record.dcs_ptr : s.dcs_ptr;
    for (unsigned i = 0; i < max_visits; i++) {
        const uint64_t bottom = t.dcs_bottom(i);
        Dcs* d = t.dcs[i];
        if (!d || end <= bottom || end > bottom + d->count * page_size) continue;
        uint64_t n = (end - bottom) / STILE_DCS_ENTRY;
        while (n && !is_return_to(d->entry(n - 1), record)) n--;
        if (!n) continue;
        if (!separate) s.dcs_ptr = bottom + n * STILE_DCS_ENTRY;
        s.depth = STILE_CAP_DEPTH(d->entry(n - 1).word) + 1;
        return;
    }
}

// What the callee left in the capability registers is not the caller's. The stack's is put right by the
// proxy.
void empty_registers(stile_cd_state& s) {
    for (unsigned i = 0; i < stack_capability; i++) s.caps[i] = {};
}

// Sends the thread to the way back of its innermost call, which then returns `error`. `s` is the thread's
// domain state, wherever that is now. False: it is in no call.
bool unwind(DipcThread& t, TrapFrame* frame, stile_cd_state& s, long error) {
    if (t.depth() == 0 || t.depth() > max_records) return false;
    const CallRecord& record = *t.record(t.depth() - 1);
    const Proxy* p = proxy_of_index(record.proxy);
    if (!p) return false;
    if (domains_checked()) drop_callees_entries(t, record, p->separate_dcs(), s);
    empty_registers(s);
    s.latch = p->domain->tag | static_cast<uint64_t>(STILE_XFER_SEQ) << 16;
    s.latch_ret = 0;
    t.kcs->error = static_cast<uint64_t>(static_cast<int64_t>(error));
    frame->rip = p->unwind;
    frame->rflags &= ~static_cast<uint64_t>(flag_df | flag_tf | flag_ac);
    frame->vector = 0;  // no system call any more: nothing to be restarted
    set_work(t.thread, work_full_return);
    return true;
}

bool unwind_current(TrapFrame* frame, long error) {
    DipcThread* t = current()->dipc;
    if (!t) return false;
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    if (!unwind(*t, frame, s, error)) return false;
    stile_cd_restore(&s);
    return true;
}

// Nobody dies of it, so nobody else would say what happened.
void announce(const TrapFrame* frame, int signal) {
    stile_kill_info k{};
    k.signal = static_cast<uint64_t>(signal);
    k.vector = frame->vector;
    k.error = frame->error;
    k.rip = frame->rip;
    k.address = read_cr2();
    if (frame->vector == STILE_VEC_DOMAIN) {
        const uint64_t right = read_msr(STILE_MSR_CD_FAULT_RIGHT);
        k.from_tag = read_msr(STILE_MSR_CD_FAULT_FROM);
        k.to_tag = read_msr(STILE_MSR_CD_FAULT_TO);
        k.needed = right & 0xff;
        k.had = right >> 8 & 0xff;
    }
    STILE_MARK(STILE_MARK_K_UNWOUND, current_process()->pid, &k, 0);
}

bool visits(const DipcThread& t, const Process* host) {
    return t.kcs->current == host && t.thread->process != host && t.depth() > 0;
}

}  // namespace

bool dipc_unwind_fault(TrapFrame* frame, int signal) {
    const DipcThread* t = current()->dipc;
    const Proxy* p =
        t && t->depth() ? proxy_of_index(const_cast<DipcThread*>(t)->record(t->depth() - 1)->proxy) : nullptr;
    if (p) announce(frame, signal);
    return p && unwind_current(frame, p->entry.domain->dead ? -EOWNERDEAD : -EFAULT);
}

bool dipc_leave_visit(bool end_process, int status) {
    Process* host = current_process();
    if (host == current()->process) return false;
    if (end_process) kill_process(host, status);
    return unwind_current(current()->frame(), end_process ? -EOWNERDEAD : -EFAULT);
}

// Without a proxy, too: a handler would see and set the registers of whoever it interrupts.
static bool in_another_process(const Thread* thread) {
    if (!domains_checked() || !checked(STILE_OS_CHECK_signal_visit)) return false;
    const uint64_t latch = thread == current() ? calling_domain() : thread->dipc->state->latch;
    const Domain* d = domain_of_tag(static_cast<uint16_t>(latch));
    return d && d->owner && d->owner->space != thread->process->space;
}

bool dipc_on_visit(const Thread* thread) {
    const DipcThread* t = thread->dipc;
    return t && (t->depth() > 0 || proxy_at(thread->frame()->rip) || in_another_process(thread));
}

void dipc_leave_dead_host(TrapFrame* frame) {
    DipcThread* t = current()->dipc;
    const Process* host = t->leaves;
    t->leaves = nullptr;
    if (host && visits(*t, host)) unwind_current(frame, -EOWNERDEAD);
}

// Threads that run or sleep on behalf of a process that ends go home first: what they use is about to be
// freed. One that runs on another CPU does so itself when it is interrupted; should it enter the process only
// after that, it faults there and comes back by dipc_unwind_fault.
void visitors_evict(const Process* host) {
    if (!dipc_threads) return;
    for (DipcThread& t : *dipc_threads) {
        if (cpus[t.thread->cpu]->current == t.thread && t.thread != current()) {
            t.leaves = host;
            set_work(t.thread, work_signal);
            continue;
        }
        if (!visits(t, host) || !unwind(t, t.thread->frame(), *t.state, -EOWNERDEAD)) continue;
        set_work(t.thread, work_signal);
        wake_for_signal(t.thread);
    }
    // A sleep that no signal ends is left alone after a while.
    for (unsigned patience = 0; patience < 1000 && (smp() || somebody_waits_to_run()); patience++) {
        bool any = false;
        for (const DipcThread& t : *dipc_threads) any |= visits(t, host);
        if (!any) return;
        yield();
    }
}

}  // namespace stile::os
