// SPDX-License-Identifier: Apache-2.0
//
// Question: does each isolation property cost something of its own in the code that the kernel generates, and
// are lists of them read as they are meant?
#include "workloads/policies.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using workload::policy_argument;
using workload::policy_bits;

TEST(Policies, ListsAreReadAsTheyAreMeant) {
    EXPECT_EQ(policy_bits("low"), 0u);
    EXPECT_EQ(policy_bits("high"), unsigned{STILE_POLICY_HIGH});
    EXPECT_EQ(policy_bits("dcs_conf@caller"), unsigned{STILE_POLICY_DCS_CONF_CALLER});
    EXPECT_EQ(policy_bits("stack_conf@both+reg_integrity@callee"),
              unsigned{STILE_POLICY_STACK_CONF_CALLER | STILE_POLICY_STACK_CONF_CALLEE |
                       STILE_POLICY_REG_INTEGRITY_CALLEE});
    std::string all;
    for (const auto& property : workload::policy_properties)
        all += (all.empty() ? "" : "+") + std::string(property.name) + "@both";
    EXPECT_EQ(policy_argument("policies", all), "high");
    for (const char* wrong : {"", "+", "hihg", "stack_conf", "stack_conf@", "stack_conf@all", "@both",
                              "stack_conf@both+", "+stack_conf@both", "stack_conf@both+low", "low+high",
                              "stack_conf@both@both", "stack_conf@both reg_conf@both"})
        EXPECT_EQ(policy_bits(wrong), std::nullopt) << wrong;
}

TEST_F(Stile, EachPropertyHasACostOfItsOwn) {
    const Output output =
        run("--set workload.mechanisms=[codoms,dipc] --set 'workload.sizes=[0 B]' --set "
            "workload.policies=[low,stack_conf@callee,dcs_integrity@both,dcs_conf@caller,reg_conf@caller,"
            "stack_conf@both+dcs_conf@both,high]",
            "r");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv csv = results("r"), refused = parse_csv(contents("r/refused.csv"));
    const auto instructions = [&](const char* policy) {
        return number(csv, find(csv, "dipc", policy, "0"), "instructions");
    };
    const double low = instructions("low"), high = instructions("high");
    double before = low;
    // Base and limit of a stack, raised or exchanged; then every register there is.
    for (const char* policy : {"stack_conf@callee", "dcs_conf@caller", "reg_conf@caller"}) {
        EXPECT_GT(instructions(policy), before) << policy;
        before = instructions(policy);
        EXPECT_GT(high, before) << policy;
    }
    EXPECT_GT(instructions("dcs_integrity@both"), low);
    EXPECT_GT(instructions("stack_conf@both+dcs_conf@both"), instructions("dcs_conf@caller"));
    // The gate between domains of a process is written by hand: all or nothing.
    EXPECT_EQ(refused.rows.size(), 5u);
    for (size_t i = 0; i < refused.rows.size(); ++i) {
        EXPECT_EQ(refused.at(i, "mechanism"), "codoms");
        EXPECT_EQ(refused.at(i, "errno"), "22");
    }
}

TEST_F(Stile, APolicyThatIsNoneIsTold) {
    const Output output = run("--set workload.policies=[low,stack_conf]", "r");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err,
                testing::HasSubstr("'stack_conf' is no policy; low, high, or properties joined by +"));
}

}  // namespace
}  // namespace stile::sim
