// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/protection/chooser.h"

#include <algorithm>

namespace stile::model::test {

using isa::spec::Op;

Step Chooser::next() {
    if (!plan_.empty() && below(5)) {
        const Step s = plan_.front();
        plan_.erase(plan_.begin());
        return s;
    }
    if (plan_.empty() && below(80) == 0) below(4) ? lend() : hand_over();
    const unsigned what = below(100);
    if (what < 52) return access();
    if (what < 72) return transfer();
    if (what < 88) return execute();
    if (what < 90) return {.what = What::ring, .i = {.n = p_.core.ring == 0 ? 3u : 0u}};
    if (what < 93) return grant();
    if (what < 96) return below(12) ? map() : map_stack();
    if (what == 96) return {.what = What::evict, .i = {.n = tag(), .m = below(4) == 0}};
    if (what == 97) return {.what = below(3) ? What::core : What::thread, .i = {.n = below(2)}};
    if (what == 98) return {.what = What::space, .i = {.n = below(n_spaces), .m = below(2)}};
    return below(4) ? poke() : below(3) ? stack() : Step{.what = What::wp, .i = {.n = below(3)}};
}

uint64_t Chooser::page() {
    return below(12) ? first_page + below(n_pages) * page_bytes : large_page + below(3) * page_bytes;
}

bool Chooser::fits(uint64_t page, bool storage) const {
    const auto* p = p_.spec.page(p_.core, page);
    const uint16_t me = p_.core.ring == 3 ? p_.core.latch.tag : p_.core.saved_latch.tag;
    return p && p->cap_storage == storage && isa::spec::right(p_.spec, me, p->tag) != STILE_RIGHT_NIL;
}

uint64_t Chooser::page(bool storage) {
    uint64_t v = page();
    for (unsigned i = 0; i < 8 && !fits(v, storage); ++i) v = page();
    return v;
}

uint64_t Chooser::by_capability() {
    unsigned k = below(STILE_CAP_REGS);
    for (unsigned i = 0; i < 6 && p_.core.caps[k].length == 0; ++i) k = below(STILE_CAP_REGS);
    for (unsigned i = 0; i < 2 && p_.core.caps[k].counter == 0; ++i) k = below(STILE_CAP_REGS);
    const stile_cap& c = p_.core.caps[k];
    const uint64_t at = below(3) ? c.base + below(c.length + 1) : c.base + c.length - below(4);
    return in_world(at) ? at : page();
}

bool Chooser::in_world(uint64_t v) {
    return v - first_page < n_pages * page_bytes - 64 || v - large_page < 64 * page_bytes;
}

Step Chooser::access() {
    Step s{.what = below(2) ? What::load : What::store};
    if (below(20) == 0) s.what = What::announce;
    s.bytes = below(12) ? 1u << below(4) : 16u << below(3);
    s.i.r = random_();
    const unsigned where = below(12);
    if (where >= 8 && in_world(last_))
        s.address = last_ + below(64);
    else if (where < 3 || where >= 8)
        s.address = (below(8) ? page(false) : page()) + below(page_bytes);
    else if (where < 7)
        s.address = by_capability();
    else
        s.address = page() + page_bytes - below(s.bytes + 1);
    last_ = s.address;
    if (p_.core.ring == 0 && below(8) == 0)
        s.address = kernel_alias + (s.address - first_page) % (n_pages * page_bytes - 64);
    return s;
}

Step Chooser::transfer() {
    Step s{.what = What::transfer, .bytes = 1 + below(15)};
    s.i.n = below(10) ? below(4) : unsigned{STILE_XFER_PRIVILEGED_RET};
    s.i.m = below(10) == 0;
    s.i.r = page() + below(page_bytes);
    s.address = page(false) + (below(3) ? below(64) * 64ull : below(page_bytes));
    if (below(12) == 0) s.address = by_capability();
    if (below(8) == 0) s.address |= page_bytes - 1 - below(6);
    stile_cap top{};
    const uint64_t at = p_.core.dcs_ptr - 32;
    if (const auto* page = p_.spec.page(p_.core, at);
        page && p_.core.dcs_ptr > p_.core.dcs_base && at % 32 == 0) {
        p_.spec.peek(page->frame * page_bytes + at % page_bytes, &top, sizeof top);
    }
    if (STILE_CAP_TYPE(top.word) == STILE_CAP_RETURN && below(4) == 0) s.i.n = STILE_XFER_RET;
    if ((s.i.n == STILE_XFER_RET || s.i.n == STILE_XFER_PRIVILEGED_RET) && below(6)) s.address = top.base;
    if (s.i.n == STILE_XFER_CALL)  // calls come from the domain that they return to
        for (unsigned i = 0; i < 12; ++i) {
            const auto* back = p_.spec.page(p_.core, s.i.r);
            if (back && back->tag == p_.core.latch.tag && back->executable) break;
            s.i.r = page(false) + below(page_bytes);
        }
    return s;
}

Step Chooser::execute() {
    static constexpr Op ops[] = {Op::capmk,  Op::capmk,  Op::capmk,   Op::caprst, Op::capmov,
                                 Op::capasy, Op::capasy, Op::cappush, Op::cappop, Op::cappop,
                                 Op::capsyn, Op::caprev, Op::capclr,  Op::capld,  Op::capst};
    Step s{.what = What::execute};
    auto& i = s.i;
    i.op = ops[below(std::size(ops))];
    i.rip = first_page + below(n_pages) * page_bytes;
    i.n = below(STILE_CAP_REGS);
    i.m = below(STILE_CAP_REGS);
    for (unsigned k = 0; k < 3 && p_.core.caps[i.m].length == 0; ++k) i.m = below(STILE_CAP_REGS);
    if (i.op == Op::capst || i.op == Op::capasy)
        for (unsigned k = 0; k < 3 && p_.core.caps[i.n].length == 0; ++k) i.n = below(STILE_CAP_REGS);
    const uint64_t align = i.op == Op::capld || i.op == Op::capst ? 32 : 8;
    i.address = page(true) + below(128) / align * align;
    i.r = page(false) + below(page_bytes);
    i.rcx = below(3) ? below(100) : below(9000);
    if (below(6) == 0) i.r &= ~(page_bytes - 1), i.rcx = page_bytes * (1 + below(3));
    const stile_cap& c = p_.core.caps[i.n];
    if (i.op == Op::caprst && c.length > 0 && below(4)) {
        i.r = c.base + below(c.length);
        i.rcx = below(c.length - (i.r - c.base) + 2);
    }
    i.imm = static_cast<uint8_t>(i.op == Op::capclr ? 1u << below(9) : 1 + below(3));
    if (i.op == Op::capst) stored_ = i.address;
    if (i.op == Op::capld && below(3)) i.address = stored_;
    if (i.op == Op::caprev && below(2) && p_.core.caps[i.n].counter) i.address = p_.core.caps[i.n].counter;
    return s;
}

void Chooser::lend() {
    const auto instruction = [](Op op, isa::spec::Instruction i) {
        i.op = op;
        return Step{.what = What::execute, .i = i};
    };
    const unsigned n = below(STILE_CAP_REGS);
    const uint64_t lent = page(false), counter = page(true) + below(16) * 8ull;
    const uint64_t base = below(2) ? lent : lent + below(1000), at = base + below(1000);
    const Step use{.what = below(2) ? What::load : What::store, .address = at, .bytes = 8};
    plan_.push_back(
        instruction(Op::capmk, {.n = n, .r = base, .rcx = page_bytes * (1 + below(2)), .imm = 3}));
    const bool revocable = below(3) != 0;
    if (revocable) plan_.push_back(instruction(Op::capasy, {.n = n, .address = counter}));
    plan_.push_back({.what = What::transfer, .address = page(false) + below(64) * 64ull, .bytes = 1});
    plan_.back().i = {.n = below(2) ? unsigned{STILE_XFER_CALL} : unsigned{STILE_XFER_JUMP},
                      .r = page(false)};
    plan_.push_back(use);
    plan_.push_back(use);
    const unsigned here = below(3) ? n_cores : below(n_cores);
    if (here < n_cores) plan_.push_back({.what = What::core, .i = {.n = 1 - here}});
    if (revocable && below(2))
        plan_.push_back({.what = What::poke, .address = p_.alias_of(counter), .i = {.r = 1 + below(2)}});
    else if (revocable)
        plan_.push_back(instruction(Op::caprev, {.address = counter}));
    else
        plan_.push_back({.what = What::thread, .i = {.n = below(2)}});
    if (here < n_cores) plan_.push_back({.what = What::core, .i = {.n = here}});
    plan_.push_back(use);
}

void Chooser::hand_over() {
    const uint64_t cell = page(true) + below(8) * 32ull, lent = page(false), at = lent + below(1000);
    uint64_t counter = page(true) + below(64) * 8ull;
    switch (below(8)) {
        case 0:
            counter += 1 + below(7);
            break;
        case 1:
            counter = (counter | (page_bytes - 1)) - below(8);
            break;
        case 2:
            counter |= 1ull << 60;
            break;
        case 3:
            counter = stacks + below(40) * 8ull;
            break;
        case 4:
            counter = p_.alias_of(counter);
            break;
        case 5:
            counter = 0x1000 + below(64) * 8ull;
            break;
        default:
            break;
    }
    const auto use = [&] {
        plan_.push_back({.what = below(2) ? What::load : What::store, .address = at, .bytes = 8});
    };
    Step s{.what = What::forge, .address = p_.alias_of(cell)};
    s.i = {.n = tag(), .m = 1 + below(3), .address = counter, .r = lent, .rcx = 2 * page_bytes};
    s.i.imm = static_cast<uint8_t>(below(6) == 0);
    plan_.push_back(s);
    Step load{.what = What::execute};
    load.i = {.op = Op::capld, .rip = first_page, .n = below(STILE_CAP_REGS), .address = cell};
    plan_.push_back(load);
    use();
    use();
    plan_.push_back({.what = What::poke, .address = p_.alias_of(counter & ~7ull), .i = {.r = 1}});
    use();
}

Step Chooser::poke() {
    Step s{.what = What::poke, .address = kernel_alias + below(n_pages) * page_bytes + below(16) * 8ull};
    const stile_cap& c = p_.core.caps[below(STILE_CAP_REGS)];
    if (c.counter % 8 == 0 && c.counter != 0) s.address = p_.alias_of(c.counter);
    s.i.r = below(3);
    return s;
}

Step Chooser::grant() {
    const unsigned right = below(5);
    return {.what = What::grant,
            .i = {.n = tag(), .m = tag(), .imm = static_cast<uint8_t>(std::min(right, 3u))}};
}

// Mostly a good one.
Step Chooser::map_stack() {
    Step s{.what = What::map, .address = stacks + below(n_threads) * page_bytes, .bytes = below(6) != 0};
    s.i.imm = static_cast<uint8_t>((below(3) ? attr_writable : 0) | (below(4) ? attr_storage : 0));
    return s;
}

// What privileged code may make of the stack's registers: another place in it, a raised base, nonsense.
Step Chooser::stack() {
    Step s{.what = What::stack};
    const uint64_t page = stacks + below(n_threads) * page_bytes;
    s.i.r = page + below(4) * 32ull;
    s.address = s.i.r + below(8) * 32ull;
    s.i.rcx = page + (below(8) ? 14 : below(14)) * 32ull;
    if (below(8) == 0) s.address += 8;
    if (below(16) == 0) s.i.rcx = below(2) ? 0 : ~0ull;
    s.bytes = below(6) ? p_.core.depth % STILE_MAX_DEPTH : STILE_MAX_DEPTH - below(2);
    return s;
}

Step Chooser::map() {
    Step s{.what = What::map, .address = page(), .bytes = below(12) != 0};
    s.i.n = tag();
    // Mostly its own frame: the same memory seen twice is rare.
    s.i.m =
        below(10) ? static_cast<unsigned>((s.address - first_page) / page_bytes % n_pages) : below(n_pages);
    s.i.imm = static_cast<uint8_t>((below(6) ? attr_writable : 0) | (below(10) ? attr_user : 0) |
                                   (below(8) ? attr_exec : 0) | (below(6) ? 0 : attr_privileged) |
                                   (below(3) ? 0 : attr_storage));
    return s;
}

}  // namespace stile::model::test
