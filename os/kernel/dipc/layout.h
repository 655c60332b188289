// SPDX-License-Identifier: Apache-2.0
//
// What kernel and proxies share: the kernel control stack (KCS) of a thread and what lies beside it. Proxies
// reach these pages at ring 3, as their domain may write them and no other domain may touch them; proxy.cpp
// emits the code that does, with the offsets of the structures below.
//
// One thread's block in the shared address space, from cd.kcs on:
//   0x0000  Kcs: header, visits, and the visits by APL cache slot
//   0x1000  call records, 32 of them
//   0x2000  capability storage: the stack capability of a visit, or the one saved in a record, lies 0x2000
//           above it
//   0x20000 domain capability stacks, 128 KiB each: the thread's own one, then one per visit. Pages are put
//   in
//           as they are needed; the hardware reaches them, and nobody else: their domain is in no APL.
#pragma once

#include "abi/codoms.h"
#include "os/kernel/base/types.h"

namespace stile::os {

struct Process;

inline constexpr uint64_t kcs_stride = 0x200000;
inline constexpr uint64_t kcs_records = 0x1000;
inline constexpr uint64_t kcs_capabilities = 0x2000;
inline constexpr uint64_t kcs_dcs = 0x20000;
inline constexpr unsigned max_visits = 14;     // the first is the thread at home
inline constexpr unsigned max_dcs_pages = 32;  // 4096 entries: one more than there can be activations
inline constexpr uint64_t dcs_span = max_dcs_pages * page_size;
static_assert(kcs_dcs + max_visits * dcs_span <= kcs_stride);
inline constexpr unsigned max_records = 32;
inline constexpr unsigned max_stack_args = 16;

// A thread in a process that it visits, one per callee domain: where it runs there and as whom.
struct Visit {
    uint64_t tag;      // callee domain
    Process* process;  // a reference is held; nullptr: unused
    uint64_t fs_base;
    uint64_t stack_top;  // where a call that switches stacks begins; moves down while calls lead out of here
    uint64_t stack_low, stack_size;  // RSP is good while RSP - stack_low <= stack_size
    uint64_t dcs_ptr, dcs_limit;     // likewise for the domain capability stack
    uint64_t dead;                   // its process has ended
    uint64_t reserved[7];
};
static_assert(sizeof(Visit) == 128);

// A call under way: what the way back restores.
struct CallRecord {
    uint64_t return_address, rsp;
    Process* process;  // the caller's
    uint64_t fs_base;
    uint64_t proxy;  // index in the kernel's list of proxies
    uint64_t stack_low, stack_size;
    Visit* stack_visit;  // user addresses, as proxies see them
    uint64_t entry_top;  // the visit's stack_top at entry
    uint64_t dcs_ptr, dcs_base, dcs_limit;
    Visit* dcs_visit;
    uint64_t scratch[3];
};
static_assert(sizeof(CallRecord) == 128);

struct Kcs {
    uint64_t top, limit;  // user addresses of the next free record, and of the end
    Process* current;     // whom the thread acts for; current_process() reads it
    uint64_t error;       // what an unwound call returns
    uint64_t stack_low, stack_size;
    Visit* stack_visit;  // whose stack is in use
    Visit* dcs_visit;    // whose domain capability stack is in use
    uint64_t reserved[8];
    Visit visits[max_visits];
    uint64_t unused[16];
    Visit* by_slot[STILE_APL_MAX_SLOTS];  // by hardware tag of the callee domain; `tag` confirms
};
static_assert(sizeof(Kcs) == kcs_records);
static_assert(__builtin_offsetof(Kcs, by_slot) == 0x800);

}  // namespace stile::os
