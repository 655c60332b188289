// SPDX-License-Identifier: Apache-2.0
//
// Question: does the model take as long as the processor it stands for, and does docs/fidelity.md say so?
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "tests/fidelity/host/page.h"

namespace stile::fidelity {
namespace {

constexpr unsigned most_rows_off = 4;
constexpr double most_off = 0.40;

// Word by word. Numbers may differ by a fiftieth (a hundredth of a cycle, a percent): another compiler lays
// the guest out differently.
void expect_same_page(const std::string& written, const std::string& committed) {
    std::istringstream left(written), right(committed);
    std::string a, b;
    while (left >> a) {
        ASSERT_TRUE(right >> b) << "docs/fidelity.md ends before " << a;
        char *end_a, *end_b;
        const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
        if (end_a != a.c_str() && end_b != b.c_str())
            EXPECT_NEAR(x, y, std::max(std::abs(x) / 50, 2.0)) << "scripts/fidelity writes it anew";
        else
            EXPECT_EQ(a, b) << "scripts/fidelity writes it anew";
    }
    EXPECT_FALSE(right >> b) << "docs/fidelity.md goes on with " << b;
}

// All rows are measured once, for both questions.
TEST(Fidelity, RowsAreNearWhatIsPublishedAndThePageSaysSo) {
    const auto rows = measure_all();
    ASSERT_GE(rows.size(), 40u);
    unsigned off = 0;
    for (const Measured& m : rows) {
        SCOPED_TRACE(m.row->row);
        EXPECT_LE(std::abs(m.error()), most_off) << m.value << " instead of " << m.row->value;
        if (std::abs(m.error()) <= tolerance) continue;
        ++off;
        EXPECT_STRNE(m.row->why, "") << "off by " << 100 * m.error() << " %, and nobody says why";
    }
    EXPECT_LE(off, most_rows_off);

    std::ifstream in(STILE_SOURCE_DIR "/docs/fidelity.md");
    const std::string committed{std::istreambuf_iterator<char>(in), {}};
    expect_same_page(write_page(rows), committed);
}

}  // namespace
}  // namespace stile::fidelity
