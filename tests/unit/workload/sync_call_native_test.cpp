// SPDX-License-Identifier: Apache-2.0
//
// The guest programs of sync_call are ordinary Linux programs: markers are long NOPs. What does not need
// Stile runs on the host itself, which checks the channels against a kernel that is not ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

struct Outcome {
    int status;
    std::string output;
};

Outcome run(const std::string& arguments, const char* program = "sync_client") {
    const std::string command =
        std::string("timeout 60 " SYNC_CALL "/") + program + " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    Outcome r{0, ""};
    std::array<char, 256> part;
    while (fgets(part.data(), part.size(), pipe)) r.output += part.data();
    const int status = pclose(pipe);
    r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return r;
}

TEST(SyncCallNative, function_and_pipe_deliver_every_byte) {
    for (const std::string mechanism : {"function", "pipe"})
        for (const std::string size : {"0", "1", "13", "64", "4096", "65536"})
            for (const std::string touch : {"none", "read", "write"}) {
                const Outcome r = run(mechanism + " " + size + " " + touch + " - - - 2 10");
                EXPECT_EQ(r.status, 0);
                EXPECT_EQ(r.output,
                          "sync_call mechanism=" + mechanism + " size=" + size + " calls=10 checked=ok\n");
            }
}

TEST(SyncCallNative, the_empty_system_call_has_nothing_to_check) {
    EXPECT_EQ(run("syscall 0 read - - - 2 10").output,
              "sync_call mechanism=syscall size=0 calls=10 checked=-\n");
}

TEST(SyncCallNative, a_payload_with_the_empty_system_call_is_refused) {
    const Outcome r = run("syscall 64 read - - - 2 10");
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.output, "sync_call mechanism=syscall size=64 refused=Invalid argument\n");
}

TEST(SyncCallNative, a_server_that_cannot_start_is_a_failure_and_no_hang) {
    const Outcome r = run("pipe 64 read - - - 2 10 /nonexistent");
    EXPECT_EQ(r.status, 1);
    EXPECT_NE(r.output.find("/nonexistent: No such file or directory"), std::string::npos) << r.output;
}

int first_core() {
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(i, &allowed)) return i;
    return -1;
}

TEST(SyncCallNative, client_and_server_run_where_they_are_told_to) {
    const std::string core = std::to_string(first_core());
    EXPECT_EQ(run("pipe 64 read - " + core + " " + core + " 2 10").output,
              "sync_call mechanism=pipe size=64 calls=10 checked=ok\n");
}

TEST(SyncCallNative, a_core_that_is_not_there_is_refused) {
    const std::string core = std::to_string(first_core());
    const Outcome r = run("pipe 64 read - " + core + " 1000 2 10");
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(
        r.output,
        "sync_call mechanism=pipe size=64 refused=Invalid argument: this machine has no such core for the "
        "server (machine.cores)\n");
}

TEST(SyncCallNative, a_caller_that_runs_the_callee_cannot_be_on_another_core) {
    for (const std::string mechanism : {"function", "syscall", "dipc"})
        EXPECT_THAT(
            run(mechanism + " 0 read - 0 1 2 10", mechanism == "dipc" ? "sync_client_pie" : "sync_client")
                .output,
            testing::HasSubstr("the caller's own thread"))
            << mechanism;
}

TEST(SyncCallNative, position_independent_programs_run_too) {
    EXPECT_EQ(run("pipe 4096 read - - - 2 10 " SYNC_CALL "/sync_server_pie", "sync_client_pie").output,
              "sync_call mechanism=pipe size=4096 calls=10 checked=ok\n");
}

TEST(SyncCallNative, wrong_arguments_are_refused) {
    EXPECT_EQ(run("").status, 2);
    EXPECT_EQ(run("pipe x read - - - 2 10").status, 2);
    EXPECT_EQ(run("pipe 0 lick - - - 2 10").status, 2);
    EXPECT_EQ(run("carrier_pigeon 0 read - - - 2 10").status, 2);
    EXPECT_EQ(run("pipe 0 read - x - 2 10").status, 2);
    EXPECT_EQ(run("pipe 0 read - 0 -1 2 10").status, 2);
}

}  // namespace
