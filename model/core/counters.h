// SPDX-License-Identifier: Apache-2.0
//
// What a core counts as it runs; plain numbers, so that a region's share is end - begin.
#pragma once

#include <array>
#include <cstdint>

#include "model/core/phase.h"

namespace stile::model {

struct Counters {
    // X(field, description)
// clang-format off
#define STILE_COUNTERS(X)                                                                                   \
    X(cycles, "elapsed core cycles")                                                                        \
    X(instructions, "instructions retired, markers excluded; a rep-string instruction is one")              \
    X(kernel_instructions, "of them, retired at ring 0")                                                    \
    X(uops, "micro-ops executed")                                                                           \
    X(syscalls, "syscall instructions executed")                                                            \
    X(interrupts, "external interrupts taken")                                                              \
    X(exceptions, "exceptions raised")                                                                      \
    X(page_table_switches, "writes of CR3 that changed the table")                                          \
    X(context_switches, "threads switched to, as the kernel marks them")                                    \
    X(l1i_misses, "")                                                                                       \
    X(l1d_accesses, "")                                                                                     \
    X(l1d_misses, "")                                                                                       \
    X(l1d_upgrades, "")                                                                                     \
    X(l1d_prefetches, "")                                                                                   \
    X(l1d_prefetches_useful, "")                                                                            \
    X(l1d_prefetches_late, "")                                                                              \
    X(itlb_misses, "first-level instruction TLB misses")                                                    \
    X(dtlb_misses, "first-level data TLB misses")                                                           \
    X(stlb_misses, "second-level TLB misses: page walks")                                                   \
    X(branches, "control transfers predicted")                                                              \
    X(branch_mispredicts, "of them, wrongly")                                                               \
    X(branch_resteers, "direct branches whose target was not known before decoding")                        \
    X(conditional_branches, "")                                                                             \
    X(conditional_mispredicts, "")                                                                          \
    X(indirect_branches, "indirect jumps and calls")                                                        \
    X(indirect_mispredicts, "")                                                                             \
    X(returns, "")                                                                                          \
    X(return_mispredicts, "")                                                                               \
    X(apl_lookups, "domain crossings and foreign-page checks that consulted the APL cache")                 \
    X(apl_misses, "APL cache misses: exceptions that made the kernel refill")                               \
    X(domain_crossings, "control transfers into another domain at ring 3")                                  \
    X(domain_faults, "accesses and transfers that the protection unit refused")
// clang-format on
#define STILE_COUNTER_FIELD(name, help) uint64_t name = 0;
    STILE_COUNTERS(STILE_COUNTER_FIELD)
#undef STILE_COUNTER_FIELD
    std::array<uint64_t, static_cast<size_t>(Phase::count)> phase{};  // cycles; sums to `cycles`
};

}  // namespace stile::model
