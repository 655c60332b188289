// SPDX-License-Identifier: Apache-2.0
//
// Question: do static programs of the host's own compiler and C library run, with all that comes along: C++
// runtime, threads, OpenMP, a data base? The same file runs on the host; what it prints must be the same.
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

struct Built {
    const char* name;
    const char* compiler;
    const char* libraries;

    friend void PrintTo(const Built& b, std::ostream* out) { *out << b.name; }
};

class GlibcProgram : public Stile, public testing::WithParamInterface<Built> {};

TEST_P(GlibcProgram, PrintsTheSameAsOnTheHost) {
    const Built& b = GetParam();
    const Output made =
        shell(std::string(b.compiler) + " -O2 -static -w -o p " STILE_SOURCE_DIR "/tests/e2e/programs/" +
              b.name + " " + b.libraries);
    ASSERT_EQ(made.code, 0) << made.err;
    const Output native = shell("./p </dev/null 2>&1");
    ASSERT_EQ(native.code, 0) << native.out;
    write("run.yaml",
          "workload: {name: program, path: p}\nmachine: {core: {model: functional}}\n"
          "measure: {max_time: 60 s}\n");
    const Output output = stile("run run.yaml --out r");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(contents("r/console.txt"), native.out);
    EXPECT_EQ(contents("r/stats.txt").find("kernel.enosys."), std::string::npos) << output.err;
}

INSTANTIATE_TEST_SUITE_P(Programs, GlibcProgram,
                         testing::Values(Built{"cplusplus.cpp", STILE_HOST_CXX " -std=c++20", ""},
                                         Built{"openmp.c", STILE_HOST_CC " -fopenmp", ""},
                                         Built{"database.c", STILE_HOST_CC, "-lsqlite3 -lm"}),
                         [](const auto& info) {
                             const std::string name = info.param.name;
                             return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace stile::sim
