// SPDX-License-Identifier: Apache-2.0
//
// Question: does Debian's bash-static run its scripts as it does on the host? Every script of tests/e2e/bash
// runs in both places, with busybox for the commands; what they print must be the same, byte for byte, on one
// core and on four.
#include <fmt/format.h>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

class Bash : public Stile, public testing::WithParamInterface<std::tuple<const char*, unsigned>> {
  protected:
    // The same folder for both: the host's copy is spoilt by the host's run only.
    void place(const std::string& script) {
        for (const char* folder : {"host", "guest"}) {
            fs::create_directories(std::string(folder) + "/bin");
            fs::create_directories(std::string(folder) + "/tmp");
            fs::copy(STILE_BUSYBOX, std::string(folder) + "/bin/busybox");
            fs::copy(script, std::string(folder) + "/script.sh");
        }
    }
    std::string on_the_host() {
        return shell(fmt::format("cd host && exec env -i PATH='{}/host/bin' HOME=/ {} -c \"exec -a "
                                 "/bin/bash-static {} script.sh\" </dev/null 2>&1",
                                 folder_, STILE_BASH, STILE_BASH))
            .out;
    }
};

TEST_P(Bash, PrintsTheSameAsOnTheHost) {
    const auto& [script, cores] = GetParam();
    place(STILE_SOURCE_DIR "/tests/e2e/bash/" + std::string(script) + ".sh");
    const std::string native = on_the_host();
    ASSERT_GT(native.size(), 100u);
    write("run.yaml", "workload: {name: program, path: " STILE_BASH
                      ", args: [script.sh], env: [PATH=/bin, HOME=/], files: guest}\n"
                      "measure: {max_time: 60 s}\nmachine: {core: {model: functional}, cores: " +
                          std::to_string(cores) + "}\n");
    const Output output = stile("run run.yaml --out r");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(contents("r/console.txt"), native);
    // Nothing was asked of the kernel that it lacks, but sockets: bash looks whether a network daemon started
    // it, and the C library whether there is a name service.
    const std::string stats = contents("r/stats.txt");
    for (size_t at = 0; (at = stats.find("kernel.enosys.", at)) != stats.npos; at++)
        EXPECT_TRUE(stats.compare(at, 21, "kernel.enosys.socket ") == 0 ||
                    stats.compare(at, 26, "kernel.enosys.getpeername ") == 0)
            << stats.substr(at, stats.find('\n', at) - at);
}

const auto name_of = [](const auto& info) {
    return fmt::format("{}_{}", std::get<0>(info.param), std::get<1>(info.param));
};
INSTANTIATE_TEST_SUITE_P(Scripts, Bash,
                         testing::Combine(testing::Values("arrays", "text", "signals", "redirections",
                                                          "stress"),
                                          testing::Values(1u, 4u)),
                         name_of);
// Here the shell and its jobs race: whether it hears of a stop before it waits depends on where the job runs.
INSTANTIATE_TEST_SUITE_P(Races, Bash, testing::Values(std::tuple{"jobs", 1u}), name_of);

}  // namespace
}  // namespace stile::sim
