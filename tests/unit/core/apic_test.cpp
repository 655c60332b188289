// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/core/local_apic.h"

namespace stile::model {

namespace {
enum : uint32_t {
    SVR = 0x80f,
    TPR = 0x808,
    PPR = 0x80a,
    EOI = 0x80b,
    ISR = 0x810,
    IRR = 0x820,
    ESR = 0x828,
    ICR = 0x830,
    LVT = 0x832,
    INITIAL = 0x838,
    CURRENT = 0x839,
    DIVIDE = 0x83e,
    SELF = 0x83f
};

uint64_t read(const LocalApic& a, uint32_t msr, uint64_t now = 0) {
    uint64_t v = ~0ull;
    EXPECT_TRUE(a.read(msr, now, v)) << msr;
    return v;
}
LocalApic enabled() {
    LocalApic a(0);
    EXPECT_TRUE(a.write(SVR, 0x1ff, 0));
    return a;
}
}  // namespace

TEST(LocalApic, TimerFiresWhenDueAndNotOneCycleEarlier) {
    static constexpr struct {
        uint64_t code, divisor;
    } divisors[] = {{0xb, 1}, {0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {0xa, 128}};
    for (const auto& d : divisors) {
        LocalApic a = enabled();
        a.write(DIVIDE, d.code, 0);
        a.write(LVT, 0x40, 0);
        a.write(INITIAL, 100, 1000);
        EXPECT_EQ(a.next_event(), 1000 + 100 * d.divisor);
        EXPECT_EQ(read(a, CURRENT, 1000), 100u);
        EXPECT_EQ(read(a, CURRENT, 1000 + 40 * d.divisor), 60u);
        a.advance(a.next_event() - 1);
        EXPECT_EQ(a.pending(), -1);
        a.advance(a.next_event());
        EXPECT_EQ(a.pending(), 0x40);
        EXPECT_EQ(a.next_event(), LocalApic::never);
    }
}

TEST(LocalApic, PeriodicDoesNotDrift) {
    LocalApic a = enabled();
    a.write(DIVIDE, 0xb, 0);
    a.write(LVT, 0x40 | 1 << 17, 0);
    a.write(INITIAL, 100, 0);
    a.advance(130);
    EXPECT_EQ(a.next_event(), 200u);
    a.advance(550);
    EXPECT_EQ(a.next_event(), 600u);
}

TEST(LocalApic, PrioritiesNest) {
    LocalApic a = enabled();
    a.write(SELF, 0x45, 0);
    a.write(SELF, 0x61, 0);
    EXPECT_EQ(a.pending(), 0x61);
    a.accept(0x61);
    EXPECT_EQ(read(a, PPR), 0x60u);
    EXPECT_EQ(a.pending(), -1) << "lower class waits";
    a.write(SELF, 0x70, 0);
    EXPECT_EQ(a.pending(), 0x70);
    a.accept(0x70);
    EXPECT_EQ(read(a, ISR + 3), 1ull << 1 | 1ull << 16);
    a.write(EOI, 0, 0);
    a.write(EOI, 0, 0);
    EXPECT_EQ(a.pending(), 0x45);
    a.write(TPR, 0x40, 0);
    EXPECT_EQ(a.pending(), -1);
}

TEST(LocalApic, DisabledMasksItsTimer) {
    LocalApic a(0);
    a.write(LVT, 0x40, 0);
    EXPECT_EQ(read(a, LVT), 0x10040u);
    a.write(DIVIDE, 0xb, 0);
    a.write(INITIAL, 10, 0);
    a.advance(10);
    EXPECT_EQ(a.pending(), -1);
}

TEST(LocalApic, InterruptToNobodyIsAnError) {
    LocalApic a = enabled();
    EXPECT_TRUE(a.write(ICR, 7ull << 32 | 0x50, 0));
    EXPECT_EQ(a.pending(), -1);
    a.write(ESR, 0, 0);
    EXPECT_EQ(read(a, ESR), 4u);
    EXPECT_TRUE(a.write(ICR, 1 << 18 | 0x50, 0)) << "self";
    EXPECT_EQ(a.pending(), 0x50);
}

TEST(LocalApic, ReservedBitsAndUnknownRegistersFault) {
    LocalApic a = enabled();
    uint64_t v;
    EXPECT_FALSE(a.read(0x801, 0, v));
    EXPECT_FALSE(a.read(EOI, 0, v));
    EXPECT_FALSE(a.write(EOI, 1, 0));
    EXPECT_FALSE(a.write(0x802, 0, 0));
    EXPECT_FALSE(a.write(LVT, 3 << 17, 0));
    EXPECT_FALSE(a.write(DIVIDE, 4, 0));
    EXPECT_FALSE(a.write(TPR, 0x100, 0));
    EXPECT_FALSE(a.write(SVR, 1ull << 32, 0));
}

TEST(LocalApic, DeadlineModeFiresAtTheCycle) {
    LocalApic a = enabled();
    a.write(LVT, 0x40 | 2 << 17, 0);
    a.write(INITIAL, 5, 0);
    EXPECT_EQ(a.next_event(), LocalApic::never) << "the count is not used";
    a.write_deadline(500, 100);
    EXPECT_EQ(a.deadline(), 500u);
    a.advance(499);
    EXPECT_EQ(a.pending(), -1);
    a.advance(500);
    EXPECT_EQ(a.pending(), 0x40);
    EXPECT_EQ(a.deadline(), 0u);
}

}  // namespace stile::model
