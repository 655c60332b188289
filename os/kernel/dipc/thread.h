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

inline constexpr unsigned stack_capability = 7;  // the register that holds the stack in use

// What a signal handler interrupted (handler.cpp).
struct alignas(64) InterruptedState {
    stile_cd_state state;
    uint64_t frame_at, rip;
    uint64_t activation, stamp;  // its entry in the thread's own capability stack, and what was put into it
    uint16_t handler_domain;
};
inline constexpr unsigned max_interrupted = 16;

// A domain capability stack: its pages from the bottom.
struct Dcs {
    unsigned count = 0;
    Page* pages[max_dcs_pages] = {};
    stile_cap& entry(uint64_t n) {
        constexpr uint64_t per_page = page_size / STILE_DCS_ENTRY;
        return static_cast<stile_cap*>(page_address(pages[n / per_page]))[n % per_page];
    }
};

struct DipcThread {
    Thread* thread = nullptr;
    Link all_link;
    stile_cd_state* state = nullptr;
    unsigned block = 0;         // which block of the system region
    uint64_t user = 0;          // its address there
    Kcs* kcs = nullptr;         // two pages: header and records
    stile_cap* caps = nullptr;  // two pages of capability storage, parallel to them
    Dcs* dcs[max_visits] = {};  // [0] the thread's own one
    InterruptedState* interrupted = nullptr;
    unsigned interruptions = 0;
    const Process* leaves = nullptr;  // has ended while the thread visited it on another CPU

    unsigned depth() const {
        return static_cast<unsigned>((kcs->top - user - kcs_records) / sizeof(CallRecord));
    }
    CallRecord* record(unsigned i) {
        return reinterpret_cast<CallRecord*>(reinterpret_cast<char*>(kcs) + kcs_records) + i;
    }
    uint64_t dcs_bottom(unsigned i) const { return user + kcs_dcs + i * dcs_span; }
    Visit* visit_user(unsigned i) const {
        return reinterpret_cast<Visit*>(user + __builtin_offsetof(Kcs, visits) + i * sizeof(Visit));
    }
};

extern List<DipcThread, &DipcThread::all_link>* dipc_threads;

// The running thread has no room for another entry: one more page. False: that is not it, or it is too long.
bool dcs_grow();

// visit_prepare: the running thread's visit for the callee domain of `proxy`, made if need be, goes into the
// slot where the proxy will look. 0 or -errno.
Status visit_prepare(DipcThread* t, const Proxy& proxy);
// A proxy is being made that needs more of visits to its callee's domain than others before it.
void visits_upgrade(const Proxy& proxy);
// The visits of all threads to domains of a process that ends.
void visits_end(const Process* process);
// After that: threads on such a visit leave.
void visitors_evict(const Process* process);

}  // namespace stile::os
