// SPDX-License-Identifier: Apache-2.0
//
// Two runs, or two sweeps, row by row.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace stile::sim {

// What is compared of a directory.
struct Results {
    struct Row {
        std::vector<std::string> key;      // one cell per key column
        std::vector<std::string> figures;  // one per figure column; "" where there is none
        // Statistics by name, where they were asked for.
        std::map<std::string, std::string> statistics;
    };
    bool is_sweep = false;
    std::vector<std::string> axes;  // full keys
    std::vector<std::string> key_columns, figure_columns;
    std::vector<Row> rows;
    std::map<std::string, std::string> configuration;  // full key: value
};

// Throws std::runtime_error when `directory` holds no results, or none that can be understood.
Results load_results(const std::filesystem::path& directory, bool with_statistics);

struct NotComparable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct DiffOptions {
    double threshold = 0;           // per cent: smaller changes are not told
    std::set<std::string> figures;  // only these; empty: all
};

struct Change {
    std::vector<std::string> key;  // empty: the configuration
    std::string figure, a, b;
    std::string percent;  // "+5.3"; empty where there is none
};

struct Diff {
    std::vector<std::string> key_columns;
    std::vector<bool> telling;  // of these: whether rows differ in it
    std::vector<Change> configuration, figures;
    std::vector<std::vector<std::string>> only_a, only_b;  // keys
    size_t compared = 0, equal = 0;                        // rows
    bool differs() const { return !figures.empty() || !only_a.empty() || !only_b.empty(); }
};

// Throws NotComparable that says why.
Diff compare(const Results& a, const Results& b, const DiffOptions& options);

std::string diff_text(const Diff& diff, const std::string& name_a, const std::string& name_b);
std::string diff_csv(const Diff& diff);

}  // namespace stile::sim
