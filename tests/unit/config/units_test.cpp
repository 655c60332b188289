// SPDX-License-Identifier: Apache-2.0
//
// Question: is every number read as the one that was meant, and everything doubtful refused?
#include "sim/config/units.h"

#include <gtest/gtest.h>

namespace stile::sim {
namespace {

TEST(Units, Integers) {
    EXPECT_EQ(parse_integer("0"), 0);
    EXPECT_EQ(parse_integer("-12"), -12);
    EXPECT_EQ(parse_integer("0x10"), 16);
    EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
    for (const char* bad : {"", "010", "1.5", "1e3", "9223372036854775808", "0x", "4 cycles", "+-1", "ten"}) {
        EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
    }
}

TEST(Units, Bytes) {
    EXPECT_EQ(parse_bytes("0"), 0);
    EXPECT_EQ(parse_bytes("64 B"), 64);
    EXPECT_EQ(parse_bytes("32KiB"), 32768);
    EXPECT_EQ(parse_bytes("1.5 MiB"), 3 << 19);
    EXPECT_EQ(parse_bytes("2 GiB"), 2ll << 30);
    for (const char* bad :
         {"32 KB", "32 kib", "0.3 B", "-1", "KiB", "1.5", "010", "9999999999 GiB", "1..5 KiB", "4 KiB x"}) {
        EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
    }
}

TEST(Units, FrequencyAndTimeNeedAUnit) {
    EXPECT_EQ(parse_frequency("3.1 GHz"), 3'100'000'000);
    EXPECT_EQ(parse_frequency("250 Hz"), 250);
    EXPECT_EQ(parse_frequency("3100000000"), std::nullopt);
    EXPECT_EQ(parse_time("1.5 ms"), 1'500'000);
    EXPECT_EQ(parse_time("10s"), 10'000'000'000);
    EXPECT_EQ(parse_time("0.3 ns"), 0);
    EXPECT_EQ(parse_time("10"), std::nullopt);
    EXPECT_EQ(parse_time("1 min"), std::nullopt);
}

TEST(Units, TimesBecomeCyclesRoundedUp) {
    EXPECT_EQ(parse_cycles("4", 1), 4);
    EXPECT_EQ(parse_cycles("0x20", 1), 32);
    EXPECT_EQ(parse_cycles("0x", 1), std::nullopt);
    EXPECT_EQ(parse_bytes("0x8000"), 32768);
    EXPECT_EQ(parse_cycles("1 cycle", 1), 1);
    EXPECT_EQ(parse_cycles("200 cycles", 1), 200);
    EXPECT_EQ(parse_cycles("65 ns", 3'100'000'000), 202);  // 201.5
    EXPECT_EQ(parse_cycles("0.3 ns", 3'100'000'000), 1);   // 0.93
    EXPECT_EQ(parse_cycles("1 us", 1'000'000'000), 1000);
    EXPECT_EQ(parse_cycles("2.5", 1), std::nullopt);
    EXPECT_EQ(parse_cycles("4 GHz", 1), std::nullopt);
}

TEST(Units, WhatIsWrittenIsReadBack) {
    for (int64_t value : {0ll, 1ll, 64ll, 1023ll, 32768ll, 3ll << 19, 256ll << 20, 5ll << 30}) {
        EXPECT_EQ(parse_bytes(format_bytes(value)), value) << format_bytes(value);
    }
    for (int64_t value : {1ll, 250ll, 3'100'000'000ll, 2'000'000'000ll, 1'234'567'890ll}) {
        EXPECT_EQ(parse_frequency(format_frequency(value)), value) << format_frequency(value);
    }
    for (int64_t value : {0ll, 7ll, 1'500ll, 10'000'000'000ll}) {
        EXPECT_EQ(parse_time(format_time(value)), value) << format_time(value);
    }
    EXPECT_EQ(format_bytes(32768), "32 KiB");
    EXPECT_EQ(format_frequency(3'100'000'000), "3.1 GHz");
    EXPECT_EQ(format_time(1'500'000), "1500 us");
}

}  // namespace
}  // namespace stile::sim
