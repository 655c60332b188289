// SPDX-License-Identifier: Apache-2.0
//
// What the rules are for. Each law is a sentence that a user of CODOMs relies on and that no single rule
// states; on random worlds and random instructions none is ever broken. Unprivileged code only: privileged
// code may do anything, and answers for it.
#include <random>
#include <utility>
#include <vector>

#include "tests/unit/spec/scene.h"

namespace stile::isa::spec::test {

namespace {

constexpr unsigned n_tags = 5, n_pages = 24, steps = 1500, worlds = 60;
constexpr uint64_t first_page = 0x100000, stack_page = 0x200000;

// Random code of random domains on one core.
class Laws : public testing::Test {
  protected:
    World w;
    Core c;
    std::mt19937_64 random{1};
    uint64_t below(uint64_t n) { return random() % n; }
    uint64_t address(uint64_t align = 1) {
        return (first_page + below(n_pages * page_bytes)) / align * align;
    }
    // Mostly in storage of the current domain, near the start of its page.
    uint64_t storage(uint64_t align) {
        uint64_t at = address();
        for (unsigned i = 0; i < 40 && !(w.page(c, at)->cap_storage && w.page(c, at)->tag == c.latch.tag);
             ++i)
            at = address();
        return at / page_bytes * page_bytes + below(256) / align * align;
    }
    uint16_t tag() { return static_cast<uint16_t>(below(n_tags)); }

    void fresh(unsigned seed) {
        random.seed(seed);
        w = {};
        c = {};
        for (unsigned i = 0; i < n_pages; ++i) {
            Page& p = w.pages[{0, first_page / page_bytes + i}];
            // Each domain has code, so that it can call.
            const uint16_t owner = i < n_tags ? static_cast<uint16_t>(i) : tag();
            p = {.writable = below(5) != 0,
                 .cap_storage = i >= n_tags && below(2) == 0,
                 .tag = owner,
                 .frame = i + 1};
        }
        Page& stack = w.pages[{0, stack_page / page_bytes}];
        stack = {.user = false, .cap_storage = true, .tag = 0xffff, .frame = 1000};
        for (unsigned i = 0; i < 14; ++i) w.apl[{tag(), tag()}] = static_cast<unsigned>(below(4));
        c.dcs_ptr = c.dcs_base = stack_page + 32ull * 4;
        c.dcs_limit = stack_page + 32ull * 40;
    }
    Instruction instruction() {
        static constexpr Op ops[] = {Op::capmk,  Op::capmk,   Op::capmk,  Op::caprst, Op::capmov,
                                     Op::capasy, Op::cappush, Op::cappop, Op::cappop, Op::capsyn,
                                     Op::caprev, Op::capclr,  Op::capld,  Op::capst};
        Instruction i{.op = ops[below(std::size(ops))], .rip = first_page};
        i.n = static_cast<unsigned>(below(STILE_CAP_REGS));
        i.m = static_cast<unsigned>(below(STILE_CAP_REGS));
        const uint64_t align = i.op == Op::capld || i.op == Op::capst ? 32 : 8;
        i.address = below(4) ? storage(align) : address(8);
        i.r = address();
        i.rcx = below(below(2) ? 64 : 3 * page_bytes);
        if (const stile_cap& cap = c.caps[i.n]; i.op == Op::caprst && below(4) && cap.length > 0) {
            i.r = cap.base + below(cap.length);
            i.rcx = below(cap.length - (i.r - cap.base) + 2);
        }
        i.imm = static_cast<uint8_t>(i.op == Op::capclr ? 1u << below(9) : below(5));
        return i;
    }
    Outcome cross() {
        auto kind = static_cast<stile_transfer>(below(4));
        uint64_t to = address(64), back = address();
        stile_cap top{};
        if (c.dcs_ptr > c.dcs_base) w.peek(paddr(c.dcs_ptr - 32), &top, sizeof top);
        if (STILE_CAP_TYPE(top.word) == STILE_CAP_RETURN && below(3) == 0) kind = STILE_XFER_RET;
        if (kind == STILE_XFER_RET && below(8)) to = top.base;
        if (kind == STILE_XFER_CALL) {  // from a page of its own, as calls are
            while (w.page(c, back)->tag != c.latch.tag) back = address();
        }
        const Latch before = c.latch;
        const Outcome o = transfer(w, c, kind, to, back);
        if (!o.allowed()) c.latch = before;  // the kernel calls it off
        return o;
    }
    void step() {
        const unsigned what = static_cast<unsigned>(below(10));
        if (what < 4)
            cross();
        else if (what == 4 && below(6) == 0)
            w.apl[{tag(), tag()}] = static_cast<unsigned>(below(4));
        else
            execute(w, c, instruction());
    }
    uint64_t paddr(uint64_t at) { return w.page(c, at)->frame * page_bytes + at % page_bytes; }
    // How often a law, asked at every step, does not hold.
    uint64_t broken = 0;
    void holds(bool yes) { broken += !yes; }
    std::map<uint64_t, uint64_t> revoked;  // last values of counters, by address
    template <class F>
    uint64_t breaks(F law, bool Checks::*off = nullptr) {
        broken = 0;
        for (unsigned seed = 1; seed <= worlds; ++seed) {
            fresh(seed);
            revoked.clear();
            if (off) w.checks.*off = false;
            for (unsigned i = 0; i < steps; ++i) law();
        }
        return broken;
    }
    // What a register would give over a page tagged `to` if it lived, less what its origin may do now.
    static bool within(const stile_cap& part, const stile_cap& whole) {
        return part.base >= whole.base && part.base + part.length <= whole.base + whole.length &&
               STILE_CAP_RIGHT(part.word) <= STILE_CAP_RIGHT(whole.word) &&
               STILE_CAP_ORIGIN(part.word) == STILE_CAP_ORIGIN(whole.word);
    }
};

TEST_F(Laws, what_is_derived_never_says_more) {
    unsigned derived = 0;
    const auto law = [&] {
        const Instruction i = instruction();
        const Core before = c;
        if (i.op != Op::caprst && i.op != Op::capasy && i.op != Op::capsyn) return step();
        if (!execute(w, c, i).allowed()) return;
        const unsigned k = i.op == Op::capsyn ? i.m : i.n;
        ++derived;
        holds(within(c.caps[k], before.caps[k]));
        if (before.caps[k].counter)  // no one takes a counter off
            holds(c.caps[k].counter == before.caps[k].counter && c.caps[k].value == before.caps[k].value);
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(derived, 1000u);
    EXPECT_GT(breaks(law, &Checks::cap_range), 0u);
}

// Every capability anywhere was made by capmk in the name of its origin, from then on only narrowed: nobody
// can hold more over a page than some domain has that made it.
TEST_F(Laws, a_capability_never_exceeds_its_origin) {
    unsigned allowed = 0;
    const auto law = [&] {
        step();
        const uint64_t at = address();
        const bool write = below(2);
        const uint16_t to = w.page(c, at)->tag;
        if (!(write ? store(w, c, at, 1) : load(w, c, at, 1)).allowed()) return;
        const unsigned need = write ? WRITE : READ;
        bool somebody = right(w, c.latch.tag, to) >= need;
        for (const stile_cap& cap : c.caps)
            somebody |= STILE_CAP_TYPE(cap.word) != STILE_CAP_EMPTY &&
                        right(w, static_cast<uint16_t>(STILE_CAP_ORIGIN(cap.word)), to) >= need;
        holds(somebody);
        ++allowed;
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(allowed, 5000u);
    EXPECT_GT(breaks(law, &Checks::cap_origin), 0u);
}

TEST_F(Laws, capabilities_only_add) {
    unsigned asked = 0;
    EXPECT_EQ(breaks([&] {
                  step();
                  Core bare = c;
                  bare.caps = {};
                  const uint64_t at = address();
                  const bool write = below(2);
                  const auto ask = [&](Core& core) {
                      return (write ? store(w, core, at, 8) : load(w, core, at, 8)).allowed();
                  };
                  if (!ask(bare)) return;
                  ++asked;
                  holds(ask(c));
                  Core one = bare, two = c;  // a jump changes nothing but them
                  if (transfer(w, one, STILE_XFER_JUMP, at).allowed())
                      holds(transfer(w, two, STILE_XFER_JUMP, at).allowed());
              }),
              0u);
    EXPECT_GT(asked, 5000u);
}

TEST_F(Laws, without_rights_and_capabilities_there_is_only_home) {
    const auto law = [&] {
        step();
        Core bare = c;
        bare.caps = {};
        auto keep = std::exchange(w.apl, {});
        const uint64_t at = address();
        const bool home = w.page(c, at)->tag == c.latch.tag;
        const Outcome o = below(2) ? store(w, bare, at, 1) : load(w, bare, at, 1);
        holds(home || !o.allowed());
        holds(transfer(w, bare, STILE_XFER_JUMP, at).allowed() == home);
        w.apl = std::move(keep);
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(breaks(law, &Checks::data), 0u);
    EXPECT_GT(breaks(law, &Checks::transfer), 0u);
}

TEST_F(Laws, no_ordinary_access_touches_capability_storage) {
    const auto law = [&] {
        step();
        const uint64_t at = address();
        if (w.page(c, at)->cap_storage) holds(!load(w, c, at, 1).allowed() && !store(w, c, at, 1).allowed());
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(breaks(law, &Checks::cap_page), 0u);
}

// Counters only rise, whatever unprivileged code does that may not store capabilities into their page: so
// what was revoked stays revoked.
TEST_F(Laws, revocation_is_final) {
    unsigned n = 0;
    // Storage with an odd number is for counters, and for nothing else.
    const auto for_counters = [](const Instruction& i) { return i.address / page_bytes % 2 != 0; };
    const auto law = [&] {
        const Instruction i = instruction();
        if (i.op == Op::capst && for_counters(i)) return;
        if (below(3) == 0) {
            cross();
            return;
        }
        const bool done = execute(w, c, i).allowed();
        for (const auto& [at, last] : revoked) {
            uint64_t now;
            w.peek(paddr(at), &now, 8);
            holds(now >= last);
        }
        if (!done || i.op != Op::caprev || !for_counters(i)) return;
        ++n;
        uint64_t v;
        w.peek(paddr(i.address), &v, 8);
        holds(v > revoked[i.address]);
        revoked[i.address] = v;
        for (const stile_cap& cap : c.caps)  // dead at once, in every register
            holds(cap.counter != i.address || !live(w, c, cap));
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(n, 500u);
    EXPECT_GT(breaks(law, &Checks::counter), 0u);
}

TEST_F(Laws, after_a_return_nothing_deeper_is_left) {
    unsigned returns = 0;
    const auto law = [&] {
        const uint64_t depth = c.depth, ptr = c.dcs_ptr;
        step();
        for (const stile_cap& cap : c.caps)
            holds(STILE_CAP_TYPE(cap.word) != STILE_CAP_SYNC || STILE_CAP_DEPTH(cap.word) <= c.depth);
        returns += c.depth < depth;
        if (c.depth != depth) holds(c.dcs_ptr == (c.depth > depth ? ptr + 32 : ptr - 32));
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(returns, 300u);
    EXPECT_GT(breaks(law, &Checks::frame), 0u);
}

TEST_F(Laws, nobody_touches_the_stack_outside_its_bounds) {
    constexpr unsigned bytes = 32 * 42;
    uint8_t before[bytes], after[bytes];
    const auto law = [&] {
        if (below(8)) return step();
        w.peek(paddr(stack_page), before, bytes);
        const uint64_t at = c.dcs_ptr - stack_page;
        step();
        holds(c.dcs_ptr >= c.dcs_base && c.dcs_ptr <= c.dcs_limit);
        if (at > bytes - 32) return;
        w.peek(paddr(stack_page), after, bytes);
        holds(std::memcmp(before, after, at) == 0);  // what lies below the pointer never changes
        holds(std::memcmp(before + at + 32, after + at + 32, bytes - at - 32) == 0);
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(breaks(law, &Checks::dcs), 0u);
}

// As many return capabilities lie on the stack as activations are open, and control goes back only to where
// one says.
TEST_F(Laws, returns_match_calls) {
    unsigned returns = 0;
    const auto law = [&] {
        std::vector<stile_cap> open;
        for (uint64_t at = c.dcs_base; at < c.dcs_ptr; at += 32) {
            stile_cap e;
            w.peek(paddr(at), &e, sizeof e);
            if (STILE_CAP_TYPE(e.word) == STILE_CAP_RETURN) open.push_back(e);
        }
        holds(open.size() == c.depth);
        for (unsigned i = 0; i < open.size(); ++i) holds(STILE_CAP_DEPTH(open[i].word) == i);
        const uint64_t depth = c.depth;
        step();
        if (c.depth >= depth || open.empty()) return;
        ++returns;
        holds(c.depth == depth - 1 && c.latch.tag == STILE_CAP_ORIGIN(open.back().word));
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(returns, 300u);
    EXPECT_GT(breaks(law, &Checks::cap_type), 0u);
}

// Control enters another domain by right, or by a return capability that is used up with it.
TEST_F(Laws, no_crossing_without_a_reason) {
    unsigned crossings = 0;
    const auto law = [&] {
        const Core before = c;
        const Outcome o = cross();
        if (!o.allowed() || c.latch.tag == before.latch.tag) return step();
        ++crossings;
        bool somebody = right(w, before.latch.tag, c.latch.tag) != NIL || c.dcs_ptr < before.dcs_ptr;
        for (const stile_cap& cap : before.caps)
            somebody |= STILE_CAP_TYPE(cap.word) != STILE_CAP_EMPTY &&
                        right(w, static_cast<uint16_t>(STILE_CAP_ORIGIN(cap.word)), c.latch.tag) != NIL;
        holds(somebody);
        step();
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(crossings, 1000u);
    EXPECT_GT(breaks(law, &Checks::transfer), 0u);
    EXPECT_GT(breaks(law, &Checks::ret), 0u);
}

TEST_F(Laws, synchronous_and_return_capabilities_never_reach_storage) {
    const auto law = [&] {
        step();
        if (below(500)) return;
        for (const auto& [at, page] : w.pages) {
            if (!page.cap_storage || page.tag == 0xffff) continue;
            for (uint64_t cell = page.frame * page_bytes; cell < (page.frame + 1) * page_bytes; cell += 32) {
                stile_cap e;
                w.peek(cell, &e, sizeof e);
                const unsigned type = STILE_CAP_TYPE(e.word);
                holds(type == STILE_CAP_EMPTY || type == STILE_CAP_ASYNC);
            }
        }
    };
    EXPECT_EQ(breaks(law), 0u);
    EXPECT_GT(breaks(law, &Checks::cap_type), 0u);
}

}  // namespace

}  // namespace stile::isa::spec::test
