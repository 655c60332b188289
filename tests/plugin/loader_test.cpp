// SPDX-License-Identifier: Apache-2.0
//
// Does the loader find what is there, and say exactly why it does not load what is not right, without running
// any of it before it knows?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/plugin/support.h"
#include "workloads/plugin.h"
#include "workloads/plugin_guard.h"

namespace stile::workload {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string why_not(const std::string& name) {
    return failure([&] { load_plugin(name, {BAD_PLUGINS}); });
}
const std::string mine = std::to_string(abi_version);

TEST(PluginLoader, a_name_nobody_has_lists_the_names_and_the_files_tried) {
    const std::string message = failure([] { load_plugin("sink_call", {"/nowhere", PLUGINS}); });
    EXPECT_THAT(message,
                MatchesRegex("no workload 'sink_call'; there are: .*program.*, sync_call.*; tried:(.|\n)*"));
    EXPECT_THAT(message, HasSubstr("\n  /nowhere/libstile_workload_sink_call.so: no such file"));
    EXPECT_THAT(message, HasSubstr("\n  " PLUGINS "/libstile_workload_sink_call.so: no such file"));
}

TEST(PluginLoader, a_folder_without_workloads_says_so) {
    EXPECT_THAT(failure([] { load_plugin("x", {"/nowhere"}); }), HasSubstr("no workload at all was found"));
}

TEST(PluginLoader, a_library_without_an_entry_is_refused) {
    EXPECT_THAT(why_not("no_entry"),
                StartsWith("workload 'no_entry' cannot be loaded; tried:\n  " BAD_PLUGINS
                           "/libstile_workload_no_entry.so: it has no function stile_workload()"));
}

// Each of these has a constructor that ends the process.
TEST(PluginLoader, what_was_built_for_another_program_is_refused_before_any_of_it_runs) {
    EXPECT_THAT(why_not("old_abi"),
                HasSubstr("it was built for workload ABI " + std::to_string(abi_version + 41) +
                          ", this program has " + mine + ": build it again with"));
    EXPECT_THAT(why_not("other_sizes"),
                AllOf(HasSubstr("its Row has " + std::to_string(sizeof(Row) + 8) + " bytes, this program's " +
                                std::to_string(sizeof(Row))),
                      HasSubstr("both are of workload ABI " + mine), HasSubstr("build it again")));
    EXPECT_THAT(why_not("other_strings"),
                HasSubstr("it was built with libc++, this program with libstdc++: their strings"));
    EXPECT_THAT(why_not("old_strings"),
                HasSubstr("it was built with libstdc++ with _GLIBCXX_USE_CXX11_ABI=0, this"));
    EXPECT_THAT(why_not("debug_library"), HasSubstr("it was built with libstdc++ with _GLIBCXX_DEBUG, this"));
    EXPECT_THAT(why_not("sanitized"), HasSubstr("it was built with ThreadSanitizer, this program was not"));
}

TEST(PluginLoader, a_library_of_the_time_before_tags_is_refused) {
    EXPECT_THAT(why_not("no_tag"),
                AllOf(HasSubstr("ABI 3 or older"), HasSubstr("this program has ABI " + mine)));
}

TEST(PluginLoader, a_descriptor_that_says_another_abi_than_its_library_is_refused) {
    EXPECT_THAT(why_not("newer"), HasSubstr("its descriptor says workload ABI"));
}

TEST(PluginLoader, what_is_missing_at_load_is_named) {
    EXPECT_THAT(why_not("undefined"),
                HasSubstr("nothing defines 'somewhere_else(int)', which it uses: link"));
    EXPECT_THAT(why_not("depends"), AllOf(HasSubstr("libstile_helper.so: cannot open shared object file"),
                                          HasSubstr("'ldd' shows")));
}

TEST(PluginLoader, an_entry_that_throws_or_returns_nothing_is_refused) {
    EXPECT_THAT(why_not("throws"), HasSubstr("its stile_workload() threw an exception: the moon is full"));
    EXPECT_THAT(why_not("throws_int"),
                HasSubstr("its stile_workload() threw something that is no std::exception"));
    EXPECT_THAT(why_not("nothing"), HasSubstr("its stile_workload() returned nothing"));
    EXPECT_THAT(why_not("throws_early"),
                HasSubstr("a constructor of its static objects threw an exception: too early"));
}

TEST(PluginLoader, a_descriptor_that_cannot_be_used_is_refused) {
    EXPECT_THAT(why_not("no_rows"), HasSubstr("its descriptor cannot be used: it has no rows()"));
    EXPECT_THAT(why_not("twice"), HasSubstr("parameter 'size' is declared twice"));
}

std::string why_no_rows(const std::string& name) {
    const Plugin plugin = load_plugin(name, {BAD_PLUGINS});
    return failure([&] { rows_of(plugin, {}, {}, "."); });
}

TEST(PluginLoader, rows_that_throw_or_cannot_run_are_told_with_the_plugin) {
    const auto text = [](const std::string& name, const std::string& rest) {
        return "workload '" + name + "' (" BAD_PLUGINS "/libstile_workload_" + name + ".so) " + rest;
    };
    EXPECT_EQ(why_no_rows("rows_throw"),
              text("rows_throw", "failed: its rows() threw an exception: no such element"));
    EXPECT_EQ(why_no_rows("rows_throw_int"),
              text("rows_throw_int", "failed: its rows() threw something that is no std::exception"));
    EXPECT_EQ(why_no_rows("rows_empty"), text("rows_empty", "makes no row of these parameters"));
    EXPECT_EQ(why_no_rows("rows_wrong"),
              text("rows_wrong",
                   "makes rows that cannot run: row 1: it has no mechanism; row 1: scope 'sideways' "
                   "is neither same_process nor cross_process; row 1: no process runs"));
    // A refusal of parameters is the user's affair and goes through as it is.
    EXPECT_EQ(why_no_rows("rows_refuse"), "size: it is 7, which is unlucky; 6 would do");
    EXPECT_EQ(why_no_rows("rows_fork"), "child: it ended with 7") << "a child may end as it likes";
}

// An exit() in a plugin must not look like a run that went well.
TEST(PluginLoaderDeathTest, a_plugin_that_crashes_or_ends_the_program_is_named) {
    const auto rows_of_bad = [](const std::string& name) {
        rows_of(load_plugin(name, {BAD_PLUGINS}), {}, {}, "");
    };
    const auto code = testing::ExitedWithCode(2);
    EXPECT_EXIT(rows_of_bad("rows_exit"), code,
                "'rows_exit' .*its rows\\(\\) ended the program: it called exit");
    EXPECT_EXIT(rows_of_bad("rows_end"), code,
                "'rows_end' .*its rows\\(\\) ended the program: it called _exit");
    EXPECT_EXIT(rows_of_bad("rows_call"), code,
                "'rows_call' .*its rows\\(\\) ended the program: it made the system call exit_group");
    EXPECT_EXIT(rows_of_bad("rows_call_exit"), code,
                "'rows_call_exit' .*its rows\\(\\) ended the program: it made the system call exit\n");
    EXPECT_EXIT(rows_of_bad("rows_quick"), code,
                "'rows_quick' .*its rows\\(\\) ended the program: it called exit");
    EXPECT_EXIT(rows_of_bad("rows_thread_exit"), code,
                "'rows_thread_exit' .*its rows\\(\\) ended its thread");
    EXPECT_EXIT(
        {
            const PluginGuard guard("workload 'x': its rows()", 1);
            for (volatile bool on = true; on;) continue;
        },
        code, "error: workload 'x': its rows\\(\\) computes and does not come to an end");
    EXPECT_EXIT(rows_of_bad("rows_crash"), code, "'rows_crash' .*its rows\\(\\) crashed: SIGILL");
    EXPECT_EXIT(rows_of_bad("rows_recurse"), code, "'rows_recurse' .*its rows\\(\\) crashed: SIGSEGV");
}

// The guard stands before the C library's function: all others are made as before.
TEST(PluginLoader, system_calls_are_made_as_they_are_asked_for) {
    EXPECT_EQ(syscall(SYS_getpid), getpid());
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    EXPECT_EQ(syscall(SYS_write, ends[1], "abc", 3), 3);
    close(ends[0]), close(ends[1]);
    EXPECT_EQ(syscall(SYS_write, ends[1], "abc", 3), -1);
    EXPECT_EQ(errno, EBADF);
    void* page = reinterpret_cast<void*>(
        syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(page, MAP_FAILED) << "six arguments";
    EXPECT_EQ(syscall(SYS_munmap, page, 4096), 0);
    EXPECT_EXIT(syscall(SYS_exit_group, 5), testing::ExitedWithCode(5), "");
}

TEST(PluginLoader, the_first_file_of_that_name_counts_and_no_later_one_takes_its_place) {
    const fs::path folder = fs::path(testing::TempDir()) / ("stile_first." + std::to_string(getpid()));
    fs::create_directories(folder);
    std::ofstream(folder / "libstile_workload_sync_call.so") << "not an ELF file";
    const std::string message = failure([&] { load_plugin("sync_call", {folder, PLUGINS}); });
    EXPECT_THAT(message, AllOf(HasSubstr("it is no shared library"), Not(HasSubstr(PLUGINS))));
    for (const Plugin& p : load_all_plugins({folder, PLUGINS}).plugins)
        EXPECT_NE(p.descriptor->name, "sync_call");

    fs::copy_file(PLUGINS "/libstile_workload_program.so", folder / "libstile_workload_renamed.so");
    EXPECT_THAT(failure([&] { load_plugin("renamed", {folder}); }),
                HasSubstr("its descriptor's name is 'program': its file is to be called "
                          "libstile_workload_program.so"));
    fs::remove_all(folder);
}

TEST(PluginLoader, listing_keeps_what_loads_and_reports_the_rest) {
    const PluginList list = load_all_plugins({PLUGINS, BAD_PLUGINS});
    std::vector<std::string> names;
    for (const Plugin& p : list.plugins) names.push_back(p.descriptor->name);
    EXPECT_THAT(names, testing::IsSupersetOf({"program", "sync_call", "rows_throw"}));
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(list.errors.size(), 17u);  // eight of the bad ones load: only their rows are wrong
}

TEST(PluginLoader, a_workload_loads_by_path_too_and_is_the_same_one) {
    EXPECT_EQ(load_plugin(PLUGINS "/libstile_workload_program.so").descriptor,
              load_plugin("program", {PLUGINS}).descriptor);
}

TEST(PluginLoader, a_guest_source_becomes_an_image_of_its_name) {
    const Descriptor& d = *load_plugin("greeting", {GOOD_PLUGINS}).descriptor;
    ASSERT_EQ(d.images.size(), 1u);
    EXPECT_STREQ(d.images[0].name, "greeting");
    const std::string file = testing::TempDir() + "/greeting." + std::to_string(getpid());
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(d.images[0].bytes.data()),
               static_cast<long>(d.images[0].bytes.size()));
    fs::permissions(file, fs::perms::owner_all);
    EXPECT_EQ(d.rows({}, {}, ".").at(0).processes.at(0).path, "/bin/greeting");
#ifdef __x86_64__
    EXPECT_EQ(std::system((file + " >" + file + ".out").c_str()), 0);
    std::string said;
    std::getline(std::ifstream(file + ".out"), said);
    EXPECT_EQ(said, "greetings");
#endif
}

}  // namespace
}  // namespace stile::workload
