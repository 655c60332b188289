// SPDX-License-Identifier: Apache-2.0
//
// Signal handlers and domains (ours; the papers do not speak of signals). A handler runs in the name of the
// domain that installed it: it is entered as by a jump from there, so it lies where that domain may go. It
// finds capability registers empty, but for the stack's, and cannot pop what other code has pushed. Return
// goes on in the name of the domain that was interrupted, with the capabilities that it had, whatever the
// frame, which lies in user memory, says.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

constexpr uint64_t latch_of(uint64_t tag, stile_transfer kind) {
    return tag | static_cast<uint64_t>(kind) << 16;
}
constexpr uint16_t tag_of(uint64_t latch) { return static_cast<uint16_t>(latch); }

uint16_t tag_at(uint64_t address) {
    const VmArea* a = current()->process->space->find(address);
    return a ? a->tag : 0;
}

void set_latch(uint64_t latch) {
    write_msr(STILE_MSR_CD_LATCH, latch);
    write_msr(STILE_MSR_CD_LATCH_RET, 0);
}

// A handler that was left by longjmp leaves its record; the oldest one makes room.
InterruptedState* new_record(DipcThread& t) {
    if (!t.interrupted)
        t.interrupted = static_cast<InterruptedState*>(kzalloc(sizeof(InterruptedState) * max_interrupted));
    if (!t.interrupted) return nullptr;
    if (t.interruptions == max_interrupted) {
        for (unsigned i = 1; i < max_interrupted; i++) t.interrupted[i - 1] = t.interrupted[i];
        t.interruptions--;
    }
    return &t.interrupted[t.interruptions++];
}

// A record is good as long as the activation runs that was interrupted: a handler that was left by longjmp
// leaves it behind, with all that was lent for the activation. So the activation's entry in the capability
// stack gets a stamp, in a field that return capabilities do not use and the next push sets to 0. At home
// there is neither an entry nor anything lent. (Handlers do not run on visits: it is the thread's own stack.)
constinit uint64_t last_stamp = 0;

uint64_t activation_below(DipcThread& t, uint64_t dcs_ptr) {
    const Dcs* d = t.dcs[0];
    const uint64_t bottom = t.dcs_bottom(0);
    if (!d || dcs_ptr < bottom || dcs_ptr > bottom + d->count * page_size) return 0;
    for (uint64_t n = (dcs_ptr - bottom) / STILE_DCS_ENTRY; n; n--)
        if (STILE_CAP_TYPE(t.dcs[0]->entry(n - 1).word) == STILE_CAP_RETURN) return n;
    return 0;
}

void stamp(DipcThread& t, InterruptedState& r) {
    r.activation = activation_below(t, r.state.dcs_ptr);
    if (!r.activation) return;
    auto& stamp = t.dcs[0]->entry(r.activation - 1).length;
    if (!stamp) stamp = ++last_stamp;
    r.stamp = stamp;
}

bool still_runs(DipcThread& t, const InterruptedState& r) {
    if (!r.activation || !checked(STILE_OS_CHECK_signal_record)) return true;
    alignas(64) stile_cd_state now;
    stile_cd_save(&now);
    return activation_below(t, now.dcs_ptr) >= r.activation &&
           t.dcs[0]->entry(r.activation - 1).length == r.stamp;
}

}  // namespace

// Other threads of the domain that was interrupted may write where its RSP points, and return addresses of
// the handler would lie there. So it is the handler's own memory, or there is an alternate stack, or there is
// no handler.
bool dipc_handler_may_use(uint64_t stack, uint16_t installer) {
    const uint16_t interrupted = calling_domain();
    return !interrupted || interrupted == installer || !checked(STILE_OS_CHECK_signal_entry) ||
           tag_at(stack) == installer;
}

void dipc_enter_handler(uint64_t frame_at, uint64_t interrupted_rip, uint64_t handler, uint16_t installer) {
    DipcThread* t = current()->dipc;
    if (!t || !domains_checked()) return;
    if (!checked(STILE_OS_CHECK_signal_entry)) return set_latch(latch_of(tag_at(handler), STILE_XFER_SEQ));
    InterruptedState* r = new_record(*t);
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    if (r) {
        r->frame_at = frame_at;
        r->rip = interrupted_rip;
        r->handler_domain = installer;
        r->state = s;
        stamp(*t, *r);
    }
    if (tag_of(s.latch) != installer) s.dcs_base = s.dcs_ptr;
    s.latch = latch_of(installer, STILE_XFER_JUMP);
    s.latch_ret = 0;
    for (unsigned i = 0; i < stack_capability; i++) s.caps[i] = {};
    stile_cd_restore(&s);
}

void dipc_leave_handler(uint64_t frame_at, uint64_t rip) {
    DipcThread* t = current()->dipc;
    if (!t || !domains_checked()) return;
    if (!checked(STILE_OS_CHECK_signal_return)) return set_latch(latch_of(tag_at(rip), STILE_XFER_SEQ));
    const uint16_t caller = calling_domain();
    for (unsigned i = t->interruptions; i; i--) {
        InterruptedState& r = t->interrupted[i - 1];
        if (r.frame_at != frame_at || r.handler_domain != caller || !still_runs(*t, r)) continue;
        t->interruptions = i - 1;
        if (rip != r.rip) {
            r.state.latch = latch_of(tag_of(r.state.latch), STILE_XFER_JUMP);
            r.state.latch_ret = 0;
        }
        return stile_cd_restore(&r.state);
    }
    // Nothing is known of it: a jump of the caller's.
}

}  // namespace stile::os
