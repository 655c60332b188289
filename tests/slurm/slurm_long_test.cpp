// SPDX-License-Identifier: Apache-2.0
//
// Question: what becomes of a sweep's points on a real Slurm when somebody breaks it off, or one of its
// tasks?
#include "tests/slurm/slurm_sweep.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

TEST_F(SlurmSweep, InterruptedItCancelsAndGoesOnLater) {
    const pid_t pid = begin("sweep slow.yaml --out s --launcher slurm");
    ASSERT_TRUE(within(60, [&] { return running(); }));
    kill(pid, SIGINT);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130) << status;
    EXPECT_EQ(tasks(), 0u);
    EXPECT_THAT(contents("begun.err"), HasSubstr("--resume goes on from here"));
    const Output rest = stile("sweep slow.yaml --out s --launcher slurm --resume");
    EXPECT_EQ(rest.code, 0) << rest.err;
    ASSERT_EQ(stile("sweep slow.yaml --out here").code, 0);
    EXPECT_EQ(contents("s/results.csv"), contents("here/results.csv"));
}

// Somebody cancels a task: it is tried again.
TEST_F(SlurmSweep, ATaskThatIsCancelledIsTriedAgain) {
    const pid_t pid = begin("sweep slow.yaml --out s --launcher slurm");
    ASSERT_TRUE(within(60, [&] { return running(); }));
    shell("scancel --signal=KILL --full $(squeue --noheader --states=RUNNING --format=%A | head -1)");
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << contents("begun.err");
    EXPECT_EQ(parse_csv(contents("s/results.csv")).rows.size(), 6u);
}

}  // namespace
}  // namespace stile::sim
