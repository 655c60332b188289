// SPDX-License-Identifier: Apache-2.0
//
// Is a file that is no plugin, or is damaged in whatever way, told so before it is opened?
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "workloads/plugin_file.h"

namespace stile::workload {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PluginFileTest : public testing::Test {
  protected:
    PluginFileTest() {
        fs::create_directories(folder_);
        std::ifstream in(PLUGINS "/libstile_workload_program.so", std::ios::binary);
        good_.assign(std::istreambuf_iterator<char>(in), {});
    }
    ~PluginFileTest() override { fs::remove_all(folder_); }

    std::string why_not(const std::string& contents) {
        std::ofstream(folder_ / "x.so", std::ios::binary) << contents;
        return inspect_plugin(folder_ / "x.so").error;
    }
    template <typename Field>
    std::string with(Field Elf64_Ehdr::*field, uint64_t value) {
        Elf64_Ehdr header;
        std::memcpy(&header, good_.data(), sizeof header);
        header.*field = static_cast<Field>(value);
        std::string bytes = good_;
        bytes.replace(0, sizeof header, reinterpret_cast<const char*>(&header), sizeof header);
        return bytes;
    }

    fs::path folder_ = fs::path(testing::TempDir()) / ("stile_file." + std::to_string(getpid()));
    std::string good_;
};

TEST_F(PluginFileTest, a_good_one_has_no_fault_and_names_its_compiler) {
    EXPECT_EQ(why_not(good_), "");
    EXPECT_EQ(inspect_plugin(folder_ / "x.so").compiler, __VERSION__);
}

TEST_F(PluginFileTest, what_is_no_file_or_no_library_says_what_it_is) {
    EXPECT_EQ(inspect_plugin(folder_ / "absent.so").error, "no such file");
    EXPECT_EQ(inspect_plugin(folder_).error, "it is a folder");
    ASSERT_EQ(mkfifo((folder_ / "pipe.so").c_str(), 0600), 0);
    EXPECT_EQ(inspect_plugin(folder_ / "pipe.so").error, "it is no regular file");
    EXPECT_EQ(why_not(""), "it is empty");
    EXPECT_THAT(why_not("#!/bin/sh\n"), HasSubstr("it is no shared library"));
    EXPECT_THAT(why_not(with(&Elf64_Ehdr::e_type, ET_REL)),
                HasSubstr("it is an object file, not a shared library"));
    EXPECT_THAT(why_not(with(&Elf64_Ehdr::e_type, ET_EXEC)),
                HasSubstr("it is a program, not a shared library"));
}

TEST_F(PluginFileTest, another_processor_is_named) {
    EXPECT_THAT(why_not(with(&Elf64_Ehdr::e_machine, EM_RISCV)),
                HasSubstr("it is for RISC-V (ELF machine 243)"));
    EXPECT_THAT(why_not(with(&Elf64_Ehdr::e_machine, EM_386)), HasSubstr("it is for 32-bit x86"));
}

// Opening one of these would end in a SIGBUS.
TEST_F(PluginFileTest, one_that_is_cut_off_anywhere_is_refused) {
    for (size_t bytes = 1; bytes + 1 < good_.size(); bytes += 4999)
        EXPECT_NE(why_not(good_.substr(0, bytes)), "") << bytes;
}

TEST_F(PluginFileTest, any_damage_of_headers_and_tables_is_survived) {
    std::mt19937 random(1);
    Elf64_Ehdr header;
    std::memcpy(&header, good_.data(), sizeof header);
    unsigned refused = 0;
    for (int i = 0; i < 400; ++i) {
        std::string bytes = good_;
        const size_t table = i % 2 ? header.e_shoff : 0;
        const size_t at = table + random() % std::min<size_t>(1024, bytes.size() - table);
        bytes[at] = static_cast<char>(random());
        refused += !why_not(bytes).empty();
    }
    EXPECT_GT(refused, 20u);
    EXPECT_LT(refused, 400u);
}

TEST_F(PluginFileTest, the_tag_is_what_is_compared) {
    BuildTag newer = this_build();
    newer.abi = abi_version + 1;
    EXPECT_THAT(why_not_ours(newer), HasSubstr("or use the newer one"));
    EXPECT_EQ(why_not_ours(this_build()), "");
    // A plain plugin in a program with a sanitizer is all right; the other way round it is not.
    BuildTag sanitized = this_build();
    sanitized.sanitizers = 1;
    BuildTag plain = this_build();
    plain.sanitizers = 0;
    EXPECT_EQ(why_not_ours(plain, sanitized), "");
    EXPECT_THAT(why_not_ours(sanitized, plain), HasSubstr("it was built with AddressSanitizer"));
}

}  // namespace
}  // namespace stile::workload
