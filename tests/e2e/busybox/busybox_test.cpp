// SPDX-License-Identifier: Apache-2.0
//
// Question: does a program that nobody here wrote do in Stile exactly what it does on the host? Debian's
// busybox-static runs each script twice, on equal folders; what it prints and every file that it leaves
// behind are compared byte for byte.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// The generator of POSIX's example rand(): the same files everywhere.
class Random {
  public:
    unsigned operator()() {
        state_ = state_ * 1103515245 + 12345;
        return static_cast<unsigned>(state_ >> 16) & 0x7fff;
    }

  private:
    uint64_t state_ = 1;
};

// SCALE 4 of the long set are files that fill caches and pipes many times over.
void make_data(const fs::path& folder) {
    Random random;
    std::string words, table, binary;
    while (words.size() < (256 << 10) * SCALE) {
        for (unsigned n = 1 + random() % 8; n > 0; --n) words += static_cast<char>('a' + random() % 26);
        words += random() % 4 ? "" : "zz";
        words += '\n';
    }
    const char* const colours[] = {"red", "green", "blue", "grey"};
    for (int i = 1; i <= 5000 * SCALE; ++i)
        table += fmt::format("{},{},{}\tx\n", i, random() * random() % 100000, colours[random() % 4]);
    while (binary.size() < (512 << 10) * SCALE) binary += static_cast<char>(random());
    write(folder / "words", words);
    write(folder / "table", table);
    write(folder / "binary", binary);
    write(folder / "empty", "");
}

// Every file, folder and link below `root`, with its contents or target.
std::map<std::string, std::string> tree(const fs::path& root) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        std::string& what = all[entry.path().lexically_relative(root).string()];
        const auto mode = static_cast<unsigned>(entry.symlink_status().permissions());
        if (entry.is_symlink())
            what = "link to " + fs::read_symlink(entry.path()).string();
        else if (entry.is_directory())
            what = "folder";
        else if (entry.is_regular_file())
            what = fmt::format("{:o} {}", mode, contents(entry.path()));
    }
    return all;
}

class Busybox : public testing::TestWithParam<const char*> {
  protected:
    Busybox() {
        std::string name = "/tmp/stile-busybox-XXXXXX";
        folder_ = mkdtemp(name.data());
        fs::create_directories(folder_ / "guest/work");
        fs::create_directories(folder_ / "guest/bin");
        fs::create_symlink("busybox", folder_ / "guest/bin/sh");  // what awk runs commands with
        make_data(folder_ / "guest/work");
        fs::copy(folder_ / "guest/work", folder_ / "host");
    }
    ~Busybox() override { fs::remove_all(folder_); }

    int shell(const std::string& command) {
        const int status = std::system(fmt::format("cd {} && {}", folder_.string(), command).c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    fs::path folder_;
};

TEST_P(Busybox, DoesTheSameAsOnTheHost) {
    const std::string script = std::string(SCRIPTS "/") + GetParam() + ".sh";
    fs::copy(script, folder_ / "guest/script.sh");
    // Without the host's other programs, and with one stream for what is printed.
    const int host = shell(fmt::format(
        "cd host && env -i PATH=/nowhere " STILE_BUSYBOX " sh {} >../host.txt 2>&1 </dev/null", script));
    write(folder_ / "run.yaml",
          fmt::format("machine: {{core: {{model: functional}}}}\nmeasure: {{max_time: 60 s}}\n"
                      "workload:\n  name: program\n  path: " STILE_BUSYBOX
                      "\n  args: [sh, /script.sh]\n  env: [PATH=/nowhere]\n  files: guest\n  cwd: /work\n"
                      "  keep: [/work]\n  expect_exit: {}\n",
                      host));
    const int code = shell(STILE_PROGRAM " run run.yaml --out run >run.txt 2>&1");
    const std::string said = contents(folder_ / "run.txt");
    ASSERT_EQ(code, 0) << said << contents(folder_ / "run/console.txt");
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("not implemented")));
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("unsupported instruction")));

    // A script is named by its path in messages.
    std::string expected = contents(folder_ / "host.txt");
    for (size_t at; (at = expected.find(script)) != std::string::npos;)
        expected.replace(at, script.size(), "/script.sh");
    EXPECT_EQ(contents(folder_ / "run/console.txt"), expected);
    const auto ours = tree(folder_ / "run/files/work"), theirs = tree(folder_ / "host");
    for (const auto& [name, what] : theirs) {
        ASSERT_TRUE(ours.contains(name)) << name << " is not there";
        EXPECT_TRUE(ours.at(name) == what)
            << name << " differs: " << ours.at(name).substr(0, 60) << " instead of " << what.substr(0, 60);
    }
    for (const auto& [name, what] : ours)
        EXPECT_TRUE(theirs.contains(name)) << name << " is there, and should not be";
    EXPECT_GT(expected.size(), 100u);  // the script has shown something
}

INSTANTIATE_TEST_SUITE_P(SUITE, Busybox,
                         testing::Values("checksums", "compress", "text", "programs", "files", "archive",
                                         "shell"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace stile::sim
