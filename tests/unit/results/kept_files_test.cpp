// SPDX-License-Identifier: Apache-2.0
//
// Question: does an archive of kept files come out as it went in, and does a damaged one write nothing
// anywhere?
#include "sim/results/kept_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/results/run_directory.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

std::string record(const std::string& name, unsigned mode, const std::string& contents) {
    std::string r = fmt::format("070701{:08x}{:08x}{:032x}{:08x}{:032x}{:08x}{:08x}", 1, mode, 0,
                                contents.size(), 0, name.size() + 1, 0);
    r += name + '\0';
    r.resize((r.size() + 3) & ~size_t{3});
    r += contents;
    r.resize((r.size() + 3) & ~size_t{3});
    return r;
}
const std::string trailer = record("TRAILER!!!", 0, "");

TEST(KeptFiles, ComeOutAsTheyWentIn) {
    const std::string binary("a\0b\xff", 4);
    const auto files = kept_files(record("d", S_IFDIR | 0700, "") + record("d/f", S_IFREG | 0640, binary) +
                                  record("d/l", S_IFLNK | 0777, "/etc") + trailer);
    ASSERT_EQ(files.size(), 3u);
    EXPECT_EQ(files[1].path, "d/f");
    EXPECT_EQ(files[1].contents, binary);
    EXPECT_EQ(not_kept(files, {"/d", "/d/f/", "/gone"}), std::vector<std::string>{"/gone"});
    const fs::path folder = fs::temp_directory_path() / ("stile-kept-" + std::to_string(getpid()));
    write_kept_files(folder, files);
    EXPECT_EQ(read_file(folder / "d/f"), binary);
    EXPECT_EQ(fs::read_symlink(folder / "d/l"), "/etc");
    fs::remove_all(folder);
}

TEST(KeptFiles, NothingIsWrittenThroughALink) {
    const fs::path folder = fs::temp_directory_path() / ("stile-kept-" + std::to_string(getpid()));
    fs::create_directories(folder / "outside");
    write_kept_files(folder / "in", kept_files(record("l", S_IFLNK | 0777, (folder / "outside").string()) +
                                               record("l/f", S_IFREG | 0600, "x") + trailer));
    EXPECT_FALSE(fs::exists(folder / "outside/f"));
    EXPECT_EQ(read_file(folder / "in/l/f"), "x");
    fs::remove_all(folder);
}

TEST(KeptFiles, DamagedArchivesAreRefused) {
    const std::string good = record("f", S_IFREG | 0600, "contents") + trailer;
    for (size_t n = 1; n + 12 < good.size(); ++n)
        EXPECT_THROW(kept_files(good.substr(0, n)), std::runtime_error) << n;
    EXPECT_THROW(kept_files(record("../f", S_IFREG | 0600, "") + trailer), std::runtime_error);
    EXPECT_THROW(kept_files(record("/f", S_IFREG | 0600, "") + trailer), std::runtime_error);
    EXPECT_THROW(kept_files(record("d/../../f", S_IFREG | 0600, "") + trailer), std::runtime_error);
    EXPECT_TRUE(kept_files("").empty());
}

}  // namespace
}  // namespace stile::sim
