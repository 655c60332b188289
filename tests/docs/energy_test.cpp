// SPDX-License-Identifier: Apache-2.0
//
// Question: is the energy of a run what docs/area.md says: accesses times the energy that `stile area`
// prints, leakage times simulated time, and is nothing else changed by it?
#include <map>
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

class Energy : public Stile {
  protected:
    // A small last level: sizing 8 MiB takes most of a second.
    const std::string small_ =
        "--set machine.llc.size=256KiB --set workload.mechanisms=[dipc] --set "
        "workload.sizes=[64] --set workload.policies=[low] ";

    nlohmann::json statistics(const std::string& arguments) {
        std::filesystem::remove_all("out");
        const Output output = run(small_ + arguments, "out");
        EXPECT_EQ(output.code, 0) << output.err;
        return nlohmann::json::parse(contents("out/stats.json"))["rows"][0]["statistics"];
    }
    struct Array {
        double access_pj = 0, leak_mw = 0;
    };
    std::map<std::string, Array> area(const std::string& arguments) {
        const Output output = stile("area run.yaml --csv " + small_ + arguments);
        EXPECT_EQ(output.code, 0) << output.err;
        const Csv csv = parse_csv(output.out);
        std::map<std::string, Array> all;
        for (size_t i = 0; i < csv.rows.size(); ++i)
            all[csv.at(i, "structure")] = {std::stod(csv.at(i, "access_pJ")),
                                           std::stod(csv.at(i, "leak_mW"))};
        return all;
    }
};

TEST_F(Energy, IsAccessesAndTime) {
    const auto s = statistics("--set output.energy=true");
    const auto arrays = area("");
    const auto count = [&s](const std::string& name) { return s.at(name).get<double>(); };
    const auto expect = [&](const std::string& prefix, const std::string& array, double accesses) {
        EXPECT_GT(accesses, 0) << array;
        const double nj = accesses * arrays.at(array).access_pj * 1e-3;
        EXPECT_NEAR(count(prefix + "energy." + array + ".dynamic"), nj, nj * 1e-4) << array;
    };
    expect("core0.", "l1d",
           count("core0.dcache.accesses") + count("core0.dcache.misses") + count("core0.dcache.prefetches") +
               count("core0.l2.writebacks"));
    expect("core0.", "l2",
           count("core0.l2.accesses") + count("core0.l2.misses") + 2 * count("core0.l2.prefetches") +
               count("core0.l2.writebacks"));
    expect("", "llc", count("llc.accesses") + count("llc.misses") + count("llc.writebacks"));
    expect("core0.", "stlb",
           count("core0.itlb.misses") + count("core0.dtlb.misses") + count("core0.stlb.misses"));
    expect("core0.", "predictor.return_stack", 2 * count("core0.branch_predictor.returns"));
    expect("core0.", "codoms.apl_cache",
           count("core0.codoms.apl_cache.transfer_lookups") + count("core0.codoms.apl_cache.data_lookups") +
               count("core0.codoms.apl_cache.capability_lookups") + count("core0.codoms.apl_cache.fills"));
    double leakage = 0;
    for (const auto& [name, array] : arrays) {
        const std::string path = (name.starts_with("llc") || name.starts_with("memory") ? "" : "core0.") +
                                 std::string("energy.") + name + ".leakage";
        const double nj = array.leak_mw * count("sim_seconds") * 1e6;
        ASSERT_TRUE(s.contains(path)) << path;
        EXPECT_NEAR(count(path), nj, nj * 1e-4) << name;
        leakage += nj;
    }
    EXPECT_NEAR(count("energy.leakage"), leakage, leakage * 1e-4);
    EXPECT_FALSE(s.contains("core0.energy.l1i.dynamic"));
}

TEST_F(Energy, LargerNodesNeedMoreAndNothingElseMoves) {
    const auto plain = statistics("");
    const auto at_22 = statistics("--set output.energy=true");
    const auto at_45 = statistics("--set output.energy=true --set machine.area.node='45 nm'");
    EXPECT_GT(at_45.at("energy.dynamic").get<double>(), 1.5 * at_22.at("energy.dynamic").get<double>());
    unsigned same = 0;
    for (const auto& [name, value] : plain.items()) {
        EXPECT_EQ(value, at_22.at(name)) << name;
        EXPECT_EQ(value, at_45.at(name)) << name;
        ++same;
    }
    EXPECT_GT(same, 100u);
    EXPECT_FALSE(plain.contains("energy.dynamic"));
}

// Nothing is simulated in vain.
TEST_F(Energy, IsRefusedAtOnceWhereCactiFails) {
    const Output output = run(small_ + "--set output.energy=true --set machine.area.cacti=/bin/false", "out");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, testing::HasSubstr("gave no figures"));
    EXPECT_FALSE(std::filesystem::exists("out"));
}

// Every core its own; a little core's arrays are sized as they are, and leak over the same time.
TEST_F(Energy, EachCoreHasItsOwn) {
    const auto s = statistics(
        "--set output.energy=true --set machine.cores=2 --set machine.little.cores=1 --set "
        "machine.little.l1d.size=16KiB");
    EXPECT_GT(s.at("core0.energy.l1d.leakage").get<double>(), s.at("core1.energy.l1d.leakage").get<double>());
    EXPECT_GT(s.at("core1.energy.l1d.leakage").get<double>(), 0);
    EXPECT_TRUE(s.contains("energy.llc.leakage"));
    EXPECT_FALSE(s.contains("core1.energy.llc.leakage"));
}

TEST_F(Energy, WithoutTimeThereIsNone) {
    const auto s = statistics("--set output.energy=true --core functional");
    EXPECT_FALSE(s.contains("energy.dynamic"));
}

}  // namespace
}  // namespace stile::sim
