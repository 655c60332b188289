// SPDX-License-Identifier: Apache-2.0
//
// Question: does `extends` merge deeply, and do places name the file in which a mistake stands?
#include "tests/unit/config/fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

TEST_F(ConfigTest, ExtendsMergesDeeply) {
    write("machines/base.yaml", "machine:\n  name: base\n  l1d: {size: 64 KiB, latency: 7}\n");
    const auto loaded = load("extends: machines/base.yaml\nworkload: ping\nmachine: {l1d: {latency: 5}}\n");
    EXPECT_EQ(loaded->config.machine.name, "base");
    EXPECT_EQ(loaded->config.machine.l1d.size, 65536u);
    EXPECT_EQ(loaded->config.machine.l1d.latency, 5u);
}

TEST_F(ConfigTest, ExtendsIsRelativeToItsFileOrAbsoluteAndMayBeAList) {
    write("a/one.yaml", "extends: two.yaml\nmachine: {name: one}\n");
    write("a/two.yaml", "machine: {name: two, l2: {latency: 9}}\n");
    write("three.yaml", "machine: {name: three}\n");
    const auto loaded =
        load("extends: [a/one.yaml, " + (folder_ / "three.yaml").string() + "]\nworkload: ping\n");
    EXPECT_EQ(loaded->config.machine.name, "three");
    EXPECT_EQ(loaded->config.machine.l2.latency, 9u);
}

TEST_F(ConfigTest, PlacesNameTheExtendedFile) {
    write("machines/base.yaml", "machine:\n  cores: x\n");
    EXPECT_EQ(faults("extends: machines/base.yaml\nworkload: ping\nprotection: y\n"),
              "machines/base.yaml:2:10: error: 'machine.cores' cannot be 'x'; a whole number is expected, "
              "such as 1\n"
              "run.yaml:3:13: error: 'protection' cannot be 'y'; valid is none, paging, mpk or codoms");
}

TEST_F(ConfigTest, AnotherWorkloadDropsTheParametersOfTheFirst) {
    write("base.yaml", "workload: {name: ping, count: 4}\n");
    const auto loaded = load("extends: base.yaml\nworkload: {name: pong, path: x}\n");
    EXPECT_EQ(loaded->config.workload, "pong");
    EXPECT_EQ(loaded->config.parameters.count("count"), 0u);
}

TEST_F(ConfigTest, PathsStartAtTheFileThatTheyStandIn) {
    write("below/base.yaml", "workload: {name: pong, path: ../x}\n");
    EXPECT_EQ(std::get<std::string>(load("extends: below/base.yaml\n")->config.parameters.at("path")),
              (folder_ / "x").string());
    const auto set = load("extends: below/base.yaml\n", {{"--set workload.path=y", "workload.path=y"}});
    EXPECT_EQ(std::get<std::string>(set->config.parameters.at("path")), (folder_ / "y").string());
    const auto absolute = load("workload: {name: pong, path: /bin/z}\n");
    EXPECT_EQ(std::get<std::string>(absolute->config.parameters.at("path")), "/bin/z");
}

TEST_F(ConfigTest, ExtendsFaults) {
    EXPECT_EQ(
        faults("extends: gone.yaml\nworkload: ping\n"),
        "run.yaml:1:10: error: 'extends' names a file that is not there: gone.yaml; it was looked for at " +
            (folder_ / "gone.yaml").string());
    write("loop.yaml", "extends: run.yaml\n");
    EXPECT_EQ(faults("extends: loop.yaml\nworkload: ping\n"),
              "loop.yaml:1:10: error: 'extends' leads back to where it came from; run.yaml -> loop.yaml -> "
              "run.yaml");
    EXPECT_EQ(faults("extends: run.yaml\n"),
              "run.yaml:1:10: error: 'extends' leads back to where it came from; run.yaml -> run.yaml");
    EXPECT_THAT(faults("extends: {a: b}\nworkload: ping\n"),
                HasSubstr("run.yaml:1:10: error: 'extends' cannot be a map"));
    write("empty.yaml", "");
    EXPECT_THAT(faults("extends: [gone.yaml, empty.yaml]\nworkload: ping\n"),
                HasSubstr("\nempty.yaml:1:1: error: the file is empty"));
}

TEST_F(ConfigTest, AFaultInOneBaseIsNoneOfTheOthers) {
    write("bad.yaml", "extends: nowhere.yaml\n");
    write("other.yaml", "extends: bad.yaml\n");
    const std::string said = faults("extends: [bad.yaml, other.yaml]\nworkload: ping\n");
    EXPECT_THAT(said, HasSubstr("bad.yaml:1:10: error: 'extends' names a file that is not there"));
    EXPECT_EQ(said.find("leads back"), said.npos) << said;
}

TEST_F(ConfigTest, ExtendsOfNothingIsSaid) {
    EXPECT_EQ(faults("extends: ''\nworkload: ping\n"),
              "run.yaml:1:10: error: 'extends' names nothing; the path of a YAML file is expected");
}

// Files that name the next one twice: 2^30 in all.
TEST_F(ConfigTest, FilesThatDoubleWithEachLevelAreRefused) {
    for (int i = 0; i < 30; ++i) {
        const std::string next = "b" + std::to_string(i + 1) + ".yaml";
        write("b" + std::to_string(i) + ".yaml", "extends: [" + next + ", " + next + "]\n");
    }
    write("b30.yaml", "machine: {cores: 2}\n");
    EXPECT_EQ(
        faults("extends: b0.yaml\nworkload: ping\n"),
        "run.yaml:1:1: error: 'extends' leads to more than 1024 files; do files name the same ones again "
        "and again?");
}

}  // namespace
}  // namespace stile::sim
