// SPDX-License-Identifier: Apache-2.0
//
// Question: does the comparison show what the mechanisms are, with nobody having written it down?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

TEST_F(Stile, ComparesTheMechanisms) {
    const Output output = run("", "r");
    ASSERT_EQ(output.code, 0) << output.err;
    const Csv csv = results("r");
    // Six mechanisms, codoms and dipc twice, three sizes; an empty system call carries no payload.
    ASSERT_EQ(csv.rows.size(), 8u * 3 - 2);
    const Csv refused = parse_csv(contents("r/refused.csv"));
    ASSERT_EQ(refused.rows.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(refused.at(i, "mechanism"), "syscall");
        EXPECT_EQ(refused.at(i, "errno"), "22");
    }

    for (const char* size : {"64", "4096"}) {
        EXPECT_EQ(csv.at(find(csv, "pipe", "-", size), "copies"), "2") << size;
        EXPECT_EQ(csv.at(find(csv, "pipe", "-", size), "copies_kernel"), "2") << size;
        EXPECT_EQ(csv.at(find(csv, "binder", "-", size), "copies"), "1") << size;
        EXPECT_EQ(csv.at(find(csv, "dipc", "low", size), "copies"), "0") << size;
        EXPECT_EQ(csv.at(find(csv, "dipc", "high", size), "copies"), "0") << size;
        EXPECT_EQ(csv.at(find(csv, "codoms", "low", size), "copies"), "0") << size;
        EXPECT_EQ(csv.at(find(csv, "codoms", "high", size), "copies"), "0") << size;
        EXPECT_EQ(csv.at(find(csv, "function", "-", size), "copies"), "0") << size;
    }
    for (const char* size : {"0", "64", "4096"}) {
        for (const char* policy : {"low", "high"}) {
            const size_t dipc = find(csv, "dipc", policy, size);
            EXPECT_EQ(number(csv, dipc, "syscalls"), 0);
            EXPECT_EQ(number(csv, dipc, "context_switches"), 0);
            EXPECT_EQ(number(csv, dipc, "page_table_switches"), 0);
            EXPECT_EQ(number(csv, dipc, "kernel_instructions"), 0);
            EXPECT_GE(number(csv, dipc, "domain_crossings"), 2);  // there and back
            EXPECT_EQ(csv.at(dipc, "scope"), "cross_process");
            EXPECT_EQ(csv.at(dipc, "proxies"), "software");

            const size_t codoms = find(csv, "codoms", policy, size);
            EXPECT_EQ(number(csv, codoms, "syscalls"), 0);
            EXPECT_EQ(number(csv, codoms, "kernel_instructions"), 0);
            EXPECT_EQ(number(csv, codoms, "apl_misses"), 0);
            // There and back; under `high` through the gate, and out of it through its exit.
            EXPECT_EQ(number(csv, codoms, "domain_crossings"), policy == std::string("high") ? 5 : 2);
            EXPECT_EQ(number(csv, codoms, "phase_proxy"), 0);
            EXPECT_EQ(csv.at(codoms, "scope"), "same_process");
            EXPECT_LT(number(csv, codoms, "cycles_mean"), number(csv, dipc, "cycles_mean"));
        }
        EXPECT_GE(number(csv, find(csv, "binder", "-", size), "context_switches"), 2);
        EXPECT_GE(number(csv, find(csv, "binder", "-", size), "syscalls"), 2);
        EXPECT_GE(number(csv, find(csv, "pipe", "-", size), "context_switches"), 2);
        EXPECT_EQ(number(csv, find(csv, "function", "-", size), "domain_crossings"), 0);
        EXPECT_LT(number(csv, find(csv, "dipc", "low", size), "cycles_mean"),
                  number(csv, find(csv, "dipc", "high", size), "cycles_mean"));
    }
    EXPECT_EQ(csv.at(find(csv, "syscall", "-", "0"), "syscalls"), "1");

    const double function = number(csv, find(csv, "function", "-", "0"), "cycles_mean");
    const double dipc = number(csv, find(csv, "dipc", "low", "0"), "cycles_mean");
    const double binder = number(csv, find(csv, "binder", "-", "0"), "cycles_mean");
    EXPECT_LE(dipc, 60 * function);
    EXPECT_GE(binder, 10 * dipc);
    EXPECT_GT(dipc, function);

    for (size_t i = 0; i < csv.rows.size(); ++i) {
        EXPECT_EQ(csv.at(i, "calls"), "20");
        if (csv.at(i, "size_bytes") != "0") {
            EXPECT_EQ(csv.at(i, "checked"), "1") << csv.at(i, "mechanism");
        }
        double phases = 0;
        for (const std::string& name : csv.header) {
            if (name.starts_with("phase_")) phases += number(csv, i, name);
        }
        EXPECT_NEAR(phases, number(csv, i, "cycles_mean"), 1e-4) << csv.at(i, "mechanism");
        EXPECT_NEAR(number(csv, i, "ns_mean") * 3.1, number(csv, i, "cycles_mean"), 1e-3);
        EXPECT_LE(number(csv, i, "cycles_p50"), number(csv, i, "cycles_p99"));
        EXPECT_LE(number(csv, i, "kernel_instructions"), number(csv, i, "instructions"));
    }
    for (const char* name :
         {"config.yaml", "stats.txt", "stats.json", "console.txt", "report.html", "host.json"}) {
        EXPECT_TRUE(std::filesystem::exists(std::string("r/") + name)) << name;
    }
    EXPECT_THAT(output.out, testing::HasSubstr("mechanism  policy"));
    EXPECT_THAT(output.out, testing::ContainsRegex("dipc +low +0 B"));
}

}  // namespace
}  // namespace stile::sim
