// SPDX-License-Identifier: Apache-2.0
//
// Question: does the buffer allocator place and merge slices as the Linux driver was seen to do?
#include "os/kernel/binder/buffer_alloc.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

namespace stile::os {
namespace {

struct Allocator : BufferAllocator {
    explicit Allocator(uint64_t bytes) : BufferAllocator(std::malloc, std::free) { EXPECT_TRUE(init(bytes)); }
};

TEST(BufferAllocator, NeedRoundsEachPartToEightAndIsNeverNothing) {
    EXPECT_EQ(BufferAllocator::need(0, 0, 0), 8u);
    EXPECT_EQ(BufferAllocator::need(1, 0, 0), 8u);
    EXPECT_EQ(BufferAllocator::need(9, 8, 1), 32u);
    EXPECT_EQ(BufferAllocator::need(~0ull, 0, 0), 0u);
    EXPECT_EQ(BufferAllocator::need(~0ull - 7, 16, 0), 0u);
}

TEST(BufferAllocator, NoHeaderIsTakenFromTheMapping) {
    // Recorded: a 128 KiB mapping accepts exactly 131,072 bytes; 1 MiB - 8 KiB exactly 1,040,384.
    for (const uint64_t size : {131'072u, 1'040'384u}) {
        Allocator a(size);
        EXPECT_EQ(a.allocate(size + 8), nullptr);
        BufferSlice* all = a.allocate(size);
        ASSERT_NE(all, nullptr);
        EXPECT_EQ(all->offset, 0u);
        EXPECT_EQ(a.allocate(8), nullptr);
    }
    // Recorded: 15 x 64 KiB and 14 x 4 KiB fill the latter completely.
    Allocator a(1'040'384);
    for (int i = 0; i < 15; ++i) ASSERT_NE(a.allocate(65536), nullptr) << i;
    for (int i = 0; i < 14; ++i) ASSERT_NE(a.allocate(4096), nullptr) << i;
    EXPECT_EQ(a.allocate(8), nullptr);
}

TEST(BufferAllocator, TakesTheSmallestSliceThatFits) {
    Allocator a(4096);
    BufferSlice* x = a.allocate(512);
    a.allocate(64);
    BufferSlice* y = a.allocate(128);
    a.allocate(64);
    a.release(x);
    a.release(y);
    EXPECT_EQ(a.allocate(100 + 4)->offset, 512u + 64u);
    EXPECT_EQ(a.allocate(512)->offset, 0u);
}

TEST(BufferAllocator, FreedNeighboursBecomeOne) {
    Allocator a(300 * 8);
    BufferSlice* s[3];
    for (auto& slice : s) slice = a.allocate(800);
    a.release(s[0]);
    a.release(s[2]);
    EXPECT_EQ(a.allocate(1600), nullptr);
    a.release(s[1]);
    ASSERT_NE(a.first(), nullptr);
    EXPECT_TRUE(a.first()->free);
    EXPECT_EQ(a.first()->size, 2400u);
    EXPECT_EQ(a.first()->next, nullptr);
}

TEST(BufferAllocator, RandomUseNeverOverlapsAndNeverLosesAByte) {
    std::mt19937 random(1);
    Allocator a(1 << 16);
    std::map<uint64_t, BufferSlice*> live;
    for (int step = 0; step < 20'000; ++step) {
        if (live.empty() || random() % 2) {
            const uint64_t bytes = BufferAllocator::need(random() % 5000, random() % 64, 0);
            BufferSlice* s = a.allocate(bytes);
            if (!s) continue;
            ASSERT_EQ(s->size, bytes);
            const auto next = live.lower_bound(s->offset);
            if (next != live.end()) {
                ASSERT_LE(s->offset + bytes, next->first);
            }
            if (next != live.begin()) {
                const auto before = std::prev(next);
                ASSERT_LE(before->first + before->second->size, s->offset);
            }
            live[s->offset] = s;
        } else {
            auto victim = std::next(live.begin(), static_cast<long>(random() % live.size()));
            ASSERT_EQ(a.at(victim->first), victim->second);
            a.release(victim->second);
            live.erase(victim);
        }
        uint64_t sum = 0;
        bool last_free = false;
        for (BufferSlice* s = a.first(); s; s = s->next) {
            ASSERT_EQ(s->offset, sum);
            ASSERT_FALSE(last_free && s->free) << "two free neighbours at " << s->offset;
            last_free = s->free;
            sum += s->size;
        }
        ASSERT_EQ(sum, a.size());
    }
}

}  // namespace
}  // namespace stile::os
