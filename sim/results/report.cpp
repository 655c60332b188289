// SPDX-License-Identifier: Apache-2.0
#include "sim/results/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/core/phase.h"
#include "sim/results/chart.h"
#include "sim/results/csv.h"
#include "sim/results/report_style.h"
#include "sim/results/row_result.h"
#include "sim/results/table.h"

namespace stile::sim {
namespace {

using nlohmann::json;

struct Line {
    std::string mechanism, policy, placement, size;
    double cycles = 0;
    size_t index = 0;
    std::string label() const {
        return mechanism + (policy == "-" ? "" : " " + policy) +
               (placement == "other_core" ? ", other core" : "");
    }
};

// By size first: what one wants to compare stands together.
std::vector<Line> lines_by_size(const Csv& csv) {
    std::vector<Line> lines;
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        lines.push_back({csv.at(i, "mechanism"), csv.at(i, "policy"), csv.at(i, "placement"),
                         csv.at(i, "size_bytes"), std::atof(csv.at(i, "cycles_mean").c_str()), i});
    }
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        return std::atoll(a.size.c_str()) < std::atoll(b.size.c_str());
    });
    for (Line& line : lines) line.size = size_text(std::atoll(line.size.c_str())) + " each way";
    return lines;
}

std::string table(const Csv& csv) {
    std::map<std::string, double> function;
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        if (csv.at(i, "mechanism") == "function")
            function[csv.at(i, "size_bytes")] = std::atof(csv.at(i, "cycles_mean").c_str());
    }
    std::string out =
        "<div "
        "class=\"wide\"><table><thead><tr><th>mechanism<th>policy<th>placement<th>size<th>cycles<th>p50<th>"
        "p99<th>ns<th>x "
        "function"
        "<th>instructions<th>system calls<th>context switches<th>page-table switches<th>copies<th>domain "
        "crossings"
        "<th>TLB misses<th>checked</tr></thead><tbody>\n";
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        const double cycles = std::atof(csv.at(i, "cycles_mean").c_str());
        const auto unit = function.find(csv.at(i, "size_bytes"));
        const std::string ratio =
            unit == function.end() || unit->second == 0 ? "-" : fmt::format("{:.2f}", cycles / unit->second);
        const std::string copies = csv.at(i, "copies"), checked = csv.at(i, "checked");
        out += fmt::format(
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<"
            "td>{}<"
            "td>{}</tr>\n",
            html_escape(csv.at(i, "mechanism")), html_escape(csv.at(i, "policy")), csv.at(i, "placement"),
            size_text(std::atoll(csv.at(i, "size_bytes").c_str())), short_number(cycles),
            csv.at(i, "cycles_p50"), csv.at(i, "cycles_p99"),
            short_number(std::atof(csv.at(i, "ns_mean").c_str())), ratio, csv.at(i, "instructions"),
            csv.at(i, "syscalls"), csv.at(i, "context_switches"), csv.at(i, "page_table_switches"),
            copies.empty() ? "-" : copies, csv.at(i, "domain_crossings"), csv.at(i, "tlb_misses"),
            checked == "1"   ? "yes"
            : checked == "0" ? "NO"
                             : "-");
    }
    return out + "</tbody></table></div>\n";
}

std::string refused(const Csv& csv) {
    if (csv.rows.empty()) return "";
    std::string out =
        "<h2>Refused</h2>\n<p>Combinations that the mechanism itself refuses, with the error it "
        "gives.</p>\n<ul>\n";
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        const std::string policy = csv.at(i, "policy");
        const std::string reason = csv.at(i, "reason");
        out +=
            fmt::format("<li>{}{}, {}{}: {} ({}){}</li>\n", html_escape(csv.at(i, "mechanism")),
                        policy == "-" ? "" : " " + html_escape(policy),
                        size_text(std::atoll(csv.at(i, "size_bytes").c_str())),
                        csv.at(i, "placement") == "other_core" ? ", other core" : "", csv.at(i, "errno_name"),
                        csv.at(i, "errno"), reason.empty() ? "" : ": " + html_escape(reason));
    }
    return out + "</ul>\n";
}

std::string failures(const json& stats) {
    std::string out;
    for (const json& row : stats.value("rows", json::array())) {
        for (const json& failure : row.value("failures", json::array())) {
            out += fmt::format("<li>{} {}: {}</li>\n", html_escape(row["key"].value("mechanism", "")),
                               size_text(row["key"].value("size_bytes", int64_t{0})),
                               html_escape(failure.get<std::string>()));
        }
    }
    return out.empty() ? "" : "<h2>Failed</h2>\n<ul class=\"bad\">\n" + out + "</ul>\n";
}

// Rows that made no timed calls: how they ended.
std::string programs(const json& stats) {
    std::string out;
    for (const json& row : stats.value("rows", json::array())) {
        if (row.value("measured", true)) continue;
        const uint64_t status = row.value("exit_status", uint64_t{0});
        const std::string end = !row.contains("exit_status") ? row.value("status", "")
                                : (status & 0x7f) != 0       ? fmt::format("signal {}", status & 0x7f)
                                                             : fmt::format("exit {}", status >> 8 & 0xff);
        out +=
            fmt::format("<tr><td>{}<td>{}<td>{}<td>{}</tr>\n", html_escape(row["key"].value("mechanism", "")),
                        end, row.value("cycles", uint64_t{0}), row.value("instructions", uint64_t{0}));
    }
    if (out.empty()) return "";
    return "<h2>Programs</h2>\n<table><thead><tr><th>workload<th>ended "
           "with<th>cycles<th>instructions</tr></thead><tbody>\n" +
           out + "</tbody></table>\n";
}

std::string footer(const std::string& host_json) {
    if (host_json.empty()) return "";
    const json host = json::parse(host_json);
    std::string out = "<footer>";
    for (const auto& [name, value] : host.items()) {
        if (value.is_object() || value.is_array()) continue;
        out += fmt::format("{}: {}<br>\n", html_escape(name),
                           html_escape(value.is_string() ? value.get<std::string>() : value.dump()));
    }
    return out + "</footer>\n";
}

}  // namespace

std::string report_html(const ReportInput& input) {
    Csv results = parse_csv(input.results_csv);
    // The others are told with how they ended.
    for (size_t i = results.rows.size(); i-- > 0;)
        if (results.at(i, "cycles_mean").empty())
            results.rows.erase(results.rows.begin() + static_cast<ptrdiff_t>(i));
    const Csv refusals = parse_csv(input.refused_csv);
    const json stats = input.stats_json.empty() ? json::object() : json::parse(input.stats_json);
    const std::string title = html_escape(input.title);
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>Stile: {0}</title>\n<style>{1}</style></head><body>\n<h1>{0}</h1>\n",
        title, report_style);
    out += failures(stats);
    if (!results.rows.empty()) {
        out += fmt::format(
            "<p>Machine <b>{}</b>, core <b>{}</b>, protection <b>{}</b>. One call there and back, "
            "warm.</p>\n",
            html_escape(results.at(0, "machine")), html_escape(results.at(0, "core")),
            html_escape(results.at(0, "protection")));
        if (results.at(0, "core") == "functional")
            out += "<p><b>This core model counts instructions: its cycles and ns are no times.</b></p>\n";
        const std::vector<Line> lines = lines_by_size(results);
        std::vector<Bar> bars;
        std::vector<Stack> stacks;
        std::vector<std::string> names(model::phase_names.begin(), model::phase_names.end());
        for (const Line& line : lines) {
            bars.push_back({line.label(), line.size, line.cycles, short_number(line.cycles)});
            Stack stack{line.label(), line.size, {}};
            for (const std::string& name : names) {
                stack.parts.push_back(std::atof(results.at(line.index, "phase_" + name).c_str()));
            }
            stacks.push_back(stack);
        }
        out += "<h2>What a call costs</h2>\n" + bar_chart(bars, "cycles per call, logarithmic");
        out += "<h2>Where the cycles go</h2>\n" + stack_chart(stacks, names);
        out += "<h2>Figures</h2>\n" + table(results) + report_reading;
    }
    out += programs(stats);
    out += refused(refusals);
    out += "<details><summary>The configuration, every value of it</summary><pre>" +
           html_escape(input.config_yaml) + "</pre></details>\n";
    out += footer(input.host_json);
    return out + "</body></html>\n";
}

}  // namespace stile::sim
