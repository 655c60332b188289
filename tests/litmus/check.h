// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>

#include "tests/litmus/program.h"

namespace stile::test {

inline void expect_within(const Litmus& test, const Counts& seen, const Outcomes& may_be) {
    std::string all;
    for (const Outcome& o : may_be) all += ' ' + o;
    for (const auto& [o, n] : seen)
        EXPECT_TRUE(may_be.contains(o))
            << test.name << ": " << o << " seen " << n << " times; allowed:" << all;
}

// Something that needs a store buffer.
inline bool relaxed_seen(const Litmus& test, const Counts& seen) {
    const Outcomes sequential = allowed(test, Order::sequential);
    return std::ranges::any_of(seen, [&](const auto& s) { return !sequential.contains(s.first); });
}

inline void PrintTo(const Litmus& test, std::ostream* out) { *out << test.name; }

inline std::string name_of_litmus(const testing::TestParamInfo<Litmus>& info) {
    std::string name;
    for (const char c : info.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
}

}  // namespace stile::test
