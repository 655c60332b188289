// SPDX-License-Identifier: Apache-2.0
//
// Question: does the tutorial work as it stands? Every block of commands (```sh) is run, one after the other
// in one shell, in a folder that looks like that of the sources with everything built; a block that follows
// it shows what they print. The test that is not `long` runs the part before the sections that take their
// time.
#include <set>

#include "tests/docs/markdown.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

class Tutorial : public Stile {
  protected:
    Tutorial() {
        fs::create_directories("stile/build/release");
        for (const auto& entry : fs::directory_iterator(STILE_SOURCE_DIR)) {
            const std::string name = entry.path().filename();
            if (name != "build" && name != "out" && name[0] != '.')
                fs::create_symlink(entry.path(), "stile/" + name);
        }
        // There is nothing left to build. With the cache the scripts would see that this was configured
        // elsewhere.
        for (const auto& entry : fs::directory_iterator(STILE_BINARY_DIR)) {
            const std::string name = entry.path().filename();
            if (name != "build.ninja" && name != "CMakeCache.txt" && name[0] != '.')
                fs::create_symlink(entry.path(), "stile/build/release/" + name);
        }
        std::ofstream("stile/build/release/build.ninja") << "build stile: phony\n";
        setenv("STILE_NO_INSTALL", "1", 1);
        setenv("HOME", (folder_ + "/home").c_str(), 1);
        unsetenv("STILE_PLUGIN_PATH");
        fs::create_directory("home");
    }

    // Runs the blocks in one shell; the commands of each print to out.N and err.N.
    void run_blocks(const std::vector<FencedBlock>& blocks) {
        std::string script = "set -e\ncd stile\n";
        size_t commands = 0;
        for (size_t i = 0; i < blocks.size(); ++i) {
            if (blocks[i].language != "sh") continue;
            ++commands;
            script += "{\n" + blocks[i].text + "} >" + file("out", i) + " 2>" + file("err", i) + "\n";
        }
        ASSERT_GT(commands, 3u);
        write("tutorial.sh", script);
        const Output output = shell("timeout 800 bash tutorial.sh");
        for (size_t i = 0; i < blocks.size(); ++i) {
            const std::string place = "docs/tutorial.md:" + std::to_string(blocks[i].line);
            if (blocks[i].language == "sh") {
                ASSERT_TRUE(fs::exists(file("out", i))) << "the commands before " << place << " failed";
                last_ = contents(file("out", i)) + contents(file("err", i));
                if (output.code != 0 && !fs::exists(file("out", next(blocks, i))))
                    FAIL() << place << " fails:\n" << blocks[i].text << last_;
            } else {
                EXPECT_EQ(not_printed(blocks[i].text, last_), "") << place << ": printed was\n" << last_;
            }
        }
        EXPECT_EQ(output.code, 0) << output.err;
    }

  private:
    std::string file(const char* name, size_t i) const {
        return folder_ + "/" + name + "." + std::to_string(i);
    }
    static size_t next(const std::vector<FencedBlock>& blocks, size_t i) {
        do ++i;
        while (i < blocks.size() && blocks[i].language != "sh");
        return i;
    }
    std::string last_;
};

#if STILE_WHOLE_TUTORIAL
TEST_F(Tutorial, RunsAsItStandsToItsEnd) {
#else
TEST_F(Tutorial, RunsAsItStandsUpToTheReadersOwnWorkload) {
#endif
    std::vector<FencedBlock> blocks = fenced_blocks(contents(STILE_SOURCE_DIR "/docs/tutorial.md"));
    if (!STILE_WHOLE_TUTORIAL) {
        const auto sweep = std::find_if(blocks.begin(), blocks.end(), [](const FencedBlock& block) {
            return block.heading.find("A workload of your own") != std::string::npos;
        });
        ASSERT_NE(sweep, blocks.end());
        blocks.erase(sweep, blocks.end());
    }
    run_blocks(blocks);
}

}  // namespace
}  // namespace stile::sim
