// SPDX-License-Identifier: Apache-2.0
//
// What a core counts as it runs; plain numbers, so that a region's share is end - begin.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

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
    X(l1i_misses, "lines of code that the first-level instruction cache did not hold")                      \
    X(l1d_accesses, "lines that loads and stores touched in the first-level data cache")                    \
    X(l1d_misses, "of them, not held there")                                                                \
    X(l1d_upgrades, "writes to lines that were held there, but shared")                                     \
    X(l1d_prefetches, "lines that the first-level prefetchers asked for")                                   \
    X(l1d_prefetches_useful, "of them, used later")                                                         \
    X(l1d_prefetches_late, "of those, still on their way then")                                             \
    X(l2_accesses, "lines asked of the second-level cache, by prefetchers too; write-backs are not")        \
    X(l2_misses, "of them, not held there")                                                                 \
    X(llc_accesses, "lines asked of the last-level cache on this core's behalf, likewise")                  \
    X(llc_misses, "of them, not held there")                                                                \
    X(itlb_misses, "first-level instruction TLB misses")                                                    \
    X(dtlb_misses, "first-level data TLB misses")                                                           \
    X(stlb_misses, "second-level TLB misses: page walks")                                                   \
    X(branches, "control transfers predicted")                                                              \
    X(branch_mispredicts, "of them, wrongly")                                                               \
    X(branch_resteers, "direct branches whose target was not known before decoding")                        \
    X(conditional_branches, "conditional branches")                                                         \
    X(conditional_mispredicts, "of them, predicted the wrong way")                                          \
    X(indirect_branches, "indirect jumps and calls")                                                        \
    X(indirect_mispredicts, "of them, with the wrong target")                                               \
    X(returns, "returns predicted")                                                                         \
    X(return_mispredicts, "of them, with the wrong target")                                                 \
    X(apl_transfer_lookups, "APL cache lookups for transfers into another domain")                          \
    X(apl_data_lookups, "likewise for loads and stores on other domains' pages")                            \
    X(apl_capability_lookups, "likewise for the origins of capabilities that cover them")                   \
    X(apl_misses, "APL cache misses: exceptions that made the kernel refill, or walks")                     \
    X(apl_transfer_misses, "of them, of transfers")                                                         \
    X(apl_data_misses, "of them, of loads and stores")                                                      \
    X(apl_capability_misses, "of them, for the origin of a capability")                                     \
    X(apl_fills, "domains put into the APL cache")                                                          \
    X(apl_evictions, "domains that made room for others there")                                             \
    X(apl_invalidations, "domains that cd.aplinv dropped from it")                                          \
    X(apl_walks, "rights fetched from the APL directory")                                                   \
    X(apl_walk_cycles, "cycles from the miss to the right")                                                 \
    X(apl_port_stalls, "cycles that lookups waited for a port of the APL cache")                            \
    X(capabilities_made, "capabilities made, cut down, copied or turned from one type into another")        \
    X(capability_data, "checks of loads and stores that a capability register decided")                     \
    X(capability_fetch, "likewise of transfers into another domain")                                        \
    X(capability_verifications, "revocation counters compared")                                             \
    X(capability_revocations, "cd.caprev")                                                                  \
    X(capability_deaths, "synchronous capabilities that a crossing return took away")                       \
    X(domain_crossings, "control transfers into another domain at ring 3")                                  \
    X(crossing_calls, "of them, calls")                                                                     \
    X(crossing_returns, "of them, returns, which are checked by their return capability")                   \
    X(crossing_jumps, "of them, jumps and falling through")                                                 \
    X(domain_faults, "accesses and transfers that the protection unit refused")
// clang-format on
#define STILE_COUNTER_FIELD(name, help)                            \
    static_assert(sizeof(help) > 1, "what does " #name " count?"); \
    uint64_t name = 0;
    STILE_COUNTERS(STILE_COUNTER_FIELD)
#undef STILE_COUNTER_FIELD
    std::array<uint64_t, static_cast<size_t>(Phase::count)> phase{};  // cycles; sums to `cycles`

    // The functional model asks the protection unit once per page and remembers, so that it cannot tell.
    static constexpr bool only_when_timed(std::string_view name) {
        return name == "apl_data_lookups" || name == "apl_capability_lookups" || name == "apl_walk_cycles" ||
               name == "apl_port_stalls";
    }
};

}  // namespace stile::model
