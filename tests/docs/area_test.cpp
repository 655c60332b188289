// SPDX-License-Identifier: Apache-2.0
//
// Question: are the errors that docs/area.md states those of the program, and do its mistakes end in exit
// code 2?
#include <map>

#include "sim/results/run_directory.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

const std::string source = STILE_SOURCE_DIR;

TEST_F(Stile, AreaErrorsAreAsDocumented) {
    const std::string page = read_file(source + "/docs/area.md");
    for (const char* name : {"cacti_points.csv", "cacti_random_points.csv"}) {
        const Output output = stile("area --errors --points " + source + "/tests/data/" + name);
        ASSERT_EQ(output.code, 0) << output.err;
        EXPECT_THAT(page, HasSubstr(output.out)) << name;
    }
}

TEST_F(Stile, AreaListsTheArraysAndTheirShares) {
    const Output output = stile("area " + source + "/configs/runs/domains.yaml --csv");
    ASSERT_EQ(output.code, 0) << output.err;
    std::istringstream lines(output.out);
    double shares = 0;
    size_t rows = 0;
    std::string line;
    std::getline(lines, line);
    EXPECT_THAT(line, HasSubstr("structure,style,entries"));
    for (; std::getline(lines, line); ++rows) shares += std::atof(line.substr(line.rfind(',') + 1).c_str());
    EXPECT_GT(rows, 15u);
    EXPECT_NEAR(shares, 1, 1e-4);
    EXPECT_THAT(output.out, HasSubstr("\ncodoms.apl_cache,"));
}

// A little core has a table of its own, with its own sizes; what cores share is there once.
TEST_F(Stile, AreaHasLittleCoresToo) {
    const Output output =
        stile("area " + source +
              "/configs/runs/domains.yaml --csv --set machine.llc.size=256KiB --set "
              "machine.cores=4 --set machine.little.cores=2 --set machine.little.l1d.size=16KiB");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv csv = parse_csv(output.out);
    std::map<std::string, double> bits, shares;
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        const std::string name = csv.at(i, "structure");
        bits[name] = std::stod(csv.at(i, "bits"));
        if (!csv.at(i, "share_of_arrays").empty())
            shares[name.starts_with("little.") ? "little" : "big"] += std::stod(csv.at(i, "share_of_arrays"));
    }
    EXPECT_GT(bits.at("l1d"), 1.9 * bits.at("little.l1d"));
    EXPECT_EQ(bits.at("l1i"), bits.at("little.l1i"));
    EXPECT_TRUE(bits.contains("little.codoms.apl_cache"));
    EXPECT_FALSE(bits.contains("little.llc"));
    EXPECT_NEAR(shares["big"], 1, 1e-4);
    EXPECT_NEAR(shares["little"], 1, 1e-4);
}

// A script stands for CACTI and gives every array the same figures.
TEST_F(Stile, AreaAsksCactiInPlaceOfTheModel) {
    write("cacti",
          "#!/bin/sh\ngrep -q '^-technology (u) 0.032' $2 || exit 1\ncat << E\n"
          "    Access time (ns): 0.5\n    Cycle time (ns):  0.5\n"
          "    Total dynamic associative search energy per access (nJ): 0.002\n"
          "    Total dynamic read energy per access (nJ): 0.001\n"
          "    Total leakage power of a bank (mW): 3\n    Cache height x width (mm): 0.2 x 0.4\nE\n");
    std::filesystem::permissions("cacti", std::filesystem::perms::owner_all);
    const Output output = stile("area " + source +
                                "/configs/runs/domains.yaml --csv --set machine.area.cacti=$PWD/cacti "
                                "--set 'machine.area.node=32 nm'");
    ASSERT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.out, HasSubstr("\nl1d,cacti,512,545,279040,8,1RW,0.08,0.5,2,4,1,3,"));
    EXPECT_THAT(output.out, HasSubstr("\nwalker.pd,cacti,32,71,2272,full,1RW+1S,0.08,0.5,2,0,2,3,"));
    EXPECT_THAT(output.out, HasSubstr("\ncodoms.capabilities,flip-flops,"));
}

// Nothing runs: a machine file alone says enough, and its mistakes are still told.
TEST_F(Stile, AreaOfAMachineFile) {
    const std::string machines = source + "/configs/machines/";
    const Output alone = stile("area --csv " + machines + "xeon-e3-1220v2.yaml");
    ASSERT_EQ(alone.code, 0) << alone.err;
    write("run.yaml", "extends: " + machines + "xeon-e3-1220v2.yaml\nworkload: domains\n");
    EXPECT_EQ(alone.out, stile("area --csv run.yaml").out);
    write("wrong.yaml", "extends: " + machines + "default.yaml\nmachine: {l1d: {wayz: 4}}\n");
    EXPECT_THAT(stile("area wrong.yaml").err, HasSubstr("wrong.yaml:2:17: error: unknown key 'wayz'"));
    write("unnamed.yaml", "workload: {}\n");
    EXPECT_THAT(stile("area unnamed.yaml").err, HasSubstr("'workload.name' is missing"));
    EXPECT_EQ(stile("run " + machines + "default.yaml").code, 2);
}

TEST_F(Stile, AreaMistakes) {
    EXPECT_EQ(stile("area").code, 2);
    EXPECT_EQ(stile("area --points absent.csv").code, 2);
    write("bad.csv", "kind,size_bytes,block_bytes,assoc,tag_bits,tech_nm\ncache,64,8,3,default,32\n");
    EXPECT_THAT(stile("area --points bad.csv").err, HasSubstr("bad.csv:2:1: error: assoc is 3"));
    write("node.csv", "kind,size_bytes,block_bytes,assoc,tag_bits,tech_nm\ncache,64,8,0,default,28\n");
    EXPECT_THAT(stile("area --points node.csv").err, HasSubstr("22, 32 or 45"));
    const std::string run = "area " + source + "/configs/runs/domains.yaml --set machine.area.cacti=";
    EXPECT_EQ(stile(run + "/absent/cacti").code, 2);
    const Output failed = stile(run + "/bin/false");
    EXPECT_EQ(failed.code, 2);
    EXPECT_THAT(failed.err, HasSubstr("gave no figures"));
}

}  // namespace
}  // namespace stile::sim
