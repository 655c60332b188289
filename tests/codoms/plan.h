// SPDX-License-Identifier: Apache-2.0
//
// One case of the fuzzer as plain values: pages, rights, code, threads, and what the kernel does when. It is
// run on the model and on the specification, and it can be made smaller.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "tests/codoms/insn.h"

namespace stile::codoms_fuzz {

inline constexpr uint64_t page_bytes = 4096, large_bytes = 2 << 20;

// Virtual layout. Everything that an instruction addresses lies below 2 GiB.
inline constexpr uint64_t code_a = 0x40000000, code_b = 0x40010000, data_run = 0x40020000,
                          stacks = 0x40040000, dcs_pages = 0x40050000, code_c = 0x401ff000,
                          large_code = 0x40200000, large_data = 0x40400000, after_large = 0x40600000;
inline constexpr uint64_t hole = 0x40080000, kernel_at = 0xffffffff80000000;
// On each code page these bytes are data: stores to code pages go there, or to an immediate.
inline constexpr uint64_t island = 0xe00, island_end = 0xe80;

// Physical layout.
inline constexpr uint64_t saves_at = 0x20000, save_bytes = 512, record_at = 0x24000, scratch_at = 0x25000,
                          frames_at = 0x200000, large_frames_at = 0x400000, directory_at = 0x800000,
                          ram_bytes = 0xc00000;

enum class Role : uint8_t { code, data, stack, dcs };

struct PagePlan {
    uint64_t at = 0, frame = 0;  // virtual and physical address
    bool large = false;
    Role role = Role::data;
    bool present = true;
    isa::spec::Page page;  // but for its frame
};

struct ThreadPlan {
    stile_cd_state state{};
    std::array<uint64_t, 16> r{};
    uint64_t rip = 0;
};

enum class EventKind : uint8_t {
    none,
    right,        // right(a, b) := c; the kernel drops the entry of a on every core
    needed,       // what the last refusal said was missing is granted
    revoke_used,  // the right that was granted last, or one of the current domain
    retag,        // page a gets tag b
    attributes,   // bits of page a
    reuse_tag,    // tag a disappears everywhere, then page b gets it
    swap_frames,  // of two data pages
    invalidate,   // an APL entry, or all
    evict,        // an APL entry that nobody asked for is filled in
    reload_cr3,
    checks_off,  // CD_CTL, until the next such event
    bump,        // a counter, by the kernel of some core
    forge,       // 32 bytes of capability storage become what the kernel likes
    dcs,         // pointer, base or limit
    clear,       // capability registers
    access,      // the kernel touches user memory
    cap_access,  // likewise, as a capability
    thread,      // another thread on this core
    core,        // another core goes on
    count
};
const char* name_of(EventKind kind);

struct Event {
    EventKind kind = EventKind::none;
    uint64_t a = 0, b = 0, c = 0, d = 0;
};

enum class Resume : uint8_t { skip, retry, restart };

// What the kernel does at the n-th stop.
struct Action {
    uint32_t slice = 100;  // instructions, about, until an interrupt stops the thread
    Resume resume = Resume::skip;
    uint64_t where = 0;  // restart: which start
    std::array<Event, 3> events{};
};

struct Plan {
    uint64_t seed = 0;
    std::vector<PagePlan> pages;
    std::vector<uint16_t> tags;
    std::map<std::pair<uint16_t, uint16_t>, unsigned> apl;
    std::vector<Insn> code;
    std::vector<std::pair<uint64_t, std::vector<uint8_t>>> data;  // by physical address
    std::vector<uint64_t> starts;                                 // where a thread may begin
    std::vector<uint64_t> counters, slots;  // addresses of revocation counters, of capabilities
    std::vector<ThreadPlan> threads;
    std::vector<Action> actions;

    const PagePlan* page_of(uint64_t address) const;
    PagePlan* page_of(uint64_t address);
    unsigned right(uint16_t from, uint16_t to) const;
};

struct PlanOptions {
    unsigned cores = 1;
    unsigned most_domains = 64;
    unsigned actions = 160;
};

Plan make_plan(uint64_t seed, const PlanOptions& options);

}  // namespace stile::codoms_fuzz
