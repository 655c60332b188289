// SPDX-License-Identifier: Apache-2.0
//
// Does each replacement policy choose what its definition says? Random traces against definitions written
// down once more, as plainly as they are told; and do the bits of the structures follow from the formats?
#include "model/protection/replacement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "model/protection/apl_cache.h"
#include "model/protection/bits.h"

namespace stile::model::test {

namespace {

// One set, its tags in the order that the policy goes by; of plru which half of each range was used last.
struct Reference {
    AplReplacement policy;
    unsigned ways;
    std::vector<unsigned> order;  // the next to go first
    std::map<std::pair<unsigned, unsigned>, bool> used_upper;
    std::vector<bool> bits = bits_of(0xace1);  // the register, bit 0 first

    static std::vector<bool> bits_of(unsigned v) {
        std::vector<bool> b;
        for (unsigned i = 0; i < 16; ++i) b.push_back(v >> i & 1);
        return b;
    }
    Reference(AplReplacement p, unsigned w) : policy(p), ways(w) {
        for (unsigned i = 0; i < w; ++i) order.push_back(i);
    }
    void to_the_end(unsigned way) {
        std::erase(order, way);
        order.push_back(way);
    }
    void tree(unsigned way) {
        for (unsigned low = 0, high = ways; high - low > 1;) {
            const unsigned middle = (low + high) / 2;
            used_upper[{low, high}] = way >= middle;
            (way >= middle ? low : high) = middle;
        }
    }
    void used(unsigned way) {
        if (policy == AplReplacement::lru) to_the_end(way);
        if (policy == AplReplacement::plru) tree(way);
    }
    void filled(unsigned way) {
        used(way);
        if (policy == AplReplacement::fifo) to_the_end(way);
        for (unsigned i = 0; i < 8; ++i) {
            const bool in = bits[0] ^ bits[2] ^ bits[3] ^ bits[5];
            bits.erase(bits.begin());
            bits.push_back(in);
        }
    }
    unsigned choose(const std::set<unsigned>& kept) const {
        if (policy == AplReplacement::random) {
            unsigned v = 0;
            for (unsigned i = 0; i < 16; ++i) v |= unsigned{bits[i]} << i;
            for (v %= ways; kept.contains(v); v = (v + 1) % ways) {
            }
            return v;
        }
        if (policy != AplReplacement::plru) {
            return *std::ranges::find_if(order, [&](unsigned w) { return !kept.contains(w); });
        }
        const std::function<unsigned(unsigned, unsigned)> down = [&](unsigned low, unsigned high) {
            if (high - low == 1) return low;
            const unsigned middle = (low + high) / 2;
            const auto it = used_upper.find({low, high});
            bool upper = it != used_upper.end() && !it->second;
            const auto free = [&](unsigned a, unsigned b) {
                for (; a < b; ++a)
                    if (!kept.contains(a)) return true;
                return false;
            };
            if (!(upper ? free(middle, high) : free(low, middle))) upper = !upper;
            return upper ? down(middle, high) : down(low, middle);
        };
        return down(0, ways);
    }
};

constexpr AplReplacement policies[] = {AplReplacement::lru, AplReplacement::plru, AplReplacement::fifo,
                                       AplReplacement::random};

TEST(Replacement, agrees_with_its_definition_on_random_traces) {
    for (const AplReplacement policy : policies) {
        for (const unsigned ways : {2u, 4u, 8u, 32u, 256u}) {
            std::mt19937 random(ways);
            Replacement r(policy, 1, ways);
            Reference reference(policy, ways);
            for (unsigned i = 0; i < 4000; ++i) {
                const auto way = static_cast<unsigned>(random() % ways);
                const int keep = random() % 2 ? static_cast<int>(random() % ways) : -1;
                const int too = ways > 2 && random() % 4 == 0 ? static_cast<int>(random() % ways) : -1;
                std::set<unsigned> kept;
                if (keep >= 0) kept.insert(static_cast<unsigned>(keep));
                if (too >= 0) kept.insert(static_cast<unsigned>(too));
                const unsigned chosen = r.choose(0, keep, too);
                ASSERT_EQ(chosen, reference.choose(kept)) << static_cast<int>(policy) << " step " << i;
                ASSERT_FALSE(kept.contains(chosen));
                if (random() % 3 == 0) {
                    r.used(0, way);
                    reference.used(way);
                } else {
                    r.filled(0, chosen);
                    reference.filled(chosen);
                }
            }
        }
    }
}

// Domains in a row, one more than there is room: what goes by order always misses, a tree of it too.
TEST(Replacement, one_domain_too_many) {
    const auto misses = [](AplReplacement policy, unsigned domains) {
        AplCache c(32, 32, policy);
        unsigned n = 0;
        for (unsigned i = 0; i < 100 * domains; ++i) {
            const auto tag = static_cast<uint16_t>(i % domains);
            if (c.find(tag) >= 0) {
                c.touch(static_cast<unsigned>(c.find(tag)));
                continue;
            }
            if (i >= 50 * domains) ++n;
            stile_apl_record r{};
            r.slot = c.victim(tag, -1, -1);
            r.tag = tag;
            c.fill(r);
        }
        return n;
    };
    for (const AplReplacement policy : policies) EXPECT_EQ(misses(policy, 32), 0u) << "all fit";
    EXPECT_EQ(misses(AplReplacement::lru, 33), 50u * 33);
    EXPECT_EQ(misses(AplReplacement::fifo, 33), 50u * 33);
    EXPECT_EQ(misses(AplReplacement::plru, 33), 50u * 33);
    EXPECT_LT(misses(AplReplacement::random, 33), 50u * 33 / 2);
    EXPECT_EQ(misses(AplReplacement::random, 33), misses(AplReplacement::random, 33)) << "deterministic";
}

TEST(Replacement, a_tree_needs_a_power_of_two) {
    EXPECT_THROW(AplCache(6, 3, AplReplacement::plru), std::invalid_argument);
    EXPECT_NO_THROW(AplCache(6, 3, AplReplacement::random));
}

TEST(AplCache, pairs_are_unknown_until_they_are_learnt) {
    AplCache c(4, 4);
    EXPECT_FALSE(c.add(10, -1));
    EXPECT_FALSE(c.add(11, 10));
    const auto right = [&](uint16_t a, uint16_t b) {
        return c.right(static_cast<unsigned>(c.find(a)), static_cast<unsigned>(c.find(b)));
    };
    EXPECT_EQ(right(10, 11), AplCache::unknown);
    c.learn(10, 11, STILE_RIGHT_CALL);
    EXPECT_EQ(right(10, 11), unsigned{STILE_RIGHT_CALL});
    EXPECT_EQ(right(11, 10), AplCache::unknown);
    stile_apl_record r{};
    r.slot = 2;
    r.tag = 12;
    c.fill(r);
    EXPECT_EQ(right(12, 10), unsigned{STILE_RIGHT_NIL}) << "cd.aplfill says all";
    EXPECT_EQ(c.victim(10, -1, -1), 0u) << "where it is already";
    c.add(13, 10);
    EXPECT_TRUE(c.add(14, 10));
    EXPECT_GE(c.find(10), 0) << "kept";
    EXPECT_EQ(c.evictions(), 1u);
}

TEST(Bits, follow_from_format_and_entries) {
    AplCacheConfig c;
    EXPECT_EQ(hardware_tag_bits(2), 1u);
    EXPECT_EQ(hardware_tag_bits(32), 5u);
    EXPECT_EQ(hardware_tag_bits(33), 6u);
    EXPECT_EQ(hardware_tag_bits(256), 8u);
    EXPECT_EQ(apl_entry_bits(c), 1u + 16 + 64);
    EXPECT_EQ(apl_replacement_bits(c), 118u) << "log2(32!) = 117.66";
    EXPECT_EQ(apl_cache_bits(c), 32u * 81 + 118);
    c.refill = AplRefill::hardware;
    c.replacement = AplReplacement::plru;
    c.ways = 4;
    EXPECT_EQ(apl_entry_bits(c), 1u + 16 + 96);
    EXPECT_EQ(apl_replacement_bits(c), 8u * 3);
    c.replacement = AplReplacement::fifo;
    EXPECT_EQ(apl_replacement_bits(c), 8u * 2);
    EXPECT_EQ(replacement_bits(AplReplacement::random, 32), 0u);
    EXPECT_EQ(capability_register_bits, 256u);
    EXPECT_EQ(capability_watch_bits, 35u);
}

}  // namespace

}  // namespace stile::model::test
