// SPDX-License-Identifier: Apache-2.0
//
// Question: would another cpio implementation read our initial ramdisk as we meant it?
#include "sim/boot/initrd.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace stile::sim {
namespace {

std::span<const uint8_t> bytes_of(const std::string& s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

TEST(Initrd, EveryFieldOfAHeaderIsWhereTheFormatPutsIt) {
    const std::string text = "hello";
    const GuestFile file{"/a", bytes_of(text), 0755};
    const auto archive = make_initrd({&file, 1});
    const std::string s(archive.begin(), archive.end());
    EXPECT_EQ(s.substr(0, 6), "070701");
    EXPECT_EQ(s.substr(14, 8), "000081ED");  // mode: regular file, 0755
    EXPECT_EQ(s.substr(54, 8), "00000005");  // file size
    EXPECT_EQ(s.substr(94, 8), "00000002");  // name size with its NUL
    EXPECT_EQ(s.substr(110, 2), std::string("a\0", 2));
    EXPECT_EQ(s.substr(112, 5), "hello");  // 110 + 2 is a multiple of 4 already
    EXPECT_NE(s.find("TRAILER!!!"), std::string::npos);
    EXPECT_EQ(archive.size() % 4, 0u);
}

TEST(Initrd, DirectoriesComeOnceAndBeforeTheirFiles) {
    const std::string x = "x";
    const std::vector<GuestFile> files{
        {"/bin/a", bytes_of(x)}, {"/bin/sub/b", bytes_of(x)}, {"/bin/c", bytes_of(x)}};
    const auto archive = make_initrd(files);
    const std::string s(archive.begin(), archive.end());
    std::vector<std::string> names;
    for (size_t at = s.find("070701"); at != std::string::npos; at = s.find("070701", at + 1))
        names.push_back(s.c_str() + at + 110);
    EXPECT_EQ(names,
              (std::vector<std::string>{"bin", "bin/a", "bin/sub", "bin/sub/b", "bin/c", "TRAILER!!!"}));
}

}  // namespace
}  // namespace stile::sim
