// SPDX-License-Identifier: Apache-2.0
//
// Question: is that so for every row of the ready runs, and for hand-overs anywhere in them?
#include "tests/checkpoint/checkpoint.h"

namespace stile::sim {
namespace {

class Long : public Checkpoint {
  protected:
    void use(const std::string& configuration, const std::string& measure) {
        write("run.yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/" + configuration +
                              ".yaml\nmeasure: {" + measure + "}\n");
    }
    size_t rows() {
        std::filesystem::remove_all("all");
        EXPECT_EQ(run("--core functional", "all").code, 0);
        return results("all").rows.size() + parse_csv(contents("all/refused.csv")).rows.size();
    }
};

TEST_F(Long, EveryRowOfTheComparison) {
    use("compare", "warmup: 3, repetitions: 5");
    const size_t n = rows();
    EXPECT_GT(n, 20u);
    for (const std::string core : {"functional", "inorder", "ooo"})
        for (const std::string moment : {"boot", "roi", "'60 us'"})
            expect_no_difference("--core " + core + " --fast-forward " + moment, n);
}

TEST_F(Long, EveryRowOfThePlacement) {
    use("placement", "warmup: 3, repetitions: 5");
    const size_t n = rows();
    for (const std::string core : {"inorder", "ooo"})
        for (const std::string moment : {"boot", "roi"})
            expect_no_difference("--core " + core + " --fast-forward " + moment, n);
}

// Wherever the time falls: in system calls, copies, proxies, switches, messages between cores.
TEST_F(Long, AnyMomentOnTwoCores) {
    use("placement", "warmup: 3, repetitions: 5");
    const size_t n = rows();
    for (int us = 31; us < 260; us += 17)
        expect_no_difference("--core ooo --fast-forward '" + std::to_string(us) + " us'", n);
}

TEST_F(Long, SeveralClients) {
    use("throughput", "warmup: 2, repetitions: 3");
    const size_t n = rows();
    for (const std::string moment : {"boot", "roi", "'90 us'", "'111 us'"})
        expect_no_difference("--fast-forward " + moment, n);
}

}  // namespace
}  // namespace stile::sim
