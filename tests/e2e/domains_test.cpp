// SPDX-License-Identifier: Apache-2.0
//
// Questions: what does a call between two domains of one process cost, when does the APL cache stop holding a
// program's domains, and what does it tell a spy?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

class Domains : public Stile {
  protected:
    nlohmann::json row(const std::string& out) {
        return nlohmann::json::parse(contents(out + "/stats.json")).at("rows").at(0);
    }
    // Of a round of `live` calls.
    double misses(const std::string& pattern, int entries, int live, const std::string& more = "") {
        const Output output =
            stile("run " STILE_SOURCE_DIR
                  "/configs/runs/domains.yaml --set measure.warmup=2 "
                  "--set measure.repetitions=5 --set workload.pattern=" +
                  pattern + " --set workload.live=" + std::to_string(live) +
                  " --set machine.codoms.apl_cache.entries=" + std::to_string(entries) +
                  " --set machine.codoms.apl_cache.ways=" + std::to_string(entries) + more + " --out d");
        EXPECT_EQ(output.code, 0) << output.err;
        const Csv csv = parse_csv(contents("d/results.csv"));
        EXPECT_EQ(csv.at(0, "checked"), "1");
        EXPECT_EQ(number(csv, 0, "calls"), pattern == "nested" ? 5 : 5 * live);
        EXPECT_EQ(number(csv, 0, "domain_crossings"), pattern == "nested" ? 2 * live : 2);
        EXPECT_EQ(number(csv, 0, "syscalls"), 0);
        EXPECT_EQ(number(csv, 0, "domain_calls"), 5 * live);  // a report of the workload's own
        return row("d").at("statistics").at("roi.apl_misses").get<double>() / 5;
    }
    nlohmann::json spied(const std::string& settings) {
        write("spy.yaml",
              "extends: " STILE_SOURCE_DIR "/configs/runs/apl-channel.yaml\nworkload: {symbols: 128}\n");
        const Output output = stile("run spy.yaml " + settings + " --out s");
        EXPECT_EQ(output.code, 0) << output.err;
        return row("s").at("reports");
    }
};

TEST_F(Domains, ACallIntoAnotherDomainCostsAtMostThreeCyclesMoreThanAFunctionCall) {
    const std::string settings =
        "run " STILE_SOURCE_DIR
        "/configs/runs/compare.yaml --core ooo --set workload.mechanisms=[function,codoms] "
        "--set workload.policies=[low] --set workload.sizes=[0]";
    ASSERT_EQ(stile(settings + " --out checked").code, 0);
    ASSERT_EQ(stile(settings + " --set protection=none --out unchecked").code, 0);
    const Csv checked = results("checked"), unchecked = results("unchecked");
    const double function = number(checked, 0, "cycles_mean"), codoms = number(checked, 1, "cycles_mean");
    EXPECT_GT(codoms, function);
    EXPECT_LE(codoms - function, 3);
    EXPECT_EQ(number(checked, 1, "apl_misses"), 0);
    EXPECT_EQ(number(checked, 1, "domain_crossings"), 2);
    // Most of it is that the callee is called, not jumped to; the crossings themselves cost this.
    EXPECT_LE(codoms - number(unchecked, 1, "cycles_mean"), 2);
    EXPECT_EQ(number(unchecked, 0, "cycles_mean"), function);
}

TEST_F(Domains, NothingMissesWhileTheyFitAndEveryCallDoesWhenTheyDoNot) {
    // The caller's domain needs an entry, too.
    EXPECT_EQ(misses("round_robin", 2, 1), 0);
    EXPECT_EQ(misses("round_robin", 2, 2), 2);
    EXPECT_EQ(misses("round_robin", 8, 7), 0);
    EXPECT_EQ(misses("round_robin", 8, 8), 8);
    EXPECT_EQ(misses("round_robin", 16, 15), 0);
    EXPECT_EQ(misses("round_robin", 16, 40), 40);
}

TEST_F(Domains, BothKindsOfRefillMissTheSame) {
    const std::string hardware = " --set machine.codoms.apl_cache.refill=hardware";
    EXPECT_EQ(misses("round_robin", 8, 7, hardware), 0);
    EXPECT_EQ(misses("round_robin", 8, 8, hardware), 8);
    const double walks = row("d").at("statistics").at("roi.cycles").get<double>();
    EXPECT_EQ(misses("round_robin", 8, 8), 8);
    const double traps = row("d").at("statistics").at("roi.cycles").get<double>();
    EXPECT_GT(traps, 5 * walks);
}

TEST_F(Domains, APatternThatHasFavouritesMissesLess) {
    const double zipf = misses("zipf", 8, 32), uniform = misses("random", 8, 32);
    EXPECT_GT(zipf, 0);
    EXPECT_LT(zipf, 0.8 * uniform);
    EXPECT_LT(uniform, 32);
}

TEST_F(Domains, ChainsOfCallsReturnThroughAllOfThem) {
    EXPECT_EQ(misses("nested", 32, 31), 0);
    // On the way in each of these misses; the way back needs no right.
    EXPECT_GE(misses("nested", 32, 64), 64);
    EXPECT_GE(misses("nested", 32, 256), 256);
}

// The channel is there: it is documented (docs/security.md), not closed.
TEST_F(Domains, TheAplCacheTellsWhomAnotherDomainCalled) {
    const auto reload = spied("");
    EXPECT_LE(reload.at("wrong"), 2);
    EXPECT_GE(reload.at("millibits_per_symbol"), 2800);
    EXPECT_GT(reload.at("slow_cycles"), 5 * reload.at("quick_cycles").get<double>());
    // Who may not call the victim's callees sees that it called somebody, as long as there are no sets.
    const auto probe = spied("--set workload.method=prime_probe");
    EXPECT_LE(probe.at("millibits_per_symbol"), 800);
    const auto sets = spied(
        "--set workload.method=prime_probe --set machine.codoms.apl_cache.ways=4 --set workload.groups=8");
    EXPECT_GE(sets.at("millibits_per_symbol"), 2000);
    // Between threads the kernel can close it; where the spy calls the victim there is nothing to be emptied
    // at.
    EXPECT_GE(spied("--set workload.victim=thread").at("millibits_per_symbol"), 2700);
    EXPECT_LE(
        spied("--set workload.victim=thread --set os.flush_apl_on_switch=true").at("millibits_per_symbol"),
        300);
    // It is the APL cache that tells, nothing else that a call warms.
    EXPECT_LE(spied("--set protection=none").at("millibits_per_symbol"), 300);
}

}  // namespace
}  // namespace stile::sim
