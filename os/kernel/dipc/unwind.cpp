// SPDX-License-Identifier: Apache-2.0
//
// A thread that faults on a visit does not die of it: its innermost call ends with an error, as if the callee
// had returned one. The proxy's own way back undoes the switch; the kernel only sees to it that it can run.
#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc/proxy.h"
#include "os/kernel/dipc/thread.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/task/thread.h"

namespace stile::os {
namespace {

// The caller's return capability must be on top when the proxy returns. Where the callee shared the caller's
// domain capability stack, what it left above is dropped: the entry is the first from the top with the
// record's address.
void drop_callees_entries(DipcThread& t, const CallRecord& record, stile_cd_state& s) {
    for (unsigned i = 0; i < max_visits; i++) {
        if (!t.dcs[i]) continue;
        const uint64_t bottom = t.user + kcs_dcs + i * page_size;
        if (s.dcs_ptr < bottom || s.dcs_ptr > bottom + page_size) continue;
        const auto* entries = static_cast<const stile_dcs_entry*>(page_address(t.dcs[i]));
        for (uint64_t n = (s.dcs_ptr - bottom) / sizeof(stile_dcs_entry); n; n--) {
            if (entries[n - 1].return_address != record.return_address) continue;
            s.dcs_ptr = bottom + n * sizeof(stile_dcs_entry);
            return;
        }
    }
}

}  // namespace

bool dipc_unwind_fault(TrapFrame* frame, int) {
    DipcThread* t = current()->dipc;
    if (!t || t->depth() == 0 || t->depth() > max_records) return false;
    const CallRecord& record = *t->record(t->depth() - 1);
    const Proxy* p = proxy_of_index(record.proxy);
    if (!p) return false;
    alignas(64) stile_cd_state s;
    stile_cd_save(&s);
    if (domains_checked() && !p->separate_dcs()) drop_callees_entries(*t, record, s);
    s.latch = p->domain->tag | static_cast<uint64_t>(STILE_XFER_SEQ) << 16;
    s.latch_ret = 0;
    stile_cd_restore(&s);
    t->kcs->error =
        static_cast<uint64_t>(static_cast<int64_t>(p->entry.domain->dead ? -EOWNERDEAD : -EFAULT));
    frame->rip = p->unwind;
    frame->rflags &= ~static_cast<uint64_t>(flag_df | flag_tf | flag_ac);
    return true;
}

}  // namespace stile::os
