// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/isa/fuzzer.h"

namespace {

void print_coverage(const stile::fuzz::FuzzResult& result) {
    const auto forms = stile::isa::forms();
    std::printf("%12s %12s  row\n", "executed", "faulted");
    for (size_t i = 0; i < forms.size(); ++i) {
        const auto& row = result.rows[i];
        std::printf("%12llu %12llu  %s %s [%s]\n", static_cast<unsigned long long>(row.executed),
                    static_cast<unsigned long long>(row.faulted), forms[i].mnemonic, forms[i].operands,
                    forms[i].encoding);
    }
}

}  // namespace

// 0: nothing disagreed; 1: something did; 2: bad arguments; 3: the host cannot run this.
int main(int argc, char** argv) try {
    using stile::model::CoreModel;
    stile::fuzz::FuzzOptions options;
    CLI::App app{"Random instructions on the host's processor and on Stile: do they do the same?"};
    const auto natural = CLI::Range(0.0, 1e18, "a number from 0 to 10^18");  // strtoull takes -1, and 10^30
    app.add_option("--count", options.count, "Instructions to execute natively, at least")
        ->check(natural)
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Where the random numbers start")
        ->check(natural)
        ->capture_default_str();
    app.add_option("--row", options.generator.row,
                   "Only rows whose mnemonic or encoding contains this, or whose oracle is called so");
    app.add_option("--length", options.generator.length, "Instructions in a sequence, at most")
        ->check(CLI::Range(1, 24))
        ->capture_default_str();
    std::string core = "all";
    app.add_option("--core", core, "Core model")
        ->check(CLI::IsMember({"all", "functional", "inorder", "ooo"}));
    app.add_option("--machine-cores", options.machine_cores,
                   "Cores of the machine; the others sleep, but `ooo` has a store buffer")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    auto* only =
        app.add_option("--sequence", options.skip, "Only the sequence of this number")->check(natural);
    app.add_option("--skip", options.skip, "Start with the sequence of this number")
        ->check(natural)
        ->excludes(only);
    app.add_option("--runs", options.runs, "Executions of each sequence")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_option("--mismatches", options.most_mismatches, "Stop after as many")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    bool coverage = false, whole = false, all_rows = false;
    app.add_flag("--all-rows", all_rows, "Fail if a row that can be compared was never executed");
    app.add_flag("--coverage", coverage, "Print how often each row was executed");
    app.add_flag("--whole", whole, "Print mismatches as they were found, not minimised");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    options.only = only->count() > 0;
    options.minimise = !whole;
    options.generator.fsgsbase = stile::fuzz::Native::has_fsgsbase();
    options.generator.keys = stile::fuzz::Native::has_keys();
    if (core == "functional") options.cores = {CoreModel::functional};
    if (core == "inorder") options.cores = {CoreModel::inorder};
    if (core == "ooo") options.cores = {CoreModel::ooo};
    if (stile::fuzz::Generator(options.seed, options.generator).rows().empty()) {
        std::fprintf(stderr, "isa_fuzz: no row that can be compared fits '%s'\n",
                     options.generator.row.c_str());
        return 2;
    }
    const stile::fuzz::FuzzResult result = stile::fuzz::fuzz(options);
    if (coverage) print_coverage(result);
    std::fputs(result.summary().c_str(), stdout);
    for (const std::string& row : result.uncovered)
        if (all_rows) std::printf("never executed: %s\n", row.c_str());
    return result.mismatches.empty() && !(all_rows && !result.uncovered.empty()) ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "isa_fuzz: %s\n", e.what());
    return 3;
}
