// SPDX-License-Identifier: Apache-2.0
//
// Does the protection unit, with its caches and remembered answers, agree with the executable specification
// on every access? Random worlds: grants, revocations, pages retagged, capability instructions, calls and
// returns, interrupted crossings, two threads, two page tables, evictions; every shape of APL cache. A
// disagreement is cut down to the steps that it needs. Whether the worlds are wild enough is a question, too:
// each rule turned off in the model, and each forgotten invalidation, must be found.
#include <random>

#include "tests/unit/protection/pair.h"

namespace stile::model::test {

namespace {

using isa::spec::Op;

// Chooses the next step with an eye on the state of the world, so that most of what is tried gets somewhere.
class Chooser {
  public:
    Chooser(uint64_t seed, const Pair& pair) : random_(seed), p_(pair) {}

    Step next() {
        if (!plan_.empty() && below(5)) {
            const Step s = plan_.front();
            plan_.erase(plan_.begin());
            return s;
        }
        if (plan_.empty() && below(80) == 0) lend();
        const unsigned what = below(100);
        if (what < 52) return access();
        if (what < 72) return transfer();
        if (what < 88) return execute();
        if (what < 90) return {.what = What::ring, .i = {.n = p_.core.ring == 0 ? 3u : 0u}};
        if (what < 93) return grant();
        if (what < 96) return map();
        if (what == 96) return {.what = What::evict, .i = {.n = tag(), .m = below(4) == 0}};
        if (what == 97) return {.what = What::thread, .i = {.n = below(n_threads)}};
        if (what == 98) return {.what = What::space, .i = {.n = below(n_spaces), .m = below(2)}};
        return poke();
    }

  private:
    unsigned below(uint64_t n) { return static_cast<unsigned>(random_() % n); }
    unsigned tag() { return below(n_tags); }
    uint64_t page() {
        return below(12) ? first_page + below(n_pages) * page_bytes : large_page + below(3) * page_bytes;
    }
    bool fits(uint64_t page, bool storage) const {
        const auto* p = p_.spec.page(p_.core, page);
        const uint16_t me = p_.core.ring == 3 ? p_.core.latch.tag : p_.core.saved_latch.tag;
        return p && p->cap_storage == storage && isa::spec::right(p_.spec, me, p->tag) != STILE_RIGHT_NIL;
    }
    uint64_t page(bool storage) {
        uint64_t v = page();
        for (unsigned i = 0; i < 8 && !fits(v, storage); ++i) v = page();
        return v;
    }
    // Where a capability register points, its edges included.
    uint64_t by_capability() {
        unsigned k = below(STILE_CAP_REGS);
        for (unsigned i = 0; i < 6 && p_.core.caps[k].length == 0; ++i) k = below(STILE_CAP_REGS);
        for (unsigned i = 0; i < 2 && p_.core.caps[k].counter == 0; ++i) k = below(STILE_CAP_REGS);
        const stile_cap& c = p_.core.caps[k];
        const uint64_t at = below(3) ? c.base + below(c.length + 1) : c.base + c.length - below(4);
        return in_world(at) ? at : page();
    }
    static bool in_world(uint64_t v) {
        return v - first_page < n_pages * page_bytes - 64 || v - large_page < 64 * page_bytes;
    }
    Step access() {
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
    Step transfer() {
        Step s{.what = What::transfer, .bytes = 1 + below(15)};
        s.i.n = below(10) ? below(4) : unsigned{STILE_XFER_PRIVILEGED_RET};
        s.i.m = below(10) == 0;
        s.i.r = page() + below(page_bytes);
        s.address = page(false) + (below(3) ? below(64) * 64 : below(page_bytes));
        if (below(12) == 0) s.address = by_capability();
        if (below(8) == 0) s.address |= page_bytes - 1 - below(6);
        stile_cap top{};
        if (p_.core.dcs_ptr > p_.core.dcs_base) {
            const uint64_t at = p_.core.dcs_ptr - 32;
            p_.spec.peek(p_.spec.page(p_.core, at)->frame * page_bytes + at % page_bytes, &top, sizeof top);
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
    Step execute() {
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
        if (i.op == Op::caprev && below(2) && p_.core.caps[i.n].counter)
            i.address = p_.core.caps[i.n].counter;
        return s;
    }
    // What chance alone seldom brings about: somebody lends, another domain uses, and between two uses of it
    // something happens that ends it, or hides it, or nothing to do with it.
    void lend() {
        const auto instruction = [](Op op, isa::spec::Instruction i) {
            i.op = op;
            return Step{.what = What::execute, .i = i};
        };
        const unsigned n = below(STILE_CAP_REGS);
        const uint64_t lent = page(false), counter = page(true) + below(16) * 8;
        const uint64_t base = below(2) ? lent : lent + below(1000), at = base + below(1000);
        const Step use{.what = below(2) ? What::load : What::store, .address = at, .bytes = 8};
        plan_.push_back(
            instruction(Op::capmk, {.n = n, .r = base, .rcx = page_bytes * (1 + below(2)), .imm = 3}));
        const bool revocable = below(3) != 0;
        if (revocable) plan_.push_back(instruction(Op::capasy, {.n = n, .address = counter}));
        plan_.push_back({.what = What::transfer, .address = page(false) + below(64) * 64, .bytes = 1});
        plan_.back().i = {.n = below(2) ? unsigned{STILE_XFER_CALL} : unsigned{STILE_XFER_JUMP},
                          .r = page(false)};
        plan_.push_back(use);
        plan_.push_back(use);
        if (revocable && below(2))
            plan_.push_back({.what = What::poke, .address = p_.alias_of(counter), .i = {.r = 1 + below(2)}});
        else if (revocable)
            plan_.push_back(instruction(Op::caprev, {.address = counter}));
        else
            plan_.push_back({.what = What::thread, .i = {.n = below(n_threads)}});
        plan_.push_back(use);
    }
    // Mostly a counter that a register names.
    Step poke() {
        Step s{.what = What::poke, .address = kernel_alias + below(n_pages) * page_bytes + below(16) * 8};
        const stile_cap& c = p_.core.caps[below(STILE_CAP_REGS)];
        if (c.counter % 8 == 0 && c.counter != 0) s.address = p_.alias_of(c.counter);
        s.i.r = below(3);
        return s;
    }
    Step grant() {
        const unsigned right = below(5);
        return {.what = What::grant,
                .i = {.n = tag(), .m = tag(), .imm = static_cast<uint8_t>(std::min(right, 3u))}};
    }
    Step map() {
        Step s{.what = What::map, .address = page(), .bytes = below(12) != 0};
        s.i.n = tag();
        // Mostly its own frame: the same memory seen twice is rare.
        s.i.m = below(10) ? static_cast<unsigned>((s.address - first_page) / page_bytes % n_pages)
                          : below(n_pages);
        s.i.imm = static_cast<uint8_t>((below(6) ? attr_writable : 0) | (below(10) ? attr_user : 0) |
                                       (below(8) ? attr_exec : 0) | (below(6) ? 0 : attr_privileged) |
                                       (below(3) ? 0 : attr_storage));
        return s;
    }

    std::mt19937_64 random_;
    const Pair& p_;
    Steps plan_;
    uint64_t last_ = 0, stored_ = first_page;
};

struct Found {
    Steps steps;  // cut down; empty: no disagreement
    std::string what;
};

std::string replay(const MachineConfig& config, Plant plant, const Steps& steps) {
    Pair pair(config, plant);
    for (const Step& s : steps)
        if (std::string wrong = pair.apply(s); !wrong.empty()) return wrong;
    return pair.compare_memory();
}

// One world of `n` steps.
Found run_world(const MachineConfig& config, Plant plant, uint64_t seed, unsigned n, PairStats& stats) {
    Found found;
    Steps steps;
    {
        Pair pair(config, plant);
        Chooser chooser(seed, pair);
        for (unsigned i = 0; i < n && found.what.empty(); ++i) {
            steps.push_back(chooser.next());
            found.what = pair.apply(steps.back());
        }
        if (found.what.empty()) found.what = pair.compare_memory();
        pair.stats.apl_walks = pair.model.counters.apl_walks;
        pair.stats.by_capability = pair.model.counters.capability_data + pair.model.counters.capability_fetch;
        stats.add(pair.stats);
    }
    if (found.what.empty()) return found;
    found.steps = shrink(std::move(steps), [&](const Steps& s) { return !replay(config, plant, s).empty(); });
    found.what = replay(config, plant, found.steps);
    return found;
}

struct Shape {
    unsigned entries, ways;
    AplRefill refill;
};

class RandomWorld : public testing::TestWithParam<Shape> {};

TEST_P(RandomWorld, unit_and_specification_agree) {
    const Shape& s = GetParam();
    PairStats stats;
    for (unsigned world = 0; world < 40; ++world) {
        const Found found = run_world(shape(s.entries, s.ways, s.refill), Plant::none,
                                      s.entries * 1000 + s.ways + world * 7919, 5000, stats);
        ASSERT_TRUE(found.what.empty()) << "world " << world << "\n" << describe(found.steps) << found.what;
    }
    RecordProperty("accesses", std::to_string(stats.accesses));
    RecordProperty("fast", std::to_string(stats.fast));
    // A world that only refuses, or only allows, would say little.
    EXPECT_GT(stats.accesses, 90'000u);
    EXPECT_GT(stats.allowed, stats.accesses / 3);
    EXPECT_GT(stats.fast, stats.accesses / 30);
    EXPECT_GT(stats.page_faults, 5'000u);
    EXPECT_GT(stats.by_capability, 1'000u);
    EXPECT_GT(stats.revocations, 100u);
    EXPECT_LT(stats.for_ever, stats.accesses / 5);
    for (const unsigned reason : {STILE_CD_RIGHT, STILE_CD_ALIGN, STILE_CD_RETURN, STILE_CD_DCS_BOUNDS,
                                  STILE_CD_CAP_PAGE, STILE_CD_STRADDLE})
        EXPECT_GT(stats.reasons[reason], 50u) << reason;
    EXPECT_EQ(stats.reasons[STILE_CD_APL_MISS], 0u);
    if (s.refill == AplRefill::hardware) {
        EXPECT_EQ(stats.apl_misses, 0u);
        EXPECT_GT(stats.apl_walks, 5'000u);
    } else {
        EXPECT_GT(stats.apl_misses, 5'000u);
    }
}

INSTANTIATE_TEST_SUITE_P(AplShapes, RandomWorld,
                         testing::Values(Shape{2, 2, AplRefill::software}, Shape{3, 3, AplRefill::software},
                                         Shape{4, 2, AplRefill::software}, Shape{16, 16, AplRefill::software},
                                         Shape{64, 4, AplRefill::software}, Shape{2, 2, AplRefill::hardware},
                                         Shape{4, 2, AplRefill::hardware},
                                         Shape{32, 32, AplRefill::hardware}),
                         [](const auto& p) {
                             return std::to_string(p.param.entries) + "_" + std::to_string(p.param.ways) +
                                    (p.param.refill == AplRefill::hardware ? "_walk" : "_software");
                         });

// --- are the worlds wild enough?

// Something is wrong with the model, or with who drives it: that must show, and be cut down to a page of
// reading.
void expect_found(const MachineConfig& config, Plant plant) {
    constexpr unsigned most_steps = 16;
    PairStats stats;
    Found found;
    for (unsigned world = 1; world <= 200 && found.what.empty(); ++world)
        found = run_world(config, plant, world, 3000, stats);
    EXPECT_FALSE(found.what.empty()) << "nothing was found in " << stats.accesses << " accesses";
    EXPECT_LE(found.steps.size(), most_steps) << describe(found.steps) << found.what;
}

struct RuleOff {
    const char* name;
    bool CodomsChecks::*rule;
};

class EachRule : public testing::TestWithParam<RuleOff> {};

TEST_P(EachRule, is_missed_when_the_model_lacks_it) {
    MachineConfig config = shape(16, 16, AplRefill::software);
    config.codoms_checks.*GetParam().rule = false;
    expect_found(config, Plant::none);
}

// The others are the core's own, and codoms_fuzz's affair: privileged, cap_range, saved_latch.
INSTANTIATE_TEST_SUITE_P(
    Codoms, EachRule,
    testing::Values(RuleOff{"data", &CodomsChecks::data}, RuleOff{"transfer", &CodomsChecks::transfer},
                    RuleOff{"align", &CodomsChecks::align}, RuleOff{"ret", &CodomsChecks::ret},
                    RuleOff{"dcs", &CodomsChecks::dcs}, RuleOff{"cap_page", &CodomsChecks::cap_page},
                    RuleOff{"straddle", &CodomsChecks::straddle},
                    RuleOff{"cap_type", &CodomsChecks::cap_type},
                    RuleOff{"cap_origin", &CodomsChecks::cap_origin},
                    RuleOff{"counter", &CodomsChecks::counter}, RuleOff{"frame", &CodomsChecks::frame},
                    RuleOff{"deputy", &CodomsChecks::deputy}),
    [](const auto& p) { return p.param.name; });

struct Mistake {
    const char* name;
    Plant plant;
};

class EachMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EachMistake, is_found) { expect_found(shape(16, 16, AplRefill::software), GetParam().plant); }

INSTANTIATE_TEST_SUITE_P(Codoms, EachMistake,
                         testing::Values(Mistake{"no_aplinv_after_a_grant", Plant::no_aplinv},
                                         Mistake{"no_invlpg_after_a_change_of_a_page", Plant::no_invlpg},
                                         Mistake{"stores_to_counters_unseen", Plant::no_counter_watch},
                                         Mistake{"registers_of_another_thread", Plant::no_register_drop},
                                         Mistake{"answers_of_another_ring", Plant::no_context},
                                         Mistake{"an_interrupt_forgets_the_crossing", Plant::stale_latch}),
                         [](const auto& p) { return p.param.name; });

}  // namespace

}  // namespace stile::model::test
