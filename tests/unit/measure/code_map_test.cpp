// SPDX-License-Identifier: Apache-2.0
//
// Whose code is at an address?
#include "sim/measure/code_map.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace stile::sim {
namespace {

CodeImage image(const char* file, const char* guest_path) {
    std::ifstream in(file, std::ios::binary);
    return {guest_path, {std::istreambuf_iterator<char>(in), {}}, false};
}

uint64_t address_of(const CodeImage& image, const char* symbol) {
    return ElfImage(image.bytes).find(symbol)->address;
}

struct CodeMapTest : ::testing::Test {
    CodeImage program = image(PROGRAM, "/bin/program"), pie = image(PROGRAM_PIE, "/bin/pie");
    CodeMap map{{program, pie}};
    uint64_t stub = address_of(program, "in_stub"), plain = address_of(program, "in_program");
    uint64_t pie_stub = address_of(pie, "in_stub"), pie_plain = address_of(pie, "in_program");

    void run(uint64_t pid) {
        map.thread_of(pid + 100, pid);
        map.switched_to(0, pid + 100);
    }
};

TEST_F(CodeMapTest, stub_code_is_told_from_the_program) {
    map.exec(1, "/bin/program", 0);
    run(1);
    EXPECT_EQ(map.user_phase(0, stub), model::Phase::stub);
    EXPECT_EQ(map.user_phase(0, plain), model::Phase::user);
    EXPECT_EQ(map.symbol(1, plain + 2), "in_program+0x2 (/bin/program)");
}

TEST_F(CodeMapTest, a_load_bias_is_taken_off) {
    constexpr uint64_t bias = 0x40000000;
    map.exec(1, "/bin/pie", bias);
    run(1);
    EXPECT_EQ(map.user_phase(0, bias + pie_stub), model::Phase::stub);
    EXPECT_EQ(map.user_phase(0, bias + pie_plain), model::Phase::user);
    EXPECT_EQ(map.symbol(1, bias + pie_plain), "in_program+0x0 (/bin/pie)");
}

TEST_F(CodeMapTest, a_thread_that_visits_another_process_runs_that_process_s_code) {
    map.exec(1, "/bin/pie", 0x40000000);
    map.exec(2, "/bin/pie", 0x80000000);
    run(1);
    EXPECT_EQ(map.user_phase(0, 0x80000000 + pie_stub), model::Phase::stub);
}

TEST_F(CodeMapTest, exec_replaces_and_fork_inherits) {
    map.exec(1, "/bin/pie", 0x40000000);
    map.fork(1, 2);
    EXPECT_EQ(map.path_of(2), "/bin/pie");
    map.exec(2, "/bin/program", 0);
    run(2);
    EXPECT_EQ(map.user_phase(0, stub), model::Phase::stub);
    EXPECT_EQ(map.describe_process(2), "process 2 (/bin/program)");
    EXPECT_EQ(map.describe_process(9), "process 9");
}

TEST_F(CodeMapTest, unknown_places_are_bare_addresses_of_the_user) {
    EXPECT_EQ(map.symbol(7, 0x1234), "0x1234");
    EXPECT_EQ(map.user_phase(0, 0x1234), model::Phase::user);
    EXPECT_EQ(map.kernel_phase(0xffffffff80001000), model::Phase::dispatch);
}

TEST_F(CodeMapTest, generated_code_is_a_proxy_with_its_policy) {
    map.proxy(0x7e0000000000, 100, 0xfff);
    EXPECT_EQ(map.symbol(1, 0x7e0000000010), "proxy+0x10 (policy 0xfff)");
    EXPECT_EQ(map.symbol(1, 0x7e0000000064), "0x7e0000000064");
}

TEST_F(CodeMapTest, a_file_that_is_no_program_is_left_out) {
    CodeMap odd({{"/bin/text", {'h', 'i'}, false}});
    odd.exec(1, "/bin/text", 0);
    EXPECT_EQ(odd.symbol(1, 0), "0x0");
}

}  // namespace
}  // namespace stile::sim
