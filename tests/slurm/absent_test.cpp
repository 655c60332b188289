// SPDX-License-Identifier: Apache-2.0
//
// Question: is what Slurm says understood, and what it does not say, told? Without a Slurm: commands of ours
// stand in its commands' place.
#include <algorithm>

#include "sim/sweep/slurm.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Slurm, QueuesAreRead) {
    const auto tasks = parse_squeue(
        "12 1 RUNNING stile-ab-1 None\n12 3 PENDING stile-ab-1 Nodes required for job are DOWN\n99 N/A "
        "RUNNING other "
        "None\n\nslurm_load_jobs error\n");
    ASSERT_EQ(tasks.size(), 2u);
    EXPECT_EQ(tasks[0].id, "12");
    EXPECT_EQ(tasks[1].index, 3u);
    EXPECT_EQ(tasks[1].state, "PENDING");
    EXPECT_EQ(tasks[1].reason, "Nodes required for job are DOWN");
}

TEST(Slurm, EndsAreRead) {
    const SlurmEnd end = parse_scontrol_job(
        "JobId=13 ArrayJobId=12 ArrayTaskId=1 JobName=x JobState=NODE_FAIL Reason=NodeDown ExitCode=2:9 "
        "DerivedExitCode=0:0");
    EXPECT_EQ(end.state, "NODE_FAIL");
    EXPECT_EQ(end.status, 2);
    EXPECT_EQ(end.signal, 9);
    EXPECT_EQ(parse_scontrol_job("slurm_load_jobs error: Invalid job id specified").state, "");
}

TEST(Slurm, ArrayLimitsAreRead) {
    EXPECT_EQ(parse_array_limit("MaxArraySize            = 1001\nMaxJobCount = 10000\n"), 1000u);
    EXPECT_EQ(parse_array_limit("nothing of it"), 1000u);
    EXPECT_EQ(parse_array_limit("MaxArraySize = 0\n"), 1000u);
}

TEST(Slurm, ScriptsKeepTheirPoints) {
    const std::string script = slurm_script({"/a b/it's", "sweep", "--worker", "$point"}, {3, 7, 2000});
    EXPECT_THAT(parse_slurm_script(script), ElementsAre(3u, 7u, 2000u));
    EXPECT_THAT(script, HasSubstr("exec '/a b/it'\\''s' 'sweep' '--worker' \"$point\"\n"));
    EXPECT_TRUE(parse_slurm_script("#!/bin/sh\n").empty());
}

class SlurmStandIn : public Stile {
  protected:
    SlurmStandIn() {
        write("s.yaml", "extends: " STILE_SOURCE_DIR
                        "/configs/runs/domains.yaml\nmachine: {core: {model: inorder}}\nmeasure: {warmup: 1, "
                        "repetitions: 2}\nsweep:\n  retries: 0\n  axes:\n    workload.live: [1, 2]\n");
        std::filesystem::create_directory("bin");
        command("scontrol",
                "[ \"$2\" = config ] && echo 'MaxArraySize = 1001' || echo \"JobState=$(cat state) "
                "ExitCode=0:0\"");
        command("scancel", "exit 0");
        command("squeue", "exit 0");
    }
    void command(const std::string& name, const std::string& text) {
        write("bin/" + name, "#!/bin/sh\n" + text + "\n");
        std::filesystem::permissions("bin/" + name, std::filesystem::perms::owner_all);
    }
    Output sweep() {
        return shell("PATH=" + folder_ +
                     "/bin:$PATH timeout 200 " STILE_PROGRAM " sweep s.yaml --out out --launcher slurm");
    }
};

TEST_F(SlurmStandIn, MissingCommandsAreNamed) {
    const Output none =
        shell("PATH=" + folder_ + "/bin " STILE_PROGRAM " sweep s.yaml --out out --launcher slurm");
    EXPECT_EQ(none.code, 2);
    EXPECT_EQ(
        none.err,
        "--launcher slurm: error: sbatch is not there; Slurm's commands are expected in $PATH; --launcher "
        "local needs none\n");
    EXPECT_FALSE(std::filesystem::exists("out"));
}

TEST_F(SlurmStandIn, AControllerThatIsDownIsTold) {
    command("sbatch", "exit 0");
    command("scontrol", "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1");
    const Output down = sweep();
    EXPECT_EQ(down.code, 2);
    EXPECT_THAT(down.err, HasSubstr("Slurm gives no answer: Unable to contact slurm controller"));
}

TEST_F(SlurmStandIn, ANodeThatFailsIsTheHostsFault) {
    command("sbatch", "echo x >> submitted; wc -l < submitted");
    write("state", "NODE_FAIL\n");
    const Output failed = sweep();
    EXPECT_EQ(failed.code, 1) << failed.err;
    EXPECT_THAT(failed.err,
                HasSubstr("point 1 (workload.live: 1): crashed: its task 1_1 ended as NODE_FAIL"));
    const std::string submitted = contents("submitted");
    EXPECT_EQ(std::count(submitted.begin(), submitted.end(), '\n'), 1);
    EXPECT_EQ(contents("out/failed/000001/reason.txt"), "its task 1_1 ended as NODE_FAIL with status 0\n");
}

TEST_F(SlurmStandIn, TasksAreRunAsTheScriptSays) {
    // An array one after the other, as a queue without end would.
    command(
        "sbatch",
        "for word; do case $word in --array=1-*) last=${word#--array=1-};; *.sh) script=$word;; esac; done\n"
        "for i in $(seq $last); do SLURM_ARRAY_TASK_ID=$i sh $script >/dev/null 2>&1; done; echo 7");
    const Output good = sweep();
    EXPECT_EQ(good.code, 0) << good.err;
    ASSERT_EQ(stile("sweep s.yaml --out here").code, 0);
    EXPECT_EQ(contents("out/results.csv"), contents("here/results.csv"));
}

}  // namespace
}  // namespace stile::sim
