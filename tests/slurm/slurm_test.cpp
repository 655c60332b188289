// SPDX-License-Identifier: Apache-2.0
//
// Question: does a sweep come out the same, byte for byte, when a real Slurm runs its points, also when its
// coordinator is interrupted or killed on the way?
#include "tests/slurm/slurm_sweep.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

TEST_F(SlurmSweep, IsTheSameAsHere) {
    const Output here = stile("sweep quick.yaml --out here");
    ASSERT_EQ(here.code, 0) << here.err;
    const Output there = stile("sweep quick.yaml --out there --launcher slurm --jobs 2");
    EXPECT_EQ(there.code, 0) << there.err;
    EXPECT_EQ(contents("there/results.csv"), contents("here/results.csv"));
    EXPECT_EQ(parse_csv(contents("there/results.csv")).rows.size(), 6u);
    EXPECT_EQ(there.out, here.out);
    EXPECT_THAT(left_in("there/work"), testing::IsEmpty());
    // A task's result is there before Slurm has put the task away.
    EXPECT_TRUE(within(20, [&] { return tasks() == 0; }));
}

TEST_F(SlurmSweep, KilledItsJobsAreCancelled) {
    const pid_t pid = begin("sweep slow.yaml --out s --launcher slurm");
    ASSERT_TRUE(within(60, [&] { return running(); }));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    EXPECT_TRUE(within(40, [&] { return tasks() == 0; }));
}

// Its guardian is killed with it, as when their computer fails: the jobs go on, and --resume finds them. One
// is halted in its work meanwhile, and with it what waits behind it: however slow this host is, something is
// left to be taken over.
TEST_F(SlurmSweep, JobsThatOutliveItAreTakenOver) {
    write("some.yaml", sweep_text(60));
    const pid_t pid = begin("sweep some.yaml --out s --launcher slurm --jobs 1");
    ASSERT_TRUE(within(60, [&] { return halted("s/work"); })) << contents("begun.err");
    const std::vector<pid_t> guardians = guardians_of(pid);
    ASSERT_EQ(guardians.size(), 1u);
    kill(guardians[0], SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    ASSERT_GT(tasks(), 0u);
    const pid_t next = begin("sweep some.yaml --out s --launcher slurm --resume");
    EXPECT_TRUE(within(60, [] {
        return contents("begun.err").find("still with Slurm, from an earlier session") != std::string::npos;
    })) << contents("begun.err");
    for (const pid_t worker : workers("s/work")) kill(worker, SIGCONT);
    int status = 0;
    ASSERT_EQ(waitpid(next, &status, 0), next);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << contents("begun.err");
    EXPECT_EQ(parse_csv(contents("s/results.csv")).rows.size(), 6u);
    EXPECT_TRUE(within(20, [&] { return tasks() == 0; }));
    EXPECT_THAT(left_in("s/work"), testing::IsEmpty());
}

TEST_F(SlurmSweep, AJobThatSlurmRefusesIsAMessage) {
    const Output refused =
        shell("SBATCH_PARTITION=nowhere " STILE_PROGRAM " sweep quick.yaml --out s --launcher slurm");
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err,
                HasSubstr("--launcher slurm: error: sbatch does not take the job: Batch job submission"));
    EXPECT_THAT(refused.err, HasSubstr("Invalid partition name"));
    EXPECT_THAT(refused.err, HasSubstr("SBATCH_PARTITION"));
}

}  // namespace
}  // namespace stile::sim
