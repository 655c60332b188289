// SPDX-License-Identifier: Apache-2.0
//
// Does the unit, with its caches and remembered answers, agree with the plain rules? A random world of pages,
// rights and capabilities is asked random questions and changed in between; the rules are written down here
// once more, without any cache, and both must give the same answer every time.
#include <random>

#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr unsigned n_tags = 7, n_pages = 24;
constexpr uint64_t first_page = 0x7f0000000000;

struct Page {
    uint16_t tag;
    bool writable, user, storage;
};

struct Rules {
    std::vector<Page> pages{n_pages};
    unsigned right[n_tags][n_tags] = {};
    stile_cap caps[STILE_CAP_REGS] = {};
    uint16_t domain = 0;
    bool kernel = false;
    std::vector<stile_cap> returns;

    static constexpr unsigned deepest = 6;
    unsigned by_capability(uint64_t v, unsigned bytes, uint16_t tag) const {
        unsigned best = 0;
        for (const stile_cap& c : caps) {
            bool inside = c.length > 0;
            for (unsigned i = 0; i < bytes; ++i)
                inside &= v + i >= c.base && v + i <= c.base + (c.length - 1);
            const unsigned origin = STILE_CAP_ORIGIN(c.word);
            const unsigned lent = origin == tag ? unsigned{STILE_RIGHT_WRITE} : right[origin][tag];
            if (inside) best = std::max(best, std::min(lent, STILE_CAP_RIGHT(c.word)));
        }
        return best;
    }
    // 0: allowed, else vector << 8 | reason.
    unsigned data(uint64_t v, unsigned bytes, bool write) const {
        for (unsigned i = 0; i < bytes;) {
            const uint64_t at = v + i;
            const unsigned part = static_cast<unsigned>(std::min<uint64_t>(bytes - i, 4096 - at % 4096));
            i += part;
            const Page& p = pages[(at - first_page) / 4096];
            if (!kernel && !p.user) return VEC_PF << 8;
            if (write && !p.writable) return VEC_PF << 8;
            if (kernel && !p.user) continue;
            if (p.storage) return STILE_VEC_DOMAIN << 8 | STILE_CD_CAP_PAGE;
            if (p.tag == domain) continue;
            const unsigned need = write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ;
            if (right[domain][p.tag] < need && by_capability(at, part, p.tag) < need)
                return STILE_VEC_DOMAIN << 8 | STILE_CD_RIGHT;
        }
        return 0;
    }
    unsigned transfer(stile_transfer kind, uint64_t v, uint64_t back) {
        const Page& p = pages[(v - first_page) / 4096];
        if (!p.user) return VEC_PF << 8;
        if (p.tag != domain) {
            if (kind == STILE_XFER_RET) {
                if (returns.empty()) return STILE_VEC_DOMAIN << 8 | STILE_CD_DCS_BOUNDS;
                if (returns.back().base != v || STILE_CAP_ORIGIN(returns.back().word) != p.tag)
                    return STILE_VEC_DOMAIN << 8 | STILE_CD_RETURN;
                returns.pop_back();
            } else {
                const unsigned have = std::max(right[domain][p.tag], by_capability(v, 1, p.tag));
                if (have == STILE_RIGHT_NIL) return STILE_VEC_DOMAIN << 8 | STILE_CD_RIGHT;
                if (have == STILE_RIGHT_CALL && v % 64) return STILE_VEC_DOMAIN << 8 | STILE_CD_ALIGN;
                if (kind == STILE_XFER_CALL) {
                    if (returns.size() == deepest) return STILE_VEC_DOMAIN << 8 | STILE_CD_DCS_BOUNDS;
                    returns.push_back({back, 0, 0, 0, STILE_CAP_WORD(domain, 0, 0, STILE_CAP_RETURN)});
                }
            }
        }
        domain = p.tag;
        return 0;
    }
};

class RandomWorld : public testing::TestWithParam<std::pair<unsigned, unsigned>> {};

TEST_P(RandomWorld, unit_and_rules_agree) {
    const auto [entries, ways] = GetParam();
    std::mt19937 random(entries * 1000 + ways);
    const auto below = [&](uint64_t n) { return random() % n; };
    unsigned outcomes[4] = {};
    // A capability of a third domain needs a third entry beside the two of the access, so that small shapes get
    // capabilities of the page's own domain only.
    const bool small = ways < 4 && entries < 32;
    for (unsigned round = 0; round < 40; ++round) {
        World w(ProtectionKind::codoms, entries, ways);
        Rules r;
        const auto map = [&](unsigned i) {
            Page& p = r.pages[i];
            p = {static_cast<uint16_t>(below(n_tags)), below(4) != 0, below(8) != 0, below(10) == 0};
            const uint64_t v = first_page + i * 4096;
            w.page(v, pte::P | p.writable * pte::W | p.user * pte::U | STILE_PTE_TAG(p.tag) |
                          (p.storage ? STILE_PTE_CAP_STORAGE : 0));
            w.mmu->invlpg(v);
            for (unsigned c = 0; small && c < STILE_CAP_REGS; ++c) {
                r.caps[c] = {};
                w.cap(c, 0, 0, STILE_RIGHT_NIL, 0);
            }
        };
        const auto grant = [&] {
            const auto f = static_cast<uint16_t>(below(n_tags)), t = static_cast<uint16_t>(below(n_tags));
            r.right[f][t] = w.apl[{f, t}] = static_cast<unsigned>(below(4));
            w.protection->apl_invalidate(f);
            w.mmu->context_changed();
        };
        const auto capability = [&] {
            const unsigned i = static_cast<unsigned>(below(STILE_CAP_REGS));
            const uint64_t base = first_page + below(n_pages * 4096);
            uint64_t length = below(3) ? below(9000) : 0;
            auto origin = static_cast<uint16_t>(below(n_tags));
            if (small) {
                length = std::min(length, 4096 - base % 4096);
                origin = r.pages[(base - first_page) / 4096].tag;
            }
            const auto right = static_cast<unsigned>(below(4));
            r.caps[i] = {base, length, 0, 0, STILE_CAP_WORD(origin, 0, right, STILE_CAP_SYNC)};
            w.cap(i, base, length, right, origin);
        };
        for (unsigned i = 0; i < n_pages; ++i) map(i);
        for (unsigned i = 0; i < 20; ++i) grant();
        for (unsigned i = 0; i < 6; ++i) capability();
        w.dcs(0x600000000000, STILE_PTE_CAP_STORAGE, Rules::deepest * STILE_DCS_ENTRY);
        w.domains_on(0);

        for (unsigned step = 0; step < 1500; ++step) {
            const unsigned what = static_cast<unsigned>(below(100));
            if (what < 2) map(static_cast<unsigned>(below(n_pages)));
            if (what == 2) grant();
            if (what == 3) capability();
            if (what == 4) {
                r.kernel = !r.kernel;
                w.state.cd.saved_latch = w.state.cd.latch = {r.domain, STILE_XFER_SEQ, 0};
                w.ring(r.kernel ? 0 : 3);
            }
            unsigned expected, got = 0;
            bool ok;
            uint64_t v = first_page + below(n_pages * 4096 - 8);
            if (what < 70 || r.kernel) {
                if (below(4) == 0) v = (v | 4095) - below(8);
                if (v >= first_page + n_pages * 4096 - 8) v -= 16;
                const bool write = below(2);
                // One access may touch two foreign domains where it crosses a page; with two ways they can
                // never be cached together (docs/codoms.md), so small shapes get no such access.
                const unsigned bytes = ways < 3 ? 1u : 1u << below(4);
                expected = r.data(v, bytes, write);
                ok = w.with_refill([&] {
                    uint64_t value;
                    return write ? w.store(v, 0, bytes) : w.load(v, value, bytes);
                });
            } else {
                const auto kind = static_cast<stile_transfer>(below(4));
                if (below(2)) v &= ~63ull;
                if (kind == STILE_XFER_RET && !r.returns.empty() && below(3))
                    v = r.returns.back().base;
                const uint64_t back = first_page + below(n_pages * 4096);
                expected = r.transfer(kind, v, back);
                ok = w.with_refill([&] { return w.transfer(kind, v, back); });
                if (ok) {
                    ASSERT_EQ(w.state.cd.latch.tag, r.domain);
                }
                // A refused transfer stays pending; here the kernel calls it off.
                w.state.cd.latch = {r.domain, STILE_XFER_SEQ, 0};
            }
            if (!ok) got = static_cast<unsigned>(w.fault.vector) << 8 | w.reason();
            ASSERT_EQ(got, expected) << "round " << round << " step " << step << std::hex << " address " << v;
            ASSERT_EQ((w.state.cd.dcs_ptr - w.state.cd.dcs_base) / STILE_DCS_ENTRY, r.returns.size());
            ++outcomes[!ok ? (got >> 8 == VEC_PF ? 1 : 2) : w.counters.apl_misses != 0 ? 3 : 0];
        }
    }
    EXPECT_GT(outcomes[1], 1000u);
    EXPECT_GT(outcomes[2], 1000u);
    EXPECT_GT(outcomes[3], 1000u);
}

// Two entries: every question with a third domain in it replaces one. 4/2: sets.
INSTANTIATE_TEST_SUITE_P(AplShapes, RandomWorld,
                         testing::Values(std::pair{2u, 2u}, std::pair{3u, 3u}, std::pair{4u, 2u},
                                         std::pair{32u, 32u}, std::pair{64u, 4u}));

}  // namespace

}  // namespace stile::model::test
