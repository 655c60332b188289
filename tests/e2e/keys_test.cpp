// SPDX-License-Identifier: Apache-2.0
//
// Questions: what does a call through a gate over protection keys cost, who is offered it, and do keys hold
// on the core models that have time?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Keys : public Stile, public testing::WithParamInterface<const char*> {
  protected:
    Output calls(const std::string& more, const std::string& out) {
        return stile("run " STILE_SOURCE_DIR
                     "/configs/runs/compare.yaml --set protection=mpk --set "
                     "workload.mechanisms=[function,mpk] --set measure.repetitions=50 " +
                     more + " --out " + out);
    }
};
using KeysOnTimedCores = Keys;

TEST_P(KeysOnTimedCores, AGateCostsItsTwoWritesOfTheRegister) {
    const std::string core = std::string("--core ") + GetParam();
    ASSERT_EQ(calls(core + " --set workload.sizes=[0,4096]", "r").code, 0);
    const Csv csv = results("r");
    const auto cycles = [&](const char* mechanism, const char* policy, const char* size) {
        const size_t row = find(csv, mechanism, policy, size);
        EXPECT_EQ(csv.at(row, "checked"), "1");
        EXPECT_EQ(number(csv, row, "syscalls"), 0);
        if (*size != '0') {
            EXPECT_EQ(number(csv, row, "copies"), 0);
        }
        return number(csv, row, "cycles_mean");
    };
    for (const char* size : {"0", "4096"}) {
        const double function = cycles("function", "-", size), low = cycles("mpk", "low", size),
                     high = cycles("mpk", "high", size);
        EXPECT_GT(low - function, 2 * 23) << size;
        EXPECT_LT(low - function, 100) << size;
        EXPECT_GT(high, low + 20) << size;
        EXPECT_LT(high, low + 200) << size;
    }
    // Each cycle that the instruction takes longer is paid twice.
    ASSERT_EQ(
        calls(core + " --set workload.sizes=[0] --set machine.core.latencies.sys_pkru_write=123", "slow")
            .code,
        0);
    const Csv slow = results("slow");
    EXPECT_NEAR(number(slow, 1, "cycles_mean") - cycles("mpk", "low", "0"), 200, 2);
    EXPECT_NEAR(number(slow, 0, "cycles_mean"), cycles("function", "-", "0"), 0.01);
}

// The program of tests/kernel/programs, which checks itself.
TEST_P(KeysOnTimedCores, HoldAsOnTheFunctionalOne) {
    for (const char* cores : {"1", "2"}) {
        write("keys.yaml",
              "workload:\n  name: program\n  path: " STILE_GUEST_KEYS "\n  env: [KEYS=1]\nprotection: mpk\n");
        const Output output = stile(std::string("run keys.yaml --core ") + GetParam() +
                                    " --set machine.cores=" + cores + " --out k" + cores);
        EXPECT_EQ(output.code, 0) << output.err << contents(std::string("k") + cores + "/console.txt");
        EXPECT_THAT(contents(std::string("k") + cores + "/console.txt"), HasSubstr(" hold, 0 do not"));
    }
}
INSTANTIATE_TEST_SUITE_P(Models, KeysOnTimedCores, testing::Values("inorder", "ooo"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(Keys, AreRefusedWhereThereAreNone) {
    for (const char* protection : {"none", "paging", "codoms"}) {
        ASSERT_EQ(
            calls(std::string("--core functional --set workload.sizes=[0] --set protection=") + protection,
                  protection)
                .code,
            0);
        EXPECT_EQ(results(protection).rows.size(), 1u) << "the function";
        const Csv refused = parse_csv(contents(std::string(protection) + "/refused.csv"));
        ASSERT_EQ(refused.rows.size(), 2u);
        for (size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(refused.at(i, "mechanism"), "mpk");
            EXPECT_EQ(refused.at(i, "errno_name"), "ENOSYS");
        }
    }
}

TEST_F(Keys, SayWhichRuleIsOff) {
    const Output output =
        calls("--core functional --set workload.sizes=[0] --set machine.mpk.checks.write=false", "off");
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.err, HasSubstr("machine.mpk.checks.write"));
    EXPECT_THAT(contents("off/config.yaml"), testing::ContainsRegex("write: false"));
    EXPECT_THAT(calls("--core functional --set workload.sizes=[0]", "on").err,
                testing::Not(HasSubstr("machine.mpk.checks")));
}

}  // namespace
}  // namespace stile::sim
