// SPDX-License-Identifier: Apache-2.0
//
// Is every copy of a payload found, however it is made, and nothing else?
#include "sim/measure/copy_census.h"

#include <gtest/gtest.h>

#include "abi/marker.h"
#include "tests/unit/measure/fake_core.h"

namespace stile::sim {
namespace {

constexpr uint64_t seed = 77, place = 0x10000, physical = 0x800000;

struct CopyCensusTest : ::testing::Test {
    FakeCore core;
    CopyCensus census;
    std::vector<uint8_t> payload;

    void SetUp() override {
        core.pages.clear();
        for (uint64_t page = 0; page < 8; ++page) core.map(place + page * 4096);
    }
    void arm(uint64_t words) {
        payload.resize(words * 8);
        for (uint64_t i = 0; i < words; ++i) {
            const uint64_t nonce = stile_nonce(seed, i);
            std::memcpy(payload.data() + i * 8, &nonce, 8);
        }
        census.arm({&core}, seed, payload.size());
    }
    // Copies the payload to `to` in stores of `piece` bytes.
    void copy(uint64_t to, uint64_t piece, bool backwards = false) {
        const uint64_t n = payload.size() / piece;
        for (uint64_t k = 0; k < n; ++k) {
            const uint64_t at = (backwards ? n - 1 - k : k) * piece;
            core.write(to + at, payload.data() + at, piece);
            census.store(core, to + at, to - place + physical + at, piece);
        }
    }
    uint64_t copied() { return census.result().copied_bytes; }
};

TEST_F(CopyCensusTest, stores_are_watched_only_while_armed) {
    EXPECT_FALSE(core.watching);
    arm(1);
    EXPECT_TRUE(core.watching);
    census.stop();
    EXPECT_FALSE(core.watching);
    copy(place, 8);
    EXPECT_EQ(copied(), 0u);
}

TEST_F(CopyCensusTest, each_piece_size_finds_the_same_copy) {
    for (const uint64_t piece : {1, 2, 4, 8, 16, 64}) {
        CopyCensus fresh;
        census = fresh;
        arm(32);
        copy(place, piece);
        EXPECT_EQ(copied(), 256u) << "stores of " << piece << " bytes";
    }
}

TEST_F(CopyCensusTest, a_copy_may_lie_at_any_alignment) {
    for (uint64_t off = 0; off < 8; ++off) {
        SetUp();  // what the last round left behind are the same nonces
        CopyCensus fresh;
        census = fresh;
        arm(16);
        copy(place + 40 + off, 4);
        EXPECT_EQ(copied(), 128u) << "offset " << off;
    }
}

TEST_F(CopyCensusTest, a_copy_made_backwards_counts_once) {
    arm(16);
    copy(place + 3, 1, true);
    EXPECT_EQ(copied(), 128u);
}

TEST_F(CopyCensusTest, a_second_store_to_the_same_place_is_no_second_copy) {
    arm(8);
    copy(place, 8);
    copy(place, 8);
    EXPECT_EQ(copied(), 64u);
}

TEST_F(CopyCensusTest, two_places_are_two_copies) {
    arm(512);
    copy(place, 8);
    copy(place + 4096, 64);
    EXPECT_EQ(copied(), 2 * 4096u);
    EXPECT_DOUBLE_EQ(census.result().per_payload(copied()), 2.0);
}

TEST_F(CopyCensusTest, both_directions_are_one_payload) {
    arm(8);
    copy(place, 8);
    census.stop();
    arm(8);
    copy(place + 512, 8);
    census.stop();
    EXPECT_EQ(census.result().payload_bytes, 128u);
    EXPECT_DOUBLE_EQ(census.result().per_payload(copied()), 1.0);
}

TEST_F(CopyCensusTest, a_copy_across_a_page_boundary_is_found) {
    arm(512);
    copy(place + 4096 - 20, 1);
    EXPECT_EQ(copied(), 4096u);
}

TEST_F(CopyCensusTest, a_copy_at_the_end_of_mapped_memory_is_found) {
    arm(4);
    copy(place + 8 * 4096 - 32, 8);
    EXPECT_EQ(copied(), 32u);
}

TEST_F(CopyCensusTest, other_words_are_not_copies) {
    arm(8);
    for (uint64_t i = 0; i < 64; ++i) {
        const uint64_t other = stile_nonce(seed + 1, i);
        core.write(place + i * 8, &other, 8);
        census.store(core, place + i * 8, physical + i * 8, 8);
    }
    EXPECT_EQ(copied(), 0u);
}

TEST_F(CopyCensusTest, a_copy_belongs_to_whoever_stored_it) {
    arm(4);
    core.cpl = 0;
    copy(place, 8);
    core.cpl = 3;
    core.privileged = true;
    copy(place + 256, 8);
    core.privileged = false;
    copy(place + 512, 8);
    copy(place + 768, 8);
    EXPECT_EQ(census.result().by_kernel, 32u);
    EXPECT_EQ(census.result().by_proxy, 32u);
    EXPECT_EQ(census.result().by_user, 64u);
    EXPECT_EQ(copied(), 128u);
}

TEST_F(CopyCensusTest, a_last_part_of_a_word_counts_with_its_bytes) {
    for (uint64_t bytes = 8; bytes < 40; ++bytes) {
        SetUp();
        CopyCensus fresh;
        census = fresh;
        arm((bytes + 7) / 8);
        census = fresh;
        census.arm({&core}, seed, bytes);
        payload.resize(bytes);
        copy(place + 5, 1);
        EXPECT_EQ(census.result().payload_bytes, bytes);
        EXPECT_EQ(copied(), bytes);
    }
}

// A kernel's buffers: the payload behind a header, each page of it somewhere else.
TEST_F(CopyCensusTest, a_word_split_between_pages_that_are_no_neighbours_is_found) {
    for (uint64_t page = 8; page < 16; ++page) core.map(place + page * 4096);
    for (const uint64_t header : {0, 1, 4, 7, 8, 13})
        for (const uint64_t bytes : {4088, 4089, 4093, 4095, 4096, 4097, 4100, 8191, 8192, 12289})
            for (const uint64_t piece : {1, 8, 4096}) {
                SCOPED_TRACE(testing::Message() << header << " + " << bytes << " by " << piece);
                SetUp();
                for (uint64_t page = 8; page < 16; ++page) core.map(place + page * 4096);
                arm((bytes + 7) / 8);
                payload.resize(bytes);
                census = CopyCensus();
                census.arm({&core}, seed, bytes);
                for (uint64_t at = 0; at < bytes;) {
                    const uint64_t stream = header + at, in_page = stream % 4096;
                    const uint64_t n = std::min({piece, bytes - at, 4096 - in_page});
                    const uint64_t to = stream / 4096 * 2 * 4096 + in_page;
                    core.write(place + to, payload.data() + at, n);
                    census.store(core, place + to, physical + to, n);
                    at += n;
                }
                EXPECT_EQ(copied(), bytes);
            }
}

TEST_F(CopyCensusTest, a_page_that_begins_with_something_else_holds_no_rest_of_a_word) {
    arm(512);
    copy(place + 4, 8);  // the last word lies on both pages, which are neighbours: found whole
    const uint64_t other = 0x1234;
    core.write(place + 8192, &other, 8);
    census.store(core, place + 8192, physical + 8192, 8);
    EXPECT_EQ(copied(), 4096u);
}

TEST_F(CopyCensusTest, what_lay_there_before_is_no_copy) {
    arm(4);
    core.write(place + 64, payload.data(), 32);
    const uint64_t other = 5;
    for (const uint64_t beside : {56, 96}) {
        core.write(place + beside, &other, 8);
        census.store(core, place + beside, physical + beside, 8);
    }
    EXPECT_EQ(copied(), 0u);
}

TEST_F(CopyCensusTest, a_word_on_two_pages_counts_once_wherever_the_pages_are) {
    arm(512);
    for (uint64_t at = 0; at < payload.size(); ++at) {
        const uint64_t to = 100 + at;
        core.write(place + to, payload.data() + at, 1);
        census.store(core, place + to, physical + to / 4096 * 0x50000 + to % 4096, 1);
    }
    EXPECT_EQ(copied(), 4096u);
}

TEST_F(CopyCensusTest, a_payload_of_four_to_seven_bytes_is_one_word) {
    for (uint64_t bytes = 4; bytes < 8; ++bytes) {
        SetUp();
        arm(1);
        payload.resize(bytes);
        census = CopyCensus();
        census.arm({&core}, seed, bytes);
        copy(place + 3, 1);
        EXPECT_EQ(census.result().payload_bytes, bytes);
        EXPECT_EQ(copied(), bytes);
    }
}

TEST_F(CopyCensusTest, fewer_bytes_are_not_unique_and_not_looked_for) {
    census.arm({&core}, seed, 3);
    EXPECT_EQ(census.result().payload_bytes, 0u);
    EXPECT_FALSE(core.watching);
}

TEST_F(CopyCensusTest, a_payload_that_is_not_looked_for_ends_the_watch_of_the_one_before) {
    arm(4);
    census.arm({&core}, seed, 3);
    EXPECT_FALSE(core.watching);
    arm(4);
    census.arm({&core}, seed, CopyCensus::most_bytes + 1);
    EXPECT_FALSE(core.watching);
}

TEST_F(CopyCensusTest, a_guest_cannot_make_it_work_without_end) {
    EXPECT_FALSE(census.arm({&core}, seed, 1ull << 60));
    EXPECT_FALSE(core.watching);
    for (unsigned i = 1; i <= CopyCensus::most_calls; ++i) ASSERT_TRUE(census.arm({&core}, seed, 64)) << i;
    EXPECT_FALSE(census.arm({&core}, seed, 64));
}

}  // namespace
}  // namespace stile::sim
