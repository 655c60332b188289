// SPDX-License-Identifier: Apache-2.0
//
// Does `stile:NAME` find a ready configuration from anywhere, the first folder's first, and say where it
// looked?
#include "sim/config/ready.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sim/config/load.h"
#include "tests/plugin/support.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using workload::failure;

class Ready : public testing::Test {
  protected:
    Ready() {
        for (const char* name : {"a/machines/mine.yaml", "b/machines/mine.yaml", "b/machines/other.yaml"}) {
            fs::create_directories((folder_ / name).parent_path());
            std::ofstream(folder_ / name) << "machine: {name: from-" << name[0] << "}\n";
        }
        setenv("STILE_CONFIG_PATH", ((folder_ / "a").string() + "::" + (folder_ / "b").string()).c_str(), 1);
    }
    ~Ready() override {
        unsetenv("STILE_CONFIG_PATH");
        fs::remove_all(folder_);
    }
    const fs::path folder_ = fs::path(testing::TempDir()) / ("stile_ready." + std::to_string(getpid()));
};

TEST_F(Ready, the_first_folder_that_has_it_counts) {
    EXPECT_EQ(ready_path("stile:machines/mine.yaml", {}), folder_ / "a/machines/mine.yaml");
    EXPECT_EQ(ready_path("stile:machines/other.yaml", {}), folder_ / "b/machines/other.yaml");
    EXPECT_THAT(ready_names("machines"),
                testing::IsSupersetOf({"machines/mine.yaml", "machines/other.yaml"}));
}

TEST_F(Ready, other_names_are_left_alone) {
    EXPECT_EQ(ready_path("machines/mine.yaml", {}), "machines/mine.yaml");
    EXPECT_EQ(ready_path("", {}), "");
}

TEST_F(Ready, what_is_not_there_is_told_with_the_place_the_nearest_name_and_every_folder) {
    const std::string message = failure([] { ready_path("stile:machines/mina.yaml", {"x.yaml", 3, 9}); });
    EXPECT_THAT(message,
                HasSubstr("x.yaml:3:9: error: there is no ready configuration stile:machines/mina.yaml; "
                          "did you mean 'stile:machines/mine.yaml'? It was looked for at:"));
    EXPECT_THAT(message, HasSubstr("\n  " + (folder_ / "a/machines/mina.yaml").string()));
    EXPECT_THAT(message, HasSubstr("\n  " + (folder_ / "b/machines/mina.yaml").string()));
    EXPECT_THAT(message, HasSubstr("/share/stile/configs/machines/mina.yaml"));
}

TEST_F(Ready, files_extend_them) {
    std::ofstream(folder_ / "run.yaml") << "extends: [stile:machines/other.yaml, stile:machines/mine.yaml]\n";
    const Node tree = load_tree(folder_ / "run.yaml");
    EXPECT_EQ(tree.find("machine")->value.find("name")->value.text, "from-a");
}

}  // namespace
}  // namespace stile::sim
