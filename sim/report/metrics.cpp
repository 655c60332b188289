// SPDX-License-Identifier: Apache-2.0
#include "sim/report/metrics.h"
#include "sim/sqlite/sqlite.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/results/csv.h"

namespace stile::sim {
namespace {

// Columns that say which row this is.
const std::set<std::string> key_columns{"mechanism", "policy",     "scope", "placement", "size_bytes",
                                        "proxies",   "protection", "core",  "machine",   "kernel_profile"};

// What the functional core counts as the others do. All else is time, or events of structures that it does
// not have, or a workload's own, which may be either.
bool needs_no_time(const std::string& metric) {
    static const std::set<std::string> counts{
        "calls",         "instructions",        "kernel_instructions", "uops",           "syscalls",
        "exceptions",    "page_table_switches", "context_switches",    "bytes_copied",   "copies",
        "copies_kernel", "copies_proxy",        "copies_user",         "checked",        "domain_crossings",
        "crossings",     "crossing_calls",      "crossing_returns",    "crossing_jumps", "bytes_written",
        "bytes_read",    "timed_calls",         "run_instructions"};
    return counts.count(metric.substr(metric.rfind('.') + 1)) != 0;
}

void leave_out_untimed(SweepData& data) {
    for (Metric& metric : data.metrics) {
        if (!metric.of_run() || needs_no_time(metric.name)) continue;
        for (size_t i = 0; i < data.rows.size(); ++i)
            if (!data.points[data.rows[i].point].timed) metric.values[i] = std::nullopt;
    }
}

void add_costs(SweepData& data) {
    const auto add = [&](const char* name, std::optional<double> SweepPoint::*field) {
        Metric metric{name, Metric::Kind::cost, {}};
        for (const SweepRow& row : data.rows) metric.values.push_back(data.points[row.point].*field);
        data.metrics.push_back(std::move(metric));
    };
    add("area_swept_mm2", &SweepPoint::area_swept);
    add("area_mm2", &SweepPoint::area);
    add("access_ns_swept", &SweepPoint::access_swept);
}

void add_results(SweepData& data) {
    for (size_t column = 0; column < data.columns.size(); ++column) {
        if (key_columns.count(data.columns[column])) continue;
        Metric metric{data.columns[column], Metric::Kind::result, {}};
        for (const SweepRow& row : data.rows) metric.values.push_back(whole_number(row.cells[column]));
        data.metrics.push_back(std::move(metric));
    }
}

void add_axes(SweepData& data) {
    for (size_t axis = 0; axis < data.axes.size(); ++axis) {
        Metric metric{data.axes[axis].key, Metric::Kind::axis, {}};
        for (const SweepRow& row : data.rows)
            metric.values.push_back(data.points[row.point].values[axis].number);
        data.metrics.push_back(std::move(metric));
    }
}

void add_statistics(const Database& database, SweepData& data, const std::set<std::string>& wanted) {
    std::set<std::string> taken(wanted);
    size_t numbers = data.metrics.size() * data.rows.size();
    const std::string rows = std::to_string(data.rows.size());
    database.query(
        "SELECT name FROM statistics GROUP BY name HAVING min(value) <> max(value) OR count(value) < " +
            rows + " ORDER BY name",
        [&](const Statement& row) {
            numbers += data.rows.size();
            if (numbers <= page_numbers) {
                taken.insert(row.text(0));
            } else if (!taken.count(row.text(0))) {
                ++data.left_out;
            }
        });
    std::map<std::pair<int64_t, int64_t>, size_t> place;
    for (size_t i = 0; i < data.rows.size(); ++i)
        place[{data.points[data.rows[i].point].number, data.rows[i].row}] = i;
    std::map<std::string, Metric> statistics;
    database.query("SELECT name, point, row, value FROM statistics", [&](const Statement& row) {
        const std::string name = row.text(0);
        const auto at = place.find({row.integer(1), row.integer(2)});
        if (!taken.count(name) || at == place.end()) return;
        Metric& metric = statistics[name];
        metric.values.resize(data.rows.size());
        metric.values[at->second] = row.number(3);
    });
    std::set<std::string> known;
    for (const Metric& metric : data.metrics) known.insert(metric.name);
    for (auto& [name, metric] : statistics) {
        if (known.count(name)) continue;
        metric.name = name;
        metric.kind = Metric::Kind::statistic;
        data.metrics.push_back(std::move(metric));
    }
}

std::optional<size_t> find_metric(const SweepData& data, const std::string& name) {
    for (size_t i = 0; i < data.metrics.size(); ++i)
        if (data.metrics[i].name == name) return i;
    return std::nullopt;
}

bool has_figures(const Metric& metric) {
    return std::any_of(metric.values.begin(), metric.values.end(),
                       [](const auto& value) { return value.has_value(); });
}

// What to look at where the sweep's own wish is not to be had: what calls take, or what they execute, even if
// that is the same everywhere; of programs without calls, their region or all of the run.
std::optional<std::string> next_best(const SweepData& data, bool clocks) {
    using Names = std::vector<const char*>;
    for (const char* name :
         clocks ? Names{"ns_mean", "instructions", "run_ns", "run_instructions"}
                : Names{"cycles_mean", "instructions", "roi.cycles", "run_cycles", "run_instructions"})
        if (const auto at = find_metric(data, name); at && has_figures(data.metrics[*at])) return name;
    for (const Metric::Kind kind : {Metric::Kind::result, Metric::Kind::statistic}) {
        for (const Metric& metric : data.metrics)
            if (metric.kind == kind && metric.varies()) return metric.name;
    }
    return std::nullopt;
}

// Cycles of different length cannot be held against each other.
bool sweeps_clocks(const SweepData& data) {
    return std::any_of(data.axes.begin(), data.axes.end(), [](const Axis& axis) {
        return axis.key == "machine.frequency" || axis.key == "machine.little.frequency";
    });
}

// The name of the figure that is looked at, `wish` if any row has it.
std::string choose(SweepData& data, const std::string& wish, const std::optional<std::string>& instead) {
    const auto found = find_metric(data, wish);
    if (data.rows.empty() || (found && has_figures(data.metrics[*found]))) return wish;
    std::string warning = "no row has a figure called " + wish;
    // The sweep's own wish, mostly.
    if ((wish == "cycles_mean" || wish == "ns_mean") && instead && instead->starts_with("run_"))
        warning = "no row makes timed calls, as " + wish + " needs them";
    if (instead && *instead != wish) warning += ": " + *instead + " is shown instead";
    data.warnings.push_back(warning);
    return instead.value_or(wish);
}

}  // namespace

bool Metric::varies() const {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end();
}

void read_metrics(const Database& database, SweepData& data) {
    const std::string own_cost = "area_swept_mm2", cost_wish = data.get("cost"),
                      objective_wish = data.get("objective");
    data.more_is_better = data.get("better") == "more";
    add_costs(data);
    add_results(data);
    add_axes(data);
    add_statistics(database, data, {cost_wish, objective_wish});
    leave_out_untimed(data);
    const std::string cost = choose(data, cost_wish.empty() ? own_cost : cost_wish, own_cost);
    const bool clocks = sweeps_clocks(data),
               cycles = objective_wish.empty() || objective_wish == "cycles_mean";
    if (clocks && cycles)
        data.warnings.push_back(
            "clocks are swept, and a cycle is not always as long: time is shown, not cycles");
    const std::string wish = !cycles ? objective_wish : clocks ? "ns_mean" : "cycles_mean";
    const std::string objective = choose(data, wish, next_best(data, clocks));
    std::erase_if(data.metrics, [&](const Metric& metric) {
        return !metric.varies() && metric.name != cost && metric.name != objective && metric.name != own_cost;
    });
    data.cost = find_metric(data, cost).value_or(0);
    data.objective = find_metric(data, objective).value_or(0);
}

}  // namespace stile::sim
