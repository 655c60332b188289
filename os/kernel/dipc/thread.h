// SPDX-License-Identifier: Apache-2.0
//
// dIPC's part of a thread: its kernel control stack, its visits, its CODOMs state.
#pragma once

#include "os/kernel/dipc/domain.h"
#include "os/kernel/dipc/layout.h"
#include "os/kernel/mm/page.h"

namespace stile::os {

struct Thread;
struct Process;
struct AddressSpace;
struct Proxy;

struct DipcThread {
    Thread* thread = nullptr;
    Link all_link;
    stile_cd_state* state = nullptr;
    unsigned block = 0;               // which block of the system region
    uint64_t user = 0;                // its address there
    Kcs* kcs = nullptr;               // two pages: header and records
    stile_cap* caps = nullptr;        // two pages of capability storage, parallel to them
    Page* dcs[max_visits] = {};       // [0] the thread's own one
    const Process* leaves = nullptr;  // has ended while the thread visited it on another CPU

    unsigned depth() const {
        return static_cast<unsigned>((kcs->top - user - kcs_records) / sizeof(CallRecord));
    }
    CallRecord* record(unsigned i) {
        return reinterpret_cast<CallRecord*>(reinterpret_cast<char*>(kcs) + kcs_records) + i;
    }
    Visit* visit_user(unsigned i) const {
        return reinterpret_cast<Visit*>(user + __builtin_offsetof(Kcs, visits) + i * sizeof(Visit));
    }
};

extern List<DipcThread, &DipcThread::all_link>* dipc_threads;

// visit_prepare: the running thread's visit for the callee domain of `proxy`, made if need be, goes into the
// slot where the proxy will look. 0 or -errno.
Status visit_prepare(DipcThread* t, const Proxy& proxy);
// The visits of all threads to domains of a process that ends.
void visits_end(const Process* process);
// After that: threads on such a visit leave.
void visitors_evict(const Process* process);

}  // namespace stile::os
