// SPDX-License-Identifier: Apache-2.0
//
// Do the built-in workloads make the rows that their parameters ask for?
#include "workloads/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace stile::workload {
namespace {

using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

std::string failure(const std::function<void()>& f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "nothing was thrown";
}

Parameters defaults(const Descriptor& d) {
    Parameters p;
    for (const Parameter& one : d.parameters) p[one.name] = one.default_value;
    return p;
}

TEST(SyncCall, rows_are_mechanism_by_policy_by_size) {
    const Descriptor& d = *load_plugin("sync_call", {PLUGINS}).descriptor;
    Parameters p = defaults(d);
    p["mechanisms"] = Strings{"pipe", "dipc"};
    p["sizes"] = std::vector<int64_t>{0, 64};
    const auto rows = d.rows(p, {5, 20, "read"}, ".");
    ASSERT_EQ(rows.size(), 6u);
    EXPECT_EQ(rows[0].mechanism + rows[0].policy + rows[0].scope, "pipe-cross_process");
    EXPECT_EQ(rows[0].processes.at(0).argv,
              (Strings{"/bin/sync_client", "pipe", "0", "read", "-", "0", "0", "5", "20"}));
    EXPECT_EQ(rows[1].size_bytes, 64);
    EXPECT_EQ(rows[5].mechanism + rows[5].policy, "dipchigh");
    ASSERT_EQ(rows[5].processes.size(), 2u);
    EXPECT_EQ(rows[5].processes[0].path, "/bin/sync_client_pie");
    EXPECT_EQ(rows[5].processes[1].argv,
              (Strings{"/bin/sync_server_pie", "dipc", "64", "read", "high", "0", "0"}));
}

TEST(SyncCall, placement_says_on_which_core_the_server_runs) {
    const Descriptor& d = *load_plugin("sync_call", {PLUGINS}).descriptor;
    Parameters p = defaults(d);
    p["mechanisms"] = Strings{"pipe"};
    p["sizes"] = std::vector<int64_t>{0};
    p["placement"] = Strings{"same_core", "other_core"};
    p["client_core"] = int64_t{2};
    p["server_core"] = int64_t{5};
    const auto rows = d.rows(p, {5, 20, "read"}, ".");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].placement, "same_core");
    EXPECT_EQ(rows[0].processes.at(0).argv,
              (Strings{"/bin/sync_client", "pipe", "0", "read", "-", "2", "2", "5", "20"}));
    EXPECT_EQ(rows[1].placement, "other_core");
    EXPECT_EQ(rows[1].processes.at(0).argv,
              (Strings{"/bin/sync_client", "pipe", "0", "read", "-", "2", "5", "5", "20"}));
    p["server_core"] = int64_t{2};
    EXPECT_THAT(failure([&] { d.rows(p, {}, "."); }), HasSubstr("server_core: it is the client's core"));
    p["placement"] = Strings{};
    EXPECT_THAT(failure([&] { d.rows(p, {}, "."); }), HasSubstr("placement: the list is empty"));
}

TEST(SyncCall, its_images_are_elf_files) {
    const Descriptor& d = *load_plugin("sync_call", {PLUGINS}).descriptor;
    ASSERT_EQ(d.images.size(), 4u);
    for (const Image& i : d.images) {
        ASSERT_GT(i.bytes.size(), 1000u) << i.name;
        EXPECT_EQ(std::string(i.bytes.begin(), i.bytes.begin() + 4), "\177ELF") << i.name;
    }
    EXPECT_STREQ(d.images[0].name, "sync_client");
}

TEST(SyncCall, empty_lists_are_refused_by_name) {
    const Descriptor& d = *load_plugin("sync_call", {PLUGINS}).descriptor;
    for (const char* key : {"mechanisms", "policies"}) {
        Parameters p = defaults(d);
        p[key] = Strings{};
        EXPECT_THAT(failure([&] { d.rows(p, {}, "."); }),
                    HasSubstr(std::string(key) + ": the list is empty"));
    }
}

struct ProgramTest : ::testing::Test {
    const Descriptor& d = *load_plugin("program", {PLUGINS}).descriptor;
    Parameters p = defaults(d);
    // Tests run side by side: a folder for each.
    std::string dir = ::testing::TempDir() + "/stile_program_test." + std::to_string(getpid());

    void SetUp() override { std::filesystem::create_directories(dir + "/files/etc"); }
    void TearDown() override { std::filesystem::remove_all(dir); }
    std::string failure_of_rows() {
        return failure([&] { d.rows(p, {}, dir); });
    }
};

TEST_F(ProgramTest, a_static_program_with_everything) {
    std::ofstream(dir + "/files/etc/motd") << "hello";
    std::ofstream(dir + "/input") << "1 2 3";
    p["path"] = std::string(SYNC_CALL "/sync_client");
    p["args"] = Strings{"function", "0"};
    p["env"] = Strings{"A=b"};
    p["stdin"] = std::string("input");
    p["files"] = std::string("files");
    const auto rows = d.rows(p, {}, dir);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_FALSE(rows[0].measured);
    const Process& process = rows[0].processes.at(0);
    EXPECT_EQ(process.argv, (Strings{"/bin/sync_client", "function", "0"}));
    EXPECT_EQ(process.env, (Strings{"A=b"}));
    EXPECT_EQ(process.stdin_data, "1 2 3");
    ASSERT_EQ(rows[0].files.size(), 3u);
    EXPECT_EQ(rows[0].files[0].path, "/etc");
    EXPECT_EQ(rows[0].files[1].path, "/etc/motd");
    EXPECT_EQ(rows[0].files[1].contents, "hello");
    EXPECT_EQ(rows[0].files[2].path, "/bin/sync_client");
    EXPECT_EQ(rows[0].files[2].mode, 0755u);
}

TEST_F(ProgramTest, what_cannot_run_is_refused_with_its_path_and_a_remedy) {
    p["path"] = std::string("absent");
    EXPECT_THAT(failure_of_rows(), HasSubstr("path: " + dir + "/absent: no such file"));
    p["path"] = std::string("/proc/self/exe");
    EXPECT_THAT(failure_of_rows(), HasSubstr("path: /proc/self/exe: it is dynamically linked"));
    std::ofstream(dir + "/text") << "#!/bin/sh\n";
    p["path"] = std::string("text");
    EXPECT_THAT(failure_of_rows(), HasSubstr("path: " + dir + "/text: it is a script for '/bin/sh'"));
    p["path"] = dir;
    EXPECT_THAT(failure_of_rows(), HasSubstr("is a folder"));
    p["path"] = std::string(SYNC_CALL "/sync_client");
    p["env"] = Strings{"NOVALUE"};
    EXPECT_THAT(failure_of_rows(), HasSubstr("env: 'NOVALUE' sets nothing; NAME=VALUE is right"));
    p["env"] = Strings{};
    p["files"] = std::string("nowhere");
    EXPECT_THAT(failure_of_rows(), HasSubstr("files: " + dir + "/nowhere: no such folder"));
}

}  // namespace
}  // namespace stile::workload
