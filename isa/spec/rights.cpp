// SPDX-License-Identifier: Apache-2.0
//
// docs/codoms.md, sections 1 and 2, and "Liveness" of section 6.
#include <algorithm>

#include "isa/spec/parts.h"

namespace stile::isa::spec {

uint16_t domain(const Core& core) { return core.ring == 3 ? core.latch.tag : core.saved_latch.tag; }

// Section 1: an instruction that lies on two pages has the privilege only if both have.
bool privileged_code(const World& world, const Core& core, uint64_t rip, unsigned bytes) {
    if (core.ring == 0) return true;
    const Page* first = world.page(core, rip);
    const Page* last = world.page(core, rip + bytes - 1);
    return first && first->privileged && last && last->privileged;
}

// Section 2: right(A, A) is write; what no list names is nil.
unsigned right(const World& world, uint16_t from, uint16_t to) {
    if (from == to) return STILE_RIGHT_WRITE;
    const auto it = world.apl.find({from, to});
    return it == world.apl.end() ? unsigned{STILE_RIGHT_NIL} : it->second;
}

// Section 6: not empty, and its counter, if it names one, says so. The counter is read in the running page
// table with supervisor rights; one that cannot be read is a dead capability.
bool live(const World& world, const Core& core, const stile_cap& c) {
    if (is_empty(c)) return false;
    if (c.counter == 0 || !world.checks.counter) return true;
    if (c.counter % 8 != 0) return false;
    const Page* page = world.page(core, c.counter);
    if (!page) return false;
    if (world.checks.cap_page && !page->cap_storage) return false;
    uint64_t counter;
    read(world, core, c.counter, &counter, 8);
    return counter == c.value;
}

// All bytes lie in [base, base + length), reckoned without wrapping.
bool covers(const stile_cap& c, uint64_t address, uint64_t bytes) {
    using Wide = unsigned __int128;
    return address >= c.base && Wide{address} + bytes <= Wide{c.base} + c.length;
}

// Section 2: the most that the list of `from` or one of the registers gives over bytes of a page tagged `to`.
unsigned effective(const World& world, const Core& core, uint16_t from, uint16_t to, uint64_t address,
                   unsigned bytes) {
    unsigned most = right(world, from, to);
    for (const stile_cap& c : core.caps) {
        if (!covers(c, address, bytes) || !live(world, core, c)) continue;
        unsigned lent = STILE_CAP_RIGHT(c.word);
        if (world.checks.cap_origin)
            lent = std::min(lent, right(world, static_cast<uint16_t>(STILE_CAP_ORIGIN(c.word)), to));
        most = std::max(most, lent);
    }
    return most;
}

}  // namespace stile::isa::spec
