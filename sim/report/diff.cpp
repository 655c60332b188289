// SPDX-License-Identifier: Apache-2.0
#include "sim/report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/report/words.h"
#include "sim/results/csv.h"
#include "sim/results/row_result.h"
#include "sim/results/table.h"

namespace stile::sim {
namespace {

using Key = std::vector<std::string>;

// A column that says one thing in all of A and another in all of B (machine, core) is a difference of
// configuration: rows are told apart by the others.
std::vector<size_t> telling_columns(const Results& a, const Results& b) {
    std::vector<size_t> columns;
    for (size_t i = 0; i < a.key_columns.size(); ++i) {
        std::set<std::string> in_a, in_b;
        // Points without rows have no such cells.
        for (const auto& row : a.rows)
            if (!row.key[i].empty()) in_a.insert(row.key[i]);
        for (const auto& row : b.rows)
            if (!row.key[i].empty()) in_b.insert(row.key[i]);
        const bool constant = in_a.size() <= 1 && in_b.size() <= 1;
        if (!constant || in_a == in_b) columns.push_back(i);
    }
    return columns;
}

// Rows by key, each with a number that tells equal ones apart.
std::map<Key, const Results::Row*> by_key(const Results& results, const std::vector<size_t>& columns,
                                          std::vector<Key>& order) {
    std::map<Key, const Results::Row*> rows;
    std::map<Key, size_t> times;
    for (const Results::Row& row : results.rows) {
        Key key;
        for (size_t i : columns) key.push_back(row.key[i]);
        const size_t nth = ++times[key];
        key.push_back(nth == 1 ? "" : std::to_string(nth));
        rows[key] = &row;
        order.push_back(key);
    }
    return rows;
}

class Comparison {
  public:
    explicit Comparison(const DiffOptions& options) : options_(options) {}

    void figure(const Key& key, const std::string& name, const std::string& a, const std::string& b,
                std::vector<Change>& changes) const {
        if (a == b || (!options_.figures.empty() && !options_.figures.count(name))) return;
        const auto from = whole_number(a), to = whole_number(b);
        std::string percent;
        if (from && to) {
            if (*from == *to) return;
            if (*from != 0) {
                const double change = (*to - *from) / std::abs(*from) * 100;
                if (std::abs(change) < options_.threshold) return;
                percent = (change > 0 ? "+" : "") + digits(change, 3);
            }
        }
        changes.push_back({key, name, a, b, percent});
    }

  private:
    const DiffOptions& options_;
};

void check_comparable(const Results& a, const Results& b) {
    if (a.is_sweep != b.is_sweep)
        throw NotComparable(fmt::format("the first is a {}, the second a {}", a.is_sweep ? "sweep" : "run",
                                        b.is_sweep ? "sweep" : "run"));
    const std::set<std::string> axes_a(a.axes.begin(), a.axes.end()), axes_b(b.axes.begin(), b.axes.end());
    if (axes_a == axes_b) return;
    const auto list = [](const std::set<std::string>& names) {
        std::string all;
        for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
        return all.empty() ? std::string("none") : all;
    };
    throw NotComparable(fmt::format("their axes differ: {} and {}", list(axes_a), list(axes_b)));
}

std::string row_text(const Diff& diff, const Key& key) {
    std::string text;
    for (size_t i = 0; i < diff.key_columns.size(); ++i) {
        const std::string &column = diff.key_columns[i], &cell = key[i];
        if (cell.empty() || cell == "-" || !diff.telling[i]) continue;
        const bool axis = column.find('.') != std::string::npos;
        std::string shown = axis ? column.substr(column.rfind('.') + 1) + "=" + cell : cell;
        if (column == "size_bytes") shown = size_text(std::atoll(cell.c_str()));
        text += (text.empty() ? "" : " ") + shown;
    }
    if (!key.back().empty()) text += " #" + key.back();
    return text.empty() ? "the only row" : text;
}

}  // namespace

Diff compare(const Results& a, const Results& b, const DiffOptions& options) {
    check_comparable(a, b);
    // The same axes may stand in another order.
    Results aligned_b = b;
    aligned_b.key_columns = a.key_columns;
    for (Results::Row& row : aligned_b.rows) {
        Key key;
        for (const std::string& column : a.key_columns) {
            const auto at = std::find(b.key_columns.begin(), b.key_columns.end(), column);
            key.push_back(row.key[static_cast<size_t>(at - b.key_columns.begin())]);
        }
        row.key = key;
    }
    Diff diff;
    const std::vector<size_t> columns = telling_columns(a, aligned_b);
    for (size_t i : columns) diff.key_columns.push_back(a.key_columns[i]);
    std::vector<Key> order_a, order_b;
    const auto rows_a = by_key(a, columns, order_a), rows_b = by_key(aligned_b, columns, order_b);

    for (size_t column = 0; column < columns.size(); ++column) {
        // What follows from the columns before (a mechanism's scope) tells nothing new.
        std::map<Key, std::string> by_prefix;
        bool telling = false;
        for (const auto* order : {&order_a, &order_b}) {
            for (const Key& key : *order) {
                const Key prefix(key.begin(), key.begin() + static_cast<ptrdiff_t>(column));
                const auto [found, fresh] = by_prefix.try_emplace(prefix, key[column]);
                telling = telling || found->second != key[column];
            }
        }
        diff.telling.push_back(telling);
    }

    const Comparison comparison(options);
    for (const Key& key : order_a) {
        const auto other = rows_b.find(key);
        if (other == rows_b.end()) {
            diff.only_a.push_back(key);
            continue;
        }
        const Results::Row &in_a = *rows_a.at(key), &in_b = *other->second;
        const size_t before = diff.figures.size();
        for (size_t i = 0; i < a.figure_columns.size(); ++i) {
            const auto at = std::find(b.figure_columns.begin(), b.figure_columns.end(), a.figure_columns[i]);
            if (at == b.figure_columns.end()) continue;
            comparison.figure(key, a.figure_columns[i], in_a.figures[i],
                              in_b.figures[static_cast<size_t>(at - b.figure_columns.begin())], diff.figures);
        }
        std::set<std::string> names;
        for (const auto& [name, value] : in_a.statistics) names.insert(name);
        for (const auto& [name, value] : in_b.statistics) names.insert(name);
        const auto value_in = [](const Results::Row& row, const std::string& name) {
            const auto found = row.statistics.find(name);
            return found == row.statistics.end() ? "" : found->second;
        };
        for (const std::string& name : names)
            comparison.figure(key, name, value_in(in_a, name), value_in(in_b, name), diff.figures);
        ++diff.compared;
        if (diff.figures.size() == before) ++diff.equal;
    }
    for (const Key& key : order_b)
        if (!rows_a.count(key)) diff.only_b.push_back(key);
    if (diff.compared == 0 && !a.rows.empty() && !b.rows.empty())
        throw NotComparable(fmt::format("they have no row in common: the first has {}, the second {}",
                                        row_text(diff, order_a[0]), row_text(diff, order_b[0])));

    std::set<std::string> keys;
    for (const auto& [key, value] : a.configuration) keys.insert(key);
    for (const auto& [key, value] : b.configuration) keys.insert(key);
    for (const std::string& key : keys) {
        const auto in_a = a.configuration.find(key), in_b = b.configuration.find(key);
        const std::string value_a = in_a == a.configuration.end() ? "-" : in_a->second,
                          value_b = in_b == b.configuration.end() ? "-" : in_b->second;
        if (value_a != value_b) diff.configuration.push_back({{}, key, value_a, value_b, ""});
    }
    return diff;
}

std::string diff_text(const Diff& diff, const std::string& name_a, const std::string& name_b) {
    std::string out = fmt::format("A: {}\nB: {}\n", name_a, name_b);
    if (!diff.configuration.empty()) {
        std::vector<std::vector<std::string>> cells{{"configuration", "A", "B"}};
        for (const Change& change : diff.configuration) cells.push_back({change.figure, change.a, change.b});
        out += "\n" + aligned(cells, 3);
    }
    if (!diff.figures.empty()) {
        std::vector<std::vector<std::string>> cells{{"row", "figure", "A", "B", "change"}};
        for (const Change& change : diff.figures) {
            cells.push_back({row_text(diff, change.key), change.figure, change.a.empty() ? "-" : change.a,
                             change.b.empty() ? "-" : change.b,
                             change.percent.empty() ? "" : change.percent + " %"});
        }
        out += "\n" + aligned(cells, 2);
    }
    const auto list = [&](const char* where, const std::vector<Key>& keys) {
        if (keys.empty()) return;
        out += fmt::format("\nonly in {}:\n", where);
        for (const Key& key : keys) out += "  " + row_text(diff, key) + "\n";
    };
    list("A", diff.only_a);
    list("B", diff.only_b);
    out += fmt::format("\n{} rows compared: {} without a difference, {} with.\n", diff.compared, diff.equal,
                       diff.compared - diff.equal);
    return out;
}

std::string diff_csv(const Diff& diff) {
    std::string out = "kind";
    for (const std::string& column : diff.key_columns) out += "," + csv_cell(column);
    out += ",nth,figure,a,b,change_percent\n";
    const auto line = [&](const char* kind, Key key, const std::string& figure, const std::string& a,
                          const std::string& b, const std::string& percent) {
        key.resize(diff.key_columns.size() + 1);
        out += kind;
        for (const std::string& cell : key) out += "," + csv_cell(cell);
        for (const std::string& cell : {figure, a, b, percent}) out += "," + csv_cell(cell);
        out += "\n";
    };
    for (const Change& change : diff.configuration)
        line("configuration", {}, change.figure, change.a, change.b, "");
    for (const Change& change : diff.figures)
        line("figure", change.key, change.figure, change.a, change.b, change.percent);
    for (const Key& key : diff.only_a) line("only_a", key, "", "", "", "");
    for (const Key& key : diff.only_b) line("only_b", key, "", "", "", "");
    return out;
}

}  // namespace stile::sim
