// SPDX-License-Identifier: Apache-2.0
//
// Two runs or two sweeps, row by row: what a change of code, machine or version has done to figures.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "sim/cli/command.h"
#include "sim/config/nearest.h"
#include "sim/process/say.h"
#include "sim/report/diff.h"
#include "sim/results/csv.h"
#include "sim/run/run.h"

namespace stile::sim {
namespace {

struct DiffArguments {
    std::string a, b;
    std::vector<std::string> figures;
    DiffOptions options;
    bool csv = false, statistics = false, exit_code = false;
};

Results load(const std::string& directory, bool with_statistics) {
    try {
        return load_results(directory, with_statistics);
    } catch (const std::runtime_error& error) {
        throw BadInput({directory, 0, 0}, error.what(), "the directory of a run or a sweep is expected");
    }
}

std::vector<std::string> figures_of(const Results& results) {
    std::set<std::string> names(results.figure_columns.begin(), results.figure_columns.end());
    for (const Results::Row& row : results.rows)
        for (const auto& [name, value] : row.statistics) names.insert(name);
    return {names.begin(), names.end()};
}

// Those that neither has: nothing would be compared, and nothing found to differ.
std::vector<std::string> unknown_figures(const Results& a, const Results& b,
                                         const std::vector<std::string>& wanted) {
    const std::vector<std::string> in_a = figures_of(a), in_b = figures_of(b);
    std::vector<std::string> unknown;
    for (const std::string& name : wanted)
        if (!std::binary_search(in_a.begin(), in_a.end(), name) &&
            !std::binary_search(in_b.begin(), in_b.end(), name))
            unknown.push_back(name);
    return unknown;
}

void refuse(const std::vector<std::string>& unknown, const std::vector<std::string>& known) {
    Faults faults;
    for (const std::string& name : unknown) {
        const std::string near = nearest(name, known);
        faults.push_back({{"--figure " + name, 0, 0},
                          "neither has a figure of that name",
                          near.empty() ? "a column of results.csv or a statistic is expected"
                                       : "did you mean '" + near + "'?"});
    }
    if (!faults.empty()) throw BadInput(std::move(faults));
}

int diff_command(DiffArguments arguments) {
    arguments.options.figures.insert(arguments.figures.begin(), arguments.figures.end());
    Results a = load(arguments.a, arguments.statistics), b = load(arguments.b, arguments.statistics);
    if (!arguments.statistics && !unknown_figures(a, b, arguments.figures).empty()) {
        a = load(arguments.a, true);
        b = load(arguments.b, true);
    }
    refuse(unknown_figures(a, b, arguments.figures), figures_of(a));
    Diff diff;
    try {
        diff = compare(a, b, arguments.options);
    } catch (const NotComparable& error) {
        throw BadInput({arguments.a + " and " + arguments.b, 0, 0}, error.what(),
                       "two runs of the same rows or two sweeps over the same axes can be compared");
    }
    put(arguments.csv ? diff_csv(diff) : diff_text(diff, arguments.a, arguments.b));
    return arguments.exit_code && diff.differs() ? exit_failed : exit_done;
}

}  // namespace

Command add_diff(CLI::App& app) {
    const auto arguments = std::make_shared<DiffArguments>();
    CLI::App* diff = app.add_subcommand("diff", "Compare two runs, or two sweeps, row by row");
    diff->add_option("A", arguments->a, "Run or sweep directory")->required();
    diff->add_option("B", arguments->b, "Run or sweep directory")->required();
    diff->add_option("--threshold", arguments->options.threshold,
                     "Leave out figures that change by less than so many per cent")
        ->type_name("PERCENT")
        ->check([](const std::string& text) {
            const auto percent = whole_number(text);
            return percent && *percent >= 0 ? std::string()
                                            : "'" + text + "' is no percentage; 0 or more is expected";
        });
    diff->add_option("--figure", arguments->figures, "Only this column or statistic; may be given again")
        ->type_name("NAME")
        ->expected(1)
        ->take_all();
    diff->add_flag("--statistics", arguments->statistics, "Compare all statistics as well");
    diff->add_flag("--csv", arguments->csv, "Print CSV");
    diff->add_flag("--exit-code", arguments->exit_code, "Exit with 1 if rows or figures differ");
    return {diff, [arguments] { return diff_command(*arguments); }};
}

}  // namespace stile::sim
