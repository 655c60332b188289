// SPDX-License-Identifier: Apache-2.0
//
// Question: does the domain check, and nothing else, keep a client out of a server in the same page table,
// and is the user told who may not do what?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

struct Attack {
    const char* name;
    const char* refusal;  // what the run says when the hardware stops it
    const char* success;  // what the client prints when it gets in
};

class BreakIn : public Stile, public testing::WithParamInterface<Attack> {
  protected:
    Output attack(const std::string& protection, const std::string& more = "") {
        return stile("run " STILE_SOURCE_DIR "/configs/runs/break-in.yaml --out " + protection +
                     " --set protection=" + protection + " --set workload.attack=" + GetParam().name + more);
    }
};

TEST_P(BreakIn, IsStoppedByNameWhereDomainsAreChecked) {
    const Output output = attack("codoms");
    EXPECT_EQ(output.code, 0) << output.err;  // the configuration expects death by SIGSEGV
    EXPECT_THAT(output.err, testing::ContainsRegex(GetParam().refusal));
    EXPECT_THAT(contents("codoms/console.txt"), testing::Not(testing::HasSubstr("got in")));
}

TEST_P(BreakIn, FailsTheRunOfWhoeverDoesNotExpectIt) {
    const Output output = attack("codoms", " --set workload.expect_exit=0");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, testing::ContainsRegex(GetParam().refusal));
}

TEST_P(BreakIn, SucceedsWithTheCheckOff) {
    const Output output = attack("none");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, testing::HasSubstr("exit status 7; workload.expect_exit is 139"));
    EXPECT_THAT(contents("none/console.txt"), testing::HasSubstr(GetParam().success));
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, BreakIn,
    testing::Values(
        Attack{"read",
               "domain [0-9]+ \\(break_in_client\\) may not READ address 0x[0-9a-f]+ in domain [0-9]+ "
               "\\(break_in_server\\): holds nil, needs read",
               "client: got in: read 0x5ec4e7"},
        Attack{"write",
               "domain [0-9]+ \\(break_in_client\\) may not WRITE address 0x[0-9a-f]+ in domain [0-9]+ "
               "\\(break_in_server\\): holds nil, needs write",
               "client: got in: wrote"},
        Attack{"jump",
               "domain [0-9]+ \\(break_in_client\\) may not CALL address 0x[0-9a-f]+ in domain [0-9]+ "
               "\\(break_in_server\\): holds nil, needs call",
               "client: got in: the private function gave 0x5ec4e7"}),
    [](const auto& info) { return info.param.name; });

// The kernel may not be made to read what its caller may not.
class Deputy : public Stile {};

TEST_F(Deputy, IsRefusedTheSecretItIsAskedToRead) {
    const std::string run =
        "run " STILE_SOURCE_DIR
        "/configs/runs/break-in.yaml --set workload.attack=deputy --set workload.expect_exit=0";
    EXPECT_EQ(stile(run + " --out codoms").code, 0);
    EXPECT_THAT(contents("codoms/console.txt"), testing::HasSubstr("the kernel refused: Bad address"));
    EXPECT_EQ(stile(run + " --out none --set protection=none").code, 1);
    EXPECT_THAT(contents("none/console.txt"),
                testing::HasSubstr("the kernel read the secret for it: 0x5ec4e7"));
}

}  // namespace
}  // namespace stile::sim
