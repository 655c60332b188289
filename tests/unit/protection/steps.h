// SPDX-License-Identifier: Apache-2.0
//
// What can happen in a random world, one step at a time. A step says all of itself: a list of steps can be
// repeated, and any part of a list is a list, so that a disagreement can be cut down to what it needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isa/spec/spec.h"

namespace stile::model::test {

inline constexpr unsigned n_tags = 7, n_pages = 28, n_cores = 2, threads_per_core = 2, n_spaces = 2;
inline constexpr unsigned n_threads = n_cores * threads_per_core;
inline constexpr uint64_t first_page = 0x7f0000000000;    // user pages, 4 KiB
inline constexpr uint64_t large_page = 0x7f0000200000;    // one of 2 MiB
inline constexpr uint64_t kernel_alias = 0x7f8000000000;  // the 4 KiB pages again, for the supervisor
inline constexpr uint64_t kernel_page = 0x7f9000000000;   // where threads are saved
inline constexpr uint64_t stacks = 0x7fa000000000;        // domain capability stacks, one page each
inline constexpr uint16_t stack_tag = 0x7777;

enum class What : uint8_t {
    load,      // address, bytes
    store,     // likewise
    announce,  // a load that announces a store
    transfer,  // kind i.n to address, return address i.r, instruction of `bytes`; i.m: interrupted
    ring,      // to ring i.n, 0 or 3
    execute,   // i
    grant,     // from i.n to i.m the right i.imm
    map,       // page `address` in the running space: attributes i.imm, tag i.n, frame i.m; bytes 0: absent
    evict,     // tag i.n leaves the APL cache; i.m: all do
    core,      // core i.n goes on
    thread,    // the running one is saved, the core's i.n restored
    space,     // page table i.n; i.m: translations go
    poke,      // the kernel stores the word i.r through its own mapping
    forge,  // likewise a whole async capability: i.r, i.rcx, counter i.address, i.imm, origin i.n, right i.m
    stack,  // DCS pointer, base, limit, depth := address, i.r, i.rcx, bytes
    wp,     // CR0.WP := i.n
    count
};

enum : uint8_t { attr_writable = 1, attr_user = 2, attr_exec = 4, attr_privileged = 8, attr_storage = 16 };

struct Step {
    What what{};
    uint64_t address = 0;
    unsigned bytes = 8;
    isa::spec::Instruction i{};
};

using Steps = std::vector<Step>;

std::string describe(const Step&);
std::string describe(const Steps&);

// Shortens `steps` for as long as `fails` says that they still fail: runs of steps first, then any two (what
// goes there and what comes back), until nothing more can go.
template <class F>
Steps shrink(Steps steps, F fails) {
    const auto without = [&](size_t at, size_t n, size_t other) {
        Steps fewer = steps;
        if (other < steps.size()) fewer.erase(fewer.begin() + static_cast<long>(other));
        fewer.erase(fewer.begin() + static_cast<long>(at), fewer.begin() + static_cast<long>(at + n));
        if (!fails(fewer)) return false;
        steps = std::move(fewer);
        return true;
    };
    constexpr size_t none = ~size_t{0};
    for (size_t before = none; steps.size() < before;) {
        before = steps.size();
        for (size_t n = steps.size() / 2; n > 0; n /= 2)
            for (size_t at = 0; at + n <= steps.size();)
                if (!without(at, n, none)) at += n;
        if (steps.size() > 60) continue;
        for (size_t at = 0; at < steps.size(); ++at)
            for (size_t other = at + 1; other < steps.size();)
                if (!without(at, 1, other)) ++other;
    }
    return steps;
}

}  // namespace stile::model::test
