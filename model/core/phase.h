// SPDX-License-Identifier: Apache-2.0
//
// Where cycles go. Every elapsed cycle of a core belongs to exactly one phase: the class of the code that
// retired, except that page walks and APL refills are `refill`, halted time is `wait`, and whatever runs
// inside a timer tick is `other`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stile::model {

enum class Phase : uint8_t {
    user,
    stub,
    proxy,
    entry_exit,
    dispatch,
    copy,
    schedule,
    pt_switch,
    refill,
    wait,
    other,
    count
};
inline constexpr std::array<const char*, static_cast<size_t>(Phase::count)> phase_names{
    "user",     "stub",      "proxy",  "entry_exit", "dispatch", "copy",
    "schedule", "pt_switch", "refill", "wait",       "other"};

}  // namespace stile::model
