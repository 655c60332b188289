// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/codoms/fuzzer.h"

namespace {

using stile::codoms_fuzz::Shape;

// entries/ways/refill
bool parse(const std::string& text, Shape& shape) {
    char refill[16] = "software";
    const int n = std::sscanf(text.c_str(), "%u/%u/%15s", &shape.entries, &shape.ways, refill);
    const std::string kind = refill;
    shape.walk = kind == "hardware";
    return n >= 2 && (kind == "software" || kind == "hardware") && shape.entries >= 2 &&
           shape.entries <= 256 && shape.ways >= 2 && shape.ways <= shape.entries &&
           shape.entries % shape.ways == 0;
}

}  // namespace

// 0: nothing disagreed; 1: something did; 2: bad arguments; 3: a bug here.
int main(int argc, char** argv) try {
    using stile::model::CoreModel;
    stile::codoms_fuzz::FuzzOptions options;
    CLI::App app{
        "Random worlds of domains: do the cores and the specification of CODOMs agree on every access?"};
    const auto natural = CLI::Range(0.0, 1e18, "a number from 0 to 10^18");
    app.add_option("--count", options.count, "Checked accesses, at least")
        ->check(natural)
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Where the random numbers start")
        ->check(natural)
        ->capture_default_str();
    std::string core = "all";
    app.add_option("--core", core, "Core model")
        ->check(CLI::IsMember({"all", "functional", "inorder", "ooo"}));
    app.add_option("--cores", options.cores, "Cores of the machine; 0: one to four, by plan")
        ->check(CLI::Range(0, 4));
    std::string shape_text;
    app.add_option("--shape", shape_text,
                   "APL cache: entries/ways/refill, such as 32/32/software; default: various");
    auto* only = app.add_option("--plan", options.skip, "Only the plan of this number")->check(natural);
    app.add_option("--mismatches", options.most_mismatches, "Stop after as many")
        ->check(CLI::Range(1, 100000));
    bool verbose = false, whole = false, all_rows = false;
    app.add_flag("--verbose", verbose,
                 "Print how often each rule said what, on which way, and each instruction");
    app.add_flag("--whole", whole, "Print mismatches as they were found, not minimised");
    app.add_flag("--all-rows", all_rows, "Fail if a row of that table was never met");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    options.only = only->count() > 0;
    options.minimise = !whole;
    if (!shape_text.empty()) {
        Shape shape;
        if (!parse(shape_text, shape)) {
            std::fprintf(
                stderr,
                "codoms_fuzz: --shape %s: entries/ways[/software|hardware], ways a divisor of 2 or more\n",
                shape_text.c_str());
            return 2;
        }
        options.shapes = {shape};
    }
    if (core == "functional") options.models = {CoreModel::functional};
    if (core == "inorder") options.models = {CoreModel::inorder};
    if (core == "ooo") options.models = {CoreModel::ooo};
    const stile::codoms_fuzz::FuzzResult result = stile::codoms_fuzz::fuzz(options);
    if (verbose) std::fputs(result.coverage.table().c_str(), stdout);
    unsigned met = 0, all = 0;
    result.coverage.rows(met, all);
    if (verbose || all_rows) std::fputs(result.coverage.missing().c_str(), stdout);
    std::fputs(result.summary().c_str(), stdout);
    return result.findings.empty() && !(all_rows && met < all) ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "codoms_fuzz: %s\n", e.what());
    return 3;
}
