// SPDX-License-Identifier: Apache-2.0
//
// Question: does a file that is no static program end in a message with its path, the reason and the place in
// the YAML file, and in exit code 2, before anything is simulated?
#include <sys/stat.h>

#include "tests/e2e/stile.h"
#include "tests/support/elf_mutate.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Malformed : public Stile {
  protected:
    std::string sound() {
        unsigned char bytes[ELF_SEED_CAPACITY];
        const size_t size = elf_seed(bytes, 0);
        return {reinterpret_cast<const char*>(bytes), size};
    }
    Output simulate() {
        write("program.yaml", "workload:\n  name: program\n  path: p\n  expect_exit: 42\n");
        return stile("run program.yaml --out r");
    }
    void expect_refused(const std::string& file, const std::string& why) {
        write("p", file);
        const Output output = simulate();
        EXPECT_EQ(output.code, 2) << why;
        EXPECT_EQ(output.err, "program.yaml:3:9: error: 'workload.path': " + folder_ + "/p: " + why + "\n");
        EXPECT_EQ(output.out, "");
        EXPECT_FALSE(std::filesystem::exists("r"));
    }
};

TEST_F(Malformed, ASoundOneRuns) {
    write("p", sound());
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
}

TEST_F(Malformed, EachIsRefusedWithItsPlace) {
    expect_refused("", "it is empty; a static x86-64 program is right");
    expect_refused(
        "#!/bin/sh\necho\n",
        "it is a script for '/bin/sh'; a static x86-64 build of that, with the script among its args, is "
        "right");
    expect_refused(sound().substr(0, 63),
                   "its ELF header is cut off: the file has 63 bytes, the header alone needs 64");
    expect_refused(
        sound().substr(0, 0x320),
        "its segment (program header 1, at offset 0x78) takes 0x40 bytes at offset 0x300 of the file, which "
        "has 0x320; is it cut off?");
    std::string file = sound();
    file[EI_CLASS] = 1;
    expect_refused(file, "its ELF class is 1 (at offset 4): 32-bit; 2 (64-bit) is right");
    file = sound();
    file[0x40] = PT_INTERP;
    expect_refused(file, "it is dynamically linked (program header 0 names a loader); link it with -static");
    file = sound();
    file[0x12] = static_cast<char>(EM_AARCH64);
    expect_refused(file, "it is for AArch64 (ELF machine 183, at offset 0x12); 62 (x86-64) is right");
}

TEST_F(Malformed, WhatIsNoFileIsRefused) {
    EXPECT_EQ(simulate().code, 2);
    std::filesystem::create_directory("p");
    EXPECT_THAT(simulate().err, HasSubstr("'workload.path': " + folder_ + "/p is a folder; a file is right"));
    std::filesystem::remove("p");
    ASSERT_EQ(mkfifo("p", 0600), 0);
    const Output fifo = simulate();
    EXPECT_EQ(fifo.code, 2);
    EXPECT_THAT(fifo.err, HasSubstr("/p is no regular file"));
    std::filesystem::remove("p");
    std::filesystem::create_symlink("/dev/zero", "p");
    EXPECT_THAT(simulate().err, HasSubstr("/p is no regular file"));
    std::filesystem::remove("p");
    std::filesystem::create_symlink("p", "p");
    const Output loop = simulate();
    EXPECT_EQ(loop.code, 2);
    EXPECT_THAT(loop.err, HasSubstr("/p: Too many levels of symbolic links"));
}

}  // namespace
}  // namespace stile::sim
