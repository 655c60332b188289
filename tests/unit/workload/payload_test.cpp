// SPDX-License-Identifier: Apache-2.0
//
// Does the check that stands behind the column `checked` see every wrong byte?
#include <gtest/gtest.h>

#include <vector>

extern "C" {
#include "os/lib/stile.h"
}

namespace {

TEST(Payload, what_was_filled_matches_and_any_changed_byte_does_not) {
    for (const size_t size : {0, 1, 7, 8, 13, 64, 4096}) {
        std::vector<unsigned char> data(size);
        stile_payload_fill(data.data(), size, 9);
        EXPECT_TRUE(stile_payload_matches(data.data(), size, 9));
        for (size_t i = 0; i < size; ++i) {
            data[i] ^= 0x40;
            ASSERT_FALSE(stile_payload_matches(data.data(), size, 9)) << "byte " << i << " of " << size;
            data[i] ^= 0x40;
        }
        EXPECT_EQ(stile_payload_matches(data.data(), size, 10), size == 0);
    }
}

TEST(Payload, touching_to_write_changes_every_word_in_place_or_in_the_scratch) {
    std::vector<unsigned char> data(29, 7), scratch(29, 0);
    stile_touch(STILE_TOUCH_WRITE, data.data(), data.size(), 0, scratch.data());
    EXPECT_EQ(data, std::vector<unsigned char>(29, 7));
    EXPECT_EQ(scratch[0], 8);
    EXPECT_EQ(scratch[16], 8);
    EXPECT_EQ(scratch[28], 8);
    stile_touch(STILE_TOUCH_WRITE, data.data(), data.size(), 1, scratch.data());
    EXPECT_EQ(data[24], 8);
    EXPECT_EQ(data[28], 8);
    stile_touch(STILE_TOUCH_READ, data.data(), data.size(), 1, nullptr);
    EXPECT_EQ(data[0], 8);
}

}  // namespace
