// SPDX-License-Identifier: Apache-2.0
#include "model/area/array.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/area/circuit.h"

namespace stile::model::area {
namespace {

struct Known {
    const char* name;
    ArraySpec spec;
    double um2, ns, pj, mw;  // to three digits
};

// CACTI 7 without error correction and with ports narrower than a line, which the files of points do not
// have.
TEST(Array, WithoutErrorCorrectionAndWithNarrowPorts) {
    const auto associative = ArrayKind::associative;
    const Known known[]{
        {"associative, 8 x 64, 1R1W1S",
         {associative, 8 * 64, 64, 1, 32, 0, {0, 1, 1, 1}, 32, false},
         5322,
         .222,
         1.69,
         .51},
        {"associative, 32 x 64, 1R1W1S",
         {associative, 32 * 64, 64, 1, 32, 0, {0, 1, 1, 1}, 32, false},
         7033,
         .235,
         2.51,
         .85},
        {"associative, 32 x 64, 1RW1S",
         {associative, 32 * 64, 64, 1, 32, 0, {1, 0, 0, 1}, 32, false},
         3804,
         .222,
         2.21,
         .73},
        {"associative, 32 x 64, 2R1W2S",
         {associative, 32 * 64, 64, 1, 32, 0, {0, 2, 1, 2}, 32, false},
         15534,
         .262,
         3.11,
         1.46},
        {"ram, 32 x 64, 1R1W",
         {ArrayKind::ram, 32 * 64, 64, 1, {}, 0, {0, 1, 1, 0}, 32, false},
         1539,
         .127,
         .66,
         .22},
        {"32 KiB, 8 ways, 64-bit port",
         {ArrayKind::cache, 32 << 13, 512, 8, {}, 64, {}, 32, false},
         62052,
         .317,
         10.8,
         22.0},
        {"32 KiB, 8 ways, 64-bit port, 22 nm",
         {ArrayKind::cache, 32 << 13, 512, 8, {}, 64, {}, 22, false},
         34147,
         .242,
         4.50,
         10.6},
    };
    for (const Known& k : known) {
        const auto f = estimate(k.spec);
        ASSERT_TRUE(f) << k.name;
        const double energy = 1e3 * (k.spec.kind == associative ? f->search_nj : f->read_nj);
        EXPECT_NEAR(f->area_mm2 * 1e6, k.um2, .01 * k.um2) << k.name;
        EXPECT_NEAR(f->access_ns, k.ns, .01 * k.ns) << k.name;
        EXPECT_NEAR(energy, k.pj, .02 * k.pj) << k.name;
        EXPECT_NEAR(f->leakage_mw, k.mw, .02 * k.mw) << k.name;
    }
}

TEST(Array, RefusesWhatCannotBeCut) {
    // 16 rows are two subarrays of 8: fewer than a decoder's least.
    EXPECT_FALSE(estimate({ArrayKind::ram, 16 * 64, 64, 1, {}, 0, {}, 32, true}));
    EXPECT_TRUE(estimate({ArrayKind::ram, 32 * 64, 64, 1, {}, 0, {}, 32, true}));
}

TEST(Array, PortsCostAreaQuadratically) {
    double area[3];
    for (unsigned reads : {1, 2, 3})
        area[reads - 1] =
            estimate({ArrayKind::ram, 1024 * 64, 64, 1, {}, 0, {0, reads, 1, 0}, 32, true})->area_mm2;
    EXPECT_GT(area[1] / area[0], 1.2);
    EXPECT_GT(area[2] - area[1], area[1] - area[0]);
}

TEST(Array, MegabytesExtrapolate) {
    const auto at = [](uint64_t mib) {
        return *estimate({ArrayKind::cache, mib << 23, 512, 16, {}, 256, {}, 22, true});
    };
    const ArrayFigures eight = at(8), thirty_two = at(32);
    EXPECT_NEAR(thirty_two.area_mm2 / eight.area_mm2, 4, .5);
    EXPECT_NEAR(thirty_two.leakage_mw / eight.leakage_mw, 4, .5);
    EXPECT_GT(thirty_two.access_ns, 1.5 * eight.access_ns);
}

TEST(Circuit, HorowitzOfAStepIsAnRcDelay) {
    EXPECT_DOUBLE_EQ(horowitz(0, 2e-12, .5, .5, true), 2e-12 * std::log(2.));
    EXPECT_GT(horowitz(1e-11, 2e-12, .5, .5, true), horowitz(0, 2e-12, .5, .5, true));
}

TEST(Circuit, ChainsGrowWithTheirLoad) {
    const Technology& t = technology(32);
    double small = 0, large = 0;
    GateChain(t, 2, 1e-15, 0, t.cell_height).drive(0, small);
    GateChain(t, 2, 1e-13, 0, t.cell_height).drive(0, large);
    EXPECT_GT(large, small);
    EXPECT_LT(large, 10 * small);  // a hundred times the load
}

}  // namespace
}  // namespace stile::model::area
