// SPDX-License-Identifier: Apache-2.0
//
// Does the APL cache keep, replace and forget as its shape says?
#include "model/protection/apl_cache.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "model/config.h"
#include "model/protection/codoms.h"

namespace stile::model::test {

namespace {

stile_apl_record record(unsigned slot, uint16_t tag) {
    stile_apl_record r{};
    r.slot = slot;
    r.tag = tag;
    return r;
}

void set(unsigned long long* words, unsigned slot, unsigned long long right) {
    words[slot / 32] |= right << (slot % 32 * 2);
}

TEST(AplCache, shapes_that_make_no_sense_are_refused) {
    for (const auto& [entries, ways] :
         {std::pair{0u, 0u}, {1u, 1u}, {257u, 257u}, {32u, 1u}, {32u, 5u}, {32u, 64u}})
        EXPECT_THROW(AplCache(entries, ways), std::invalid_argument) << entries << "/" << ways;
    for (const auto& [entries, ways] : {std::pair{2u, 2u}, {32u, 32u}, {32u, 4u}, {256u, 256u}, {6u, 3u}})
        EXPECT_NO_THROW(AplCache(entries, ways)) << entries << "/" << ways;
}

TEST(AplCache, a_fill_writes_row_and_column) {
    AplCache c(64, 64);
    c.fill(record(0, 10));
    c.fill(record(40, 11));
    stile_apl_record r = record(63, 12);
    set(r.row, 0, STILE_RIGHT_CALL);
    set(r.row, 40, STILE_RIGHT_WRITE);
    set(r.column, 0, STILE_RIGHT_READ);
    set(r.row, 5, STILE_RIGHT_WRITE);  // an empty slot: nobody to have a right over
    c.fill(r);
    EXPECT_EQ(c.right(63, 0), unsigned{STILE_RIGHT_CALL});
    EXPECT_EQ(c.right(63, 40), unsigned{STILE_RIGHT_WRITE});
    EXPECT_EQ(c.right(0, 63), unsigned{STILE_RIGHT_READ});
    EXPECT_EQ(c.right(40, 63), unsigned{STILE_RIGHT_NIL});
    c.fill(record(5, 13));
    EXPECT_EQ(c.right(63, 5), unsigned{STILE_RIGHT_NIL})
        << "bits of an empty slot must not wait for its next owner";
}

TEST(AplCache, a_domain_sits_in_one_slot_only) {
    AplCache c(4, 4);
    EXPECT_FALSE(c.fill(record(0, 10)));
    EXPECT_TRUE(c.fill(record(2, 10))) << "rights of a cached domain were replaced";
    EXPECT_EQ(c.find(10), 2);
    EXPECT_EQ(c.tag(0), -1);
    EXPECT_TRUE(c.fill(record(2, 11)));
    EXPECT_EQ(c.find(10), -1);
    EXPECT_EQ(c.tag(4), -1) << "no such slot";
}

TEST(AplCache, victim_is_empty_then_least_recent_never_the_kept_one) {
    AplCache c(4, 4);
    for (unsigned i = 0; i < 4; ++i) {
        EXPECT_EQ(c.victim(100, -1, -1), i);
        c.fill(record(i, static_cast<uint16_t>(10 + i)));
    }
    EXPECT_EQ(c.victim(100, -1, -1), 0u);
    c.touch(0);
    EXPECT_EQ(c.victim(100, -1, -1), 1u);
    EXPECT_EQ(c.victim(100, 11, -1), 2u);
    EXPECT_EQ(c.victim(100, 11, 12), 3u);
    c.invalidate(13);
    EXPECT_EQ(c.victim(100, -1, -1), 3u);
}

TEST(AplCache, sets_do_not_disturb_each_other) {
    AplCache c(8, 2);  // four sets
    c.fill(record(0, 4));
    c.fill(record(1, 8));
    c.fill(record(2, 5));
    EXPECT_EQ(c.victim(9, -1, -1), 3u);
    EXPECT_EQ(c.victim(12, 4, -1), 1u);
    c.fill(record(7, 12));  // way 1 of its set
    EXPECT_EQ(c.find(12), 1);
    EXPECT_EQ(c.find(8), -1);
    EXPECT_EQ(c.find(4), 0);
    EXPECT_EQ(c.find(5), 2);
}

TEST(AplCache, invalidation_takes_rights_along) {
    AplCache c(4, 4);
    c.fill(record(0, 10));
    stile_apl_record r = record(1, 11);
    set(r.row, 0, STILE_RIGHT_WRITE);
    set(r.column, 0, STILE_RIGHT_WRITE);
    c.fill(r);
    EXPECT_FALSE(c.invalidate(99));
    EXPECT_TRUE(c.invalidate(11));
    c.fill(record(1, 12));
    EXPECT_EQ(c.right(0, 1), unsigned{STILE_RIGHT_NIL});
    EXPECT_EQ(c.right(1, 0), unsigned{STILE_RIGHT_NIL});
    c.invalidate_all();
    for (unsigned s = 0; s < 4; ++s) EXPECT_EQ(c.tag(s), -1);
}

TEST(MakeProtection, gives_each_kind_its_unit) {
    MachineConfig config;
    Counters counters;
    config.protection = ProtectionKind::codoms;
    EXPECT_NE(dynamic_cast<Codoms*>(make_protection(config, counters).get()), nullptr);
    for (const auto kind : {ProtectionKind::none, ProtectionKind::paging}) {
        config.protection = kind;
        const auto unit = make_protection(config, counters);
        EXPECT_EQ(dynamic_cast<Codoms*>(unit.get()), nullptr);
        EXPECT_EQ(unit->hardware_tag(1), -1);
        EXPECT_EQ(unit->apl_victim(), -1);
    }
}

}  // namespace

}  // namespace stile::model::test
