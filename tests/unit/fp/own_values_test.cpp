// SPDX-License-Identifier: Apache-2.0
//
// Where manuals leave a value open, is ours what we say it is, on every host? Transcendental results are
// compared with ones from arbitrary precision, the rest with recorded constants; the host's processor has no
// part in it.
#include <gtest/gtest.h>

#include "isa/fp/sse_fp.h"
#include "tests/unit/fp/native.h"

namespace stile::model::test {
namespace {

struct Extended {
    uint64_t significand;
    uint16_t sign_exponent;
    bool operator==(const Extended&) const = default;
};
void PrintTo(const Extended& e, std::ostream* out) {
    *out << std::hex << e.sign_exponent << ":" << e.significand << std::dec;
}

Extended read(FpState& s, unsigned i) {
    Extended e{};
    std::memcpy(&e.significand, s.st(i), 8);
    std::memcpy(&e.sign_exponent, s.st(i) + 8, 2);
    return e;
}
void write(FpState& s, unsigned i, Extended e) {
    std::memcpy(s.st(i), &e.significand, 8);
    std::memcpy(s.st(i) + 8, &e.sign_exponent, 2);
}
FpState start() {
    FpState s;
    s.control() = 0x37f;
    s.mxcsr() = 0x1f80;
    s.tags() = 3;
    return s;
}

struct Row {
    uint8_t opcode;
    unsigned rounding;
    Extended st0, st1, want0, want1;
    bool rounded_up;
};
constexpr Row rows[] = {
#include "tests/unit/fp/transcendental.inc"
};

TEST(OwnValues, TranscendentalResultsAreTheTruthRoundedOnce) {
    Simulated simulated;
    for (const Row& row : rows) {
        const uint64_t address = simulated.make(std::vector<uint8_t>{0xd9, row.opcode});
        FpState s = start();
        s.control() |= static_cast<uint16_t>(row.rounding << 10);
        const bool two = row.opcode == 0xf1 || row.opcode == 0xf3 || row.opcode == 0xf9;
        const bool pushes = row.opcode == 0xf2 || row.opcode == 0xfb;
        s.tags() = two ? 3 : 1;
        write(s, 0, row.st0);
        write(s, 1, row.st1);
        ASSERT_EQ(simulated.run(address, s), -1);
        EXPECT_EQ(read(s, 0), row.want0) << std::hex << +row.opcode;
        if (pushes) {
            EXPECT_EQ(read(s, 1), row.want1) << std::hex << +row.opcode;
        }
        EXPECT_EQ(s.status() & 0x3f, 0x20) << "inexact and nothing else";
        EXPECT_EQ((s.status() & 0x200) != 0, row.rounded_up) << std::hex << +row.opcode;
    }
}

// FNV-1a over all 2^13 intervals: one figure for the whole table.
uint64_t fingerprint(uint32_t (*estimate)(uint32_t)) {
    uint64_t hash = 0xcbf29ce484222325;
    for (uint32_t high = 0; high < 1 << 13; ++high) {
        hash = (hash ^ estimate(0x3f800000 + (high << 11))) * 0x100000001b3;
    }
    return hash;
}

TEST(OwnValues, Estimates) {
    EXPECT_EQ(isa::fp::reciprocal_estimate(0x40000000), 0x3efff800u);       // 1 / 2
    EXPECT_EQ(isa::fp::reciprocal_estimate(0x40400000), 0x3eaaa800u);       // 1 / 3
    EXPECT_EQ(isa::fp::reciprocal_sqrt_estimate(0x40800000), 0x3f000000u);  // 1 / sqrt(4)
    EXPECT_EQ(fingerprint(isa::fp::reciprocal_estimate), 11707534384620978981u);
    EXPECT_EQ(fingerprint(isa::fp::reciprocal_sqrt_estimate), 16835356872211596069u);
}

TEST(OwnValues, PartialRemainderComesDownByThirtyTwoAndTheRest) {
    Simulated simulated;
    struct Case {
        uint8_t opcode;
        uint16_t exponent;  // of st0; st1 is 3
        Extended want;
    };
    // 2^64 - 1 at distances of 64, 100, and 1000 from 3
    const Case cases[] = {{0xf8, 0x4000 + 64, {0xfffffffc00000000, 0x401e}},
                          {0xf8, 0x4000 + 100, {0xffffffc000000000, 0x403e}},
                          {0xf8, 0x4000 + 1000, {0xfffffc0000000000, 0x43be}},
                          {0xf5, 0x4000 + 64, {0xfffffffc00000000, 0x401e}},
                          {0xf5, 0x4000 + 100, {0xffffffc000000000, 0x403e}},
                          {0xf5, 0x4000 + 1000, {0xfffffc0000000000, 0x43be}}};
    for (const Case& c : cases) {
        FpState s = start();
        write(s, 0, {~0ull, c.exponent});
        write(s, 1, {3ull << 62, 0x4000});
        ASSERT_EQ(simulated.run(simulated.make(std::vector<uint8_t>{0xd9, c.opcode}), s), -1);
        EXPECT_EQ(s.status() & 0x4700, 0x400) << "C2: not done";
        EXPECT_EQ(read(s, 0), c.want) << std::hex << +c.opcode << " " << c.exponent;
    }
}

TEST(OwnValues, DecimalDigitsThatAreNoneCountAsTheyStand) {
    Simulated simulated;
    FpState s = start();
    s.tags() = 0;
    for (unsigned i = 0; i < 9; ++i) s.memory[i] = 0xfe;
    s.memory[9] = 0x80;
    ASSERT_EQ(simulated.run(simulated.make(std::vector<uint8_t>{0xdf, 0x27}), s), -1);  // fbld [rdi]
    // Nine times 15 * 10 + 14, in hundreds: -164 * (100^9 - 1) / 99
    EXPECT_EQ(read(s, 0), (Extended{0xb7ea6d8095a95fa0, 0xc03b}));
}

TEST(OwnValues, ConditionCodesThatTheManualLeavesOpenStay) {
    Simulated simulated;
    const std::vector<uint8_t> codes[] = {{0xd8, 0xc1}, {0xd9, 0xe0}, {0xd9, 0xc9}, {0xd9, 0xd0},
                                          {0xd9, 0xe8}, {0xdd, 0xc1}, {0xdb, 0xe2}, {0xdd, 0x1f},
                                          {0xda, 0xc1}, {0xd9, 0xfa}};
    for (const auto& code : codes) {
        FpState s = start();
        write(s, 0, {1ull << 63, 0x3fff});
        write(s, 1, {1ull << 63, 0x3fff});
        s.status() = 0x4500;  // C0, C2, C3
        ASSERT_EQ(simulated.run(simulated.make(code), s), -1);
        EXPECT_EQ(s.status() & 0x4500, 0x4500) << hex(code.data(), 2);
    }
}

}  // namespace
}  // namespace stile::model::test
