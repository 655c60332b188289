// SPDX-License-Identifier: Apache-2.0
//
// The page is XML as well as HTML, so that a test can tell whether it is well-formed. All of it but the
// interactive charts is there without JavaScript.
#include "sim/report/sweep_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/report/page_files.h"
#include "sim/report/rows.h"
#include "sim/report/words.h"
#include "sim/results/chart.h"
#include "sim/results/row_result.h"

namespace stile::sim {
namespace {

std::string safe(const std::string& text) { return html_escape(page_text(text)); }

std::string base64(const std::string& bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; ++j)
            group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0u);
        for (size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63];
    }
    return out;
}

// What could end the element, or be markup, is written as escapes that JSON knows.
std::string embedded_json(const nlohmann::ordered_json& json) {
    std::string out;
    for (char c : json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
        if (c == '<')
            out += "\\u003c";
        else if (c == '>')
            out += "\\u003e";
        else if (c == '&')
            out += "\\u0026";
        else
            out += c;
    }
    return out;
}

std::string script(std::string_view text) {
    return fmt::format("<script>//<![CDATA[\n{}\n//]]></script>\n", text);
}

std::string figure_head(const SweepData& data, size_t metric) {
    const MetricWords words = metric_words(data.metrics[metric].name);
    return words.unit.empty() ? data.metrics[metric].name
                              : data.metrics[metric].name + " (" + words.unit + ")";
}

std::string front_caption(const Answer& answer) {
    std::string caption = "The front: nothing as cheap is better";
    if (answer.steps.size() < answer.front.size())
        caption += fmt::format("; of its {} designs those that gain 2 %, and the best", answer.front.size());
    return caption;
}

std::string ranking_table(const SweepData& data, const Selection& selection, const Answer& answer) {
    std::string out = fmt::format(
        "<table class=\"front\"><caption>The best first; cost is the same for all</caption><thead><tr>"
        "<th scope=\"col\">design</th><th scope=\"col\">{}</th><th scope=\"col\">of the "
        "best</th></tr></thead>"
        "<tbody>\n",
        safe(figure_head(data, selection.objective)));
    const double best = answer.ranking[0].figures.objective;
    for (size_t i = 0; i < std::min(answer.ranking.size(), front_shown_whole); ++i) {
        const Design& design = answer.ranking[i];
        out += fmt::format("<tr{}><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                           i == 0 ? " class=\"build\"" : "", safe(design_text(data, design)),
                           three_digits(design.figures.objective),
                           best > 0 ? times_text(design.figures.objective / best) : "");
    }
    return out + "</tbody></table>\n";
}

std::string rows_html(const SweepData& data, const Selection& selection, const RowsTable& table) {
    std::string out = fmt::format("<table class=\"front\"><caption>{}</caption>\n",
                                  safe(figure_head(data, selection.objective)));
    const auto cells = rows_cells(data, selection, table);
    for (size_t line = 0; line < cells.size(); ++line) {
        out += line == 0 ? "<thead><tr>" : "<tr>";
        for (size_t i = 0; i < cells[line].size(); ++i) {
            const char* tag = line == 0 ? "th scope=\"col\"" : i == 0 ? "th scope=\"row\"" : "td";
            out += fmt::format("<{}>{}</{}>", tag, safe(cells[line][i]), line == 0 || i == 0 ? "th" : "td");
        }
        out += line == 0 ? "</tr></thead><tbody>\n" : "</tr>\n";
    }
    return out + "</tbody></table>\n";
}

std::string front_table(const SweepData& data, const Selection& selection, const Answer& answer) {
    if (answer.rows) return rows_html(data, selection, *answer.rows);
    if (!answer.ranking.empty()) return ranking_table(data, selection, answer);
    if (answer.steps.empty()) return "";
    std::string out = fmt::format(
        "<table class=\"front\"><caption>{}</caption><thead><tr><th "
        "scope=\"col\">"
        "design</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">cost, of the one "
        "before</th>"
        "<th scope=\"col\">change</th></tr></thead><tbody>\n",
        front_caption(answer), safe(figure_head(data, selection.cost)),
        safe(figure_head(data, selection.objective)));
    for (size_t step = 0; step < answer.steps.size(); ++step) {
        const size_t i = answer.steps[step];
        const Tradeoff& now = answer.front[i].figures;
        std::string times, change;
        if (step > 0) {
            const Tradeoff& before = answer.front[answer.steps[step - 1]].figures;
            if (before.cost > 0) times = times_text(now.cost / before.cost);
            if (before.objective != 0) {
                const double percent = (now.objective - before.objective) / before.objective * 100;
                change = (percent > 0 ? "+" : "") + digits(percent, 2) + " %";
            }
        }
        out += fmt::format(
            "<tr{}><th scope=\"row\">{}{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            i == *answer.build ? " class=\"build\"" : "", safe(design_text(data, answer.front[i])),
            i == *answer.build ? " <strong>build this</strong>" : "", three_digits(now.cost),
            three_digits(now.objective), times, change);
    }
    return out + "</tbody></table>\n";
}

std::string pictures(const std::vector<DrawnChart>& charts) {
    if (charts.empty())
        return "<p class=\"static note\">Charts need JavaScript here; gnuplot, which draws those that do "
               "not, was not "
               "at hand or had nothing to draw. The figures are in results.csv.</p>\n";
    std::string out = "<div class=\"static\">\n";
    for (const DrawnChart& drawn : charts) {
        out += fmt::format(
            "<figure><img alt=\"{0}\" src=\"data:image/svg+xml;base64,{1}\"/><figcaption>{0} "
            "(charts/{2})</figcaption></figure>\n",
            safe(drawn.chart.title), base64(drawn.svg), safe(drawn.chart.file));
    }
    return out + "</div>\n";
}

std::string point_text(const SweepData& data, const SweepPoint& point) {
    std::string text;
    for (size_t i = 0; i < data.axes.size(); ++i)
        text += fmt::format("{}{}={}", i == 0 ? "" : ", ", data.axes[i].key, point.values[i].text);
    return text;
}

// A sweep of thousands that all fail would be a page of nothing else.
constexpr size_t listed_at_most = 500;

// What the same reason keeps from having results is one line, with the first of them.
std::string failed(const SweepData& data) {
    using Why = std::pair<std::string, std::string>;
    std::vector<std::pair<Why, std::vector<const SweepPoint*>>> all;
    std::map<Why, size_t> place;
    for (const SweepPoint& point : data.points) {
        if (point.done()) continue;
        const Why why{point.status, point.reason};
        const auto [found, fresh] = place.try_emplace(why, all.size());
        if (fresh) all.push_back({why, {}});
        all[found->second].second.push_back(&point);
    }
    if (all.empty()) return "";
    std::string items;
    for (size_t i = 0; i < std::min(all.size(), listed_at_most); ++i) {
        const auto& [why, points] = all[i];
        const SweepPoint& first = *points[0];
        items += fmt::format("<li><b>Point {}, {}</b>: {}<br/><code>{}</code>{}</li>\n", first.number,
                             safe(why.first), safe(why.second), safe(point_text(data, first)),
                             points.size() == 1 ? "" : fmt::format(" and {} more points", points.size() - 1));
    }
    if (all.size() > listed_at_most)
        items += fmt::format("<li>and {} more reasons: table points of results.sqlite</li>\n",
                             all.size() - listed_at_most);
    return "<section id=\"failed\"><h2>Points without results</h2>\n<ul class=\"bad\">\n" + items +
           "</ul></section>\n";
}

std::string refused(const SweepData& data) {
    if (data.refused.empty()) return "";
    // The same refusal in many points is one line.
    std::map<std::string, std::vector<int64_t>> points;
    for (const SweepRefusal& r : data.refused) {
        const char* known = strerrorname_np(static_cast<int>(r.error));
        const std::string name = known ? known : std::to_string(r.error);
        points[fmt::format("{}{}, {}: {}{}", r.mechanism, r.policy == "-" ? "" : " " + r.policy,
                           size_text(r.size_bytes), name,
                           r.reason.empty() || r.reason == name ? "" : ": " + r.reason)]
            .push_back(r.point);
    }
    std::string out =
        "<section><h2>Refused</h2><p>Combinations that the mechanism itself refuses, with the error it "
        "gives.</p><ul>\n";
    for (const auto& [what, in] : points) {
        out += fmt::format("<li>{} ({})</li>\n", safe(what),
                           in.size() == 1 ? fmt::format("point {}", in[0])
                                          : fmt::format("{} points, the first is {}", in.size(), in[0]));
    }
    return out + "</ul></section>\n";
}

constexpr const char* reading = R"html(<details><summary>How to read this page</summary>
<p>Every figure is what the modelled machine spent executing guest code. A <b>design</b> is what one would build: the values of
all axes but those of which nothing is built: the workload's and the measurement's, seeds, names. These are the <b>load</b>; a design's
figure is the mean over all of its loads unless one is selected above, and a design that has no result under one of them is left out.</p>
<p><b>area_swept_mm2</b> is the area of those arrays of a core (its shares of common ones included) whose figures differ anywhere in
this sweep; <b>access_ns_swept</b> is the access time of the slowest of them. No simulated time depends on either: whether a larger
array still fits its configured latency is for you to see.</p>
<p>The <b>front</b> holds the designs that no other one with the same or less cost equals or beats. <b>Build this</b> marks its knee:
of the designs on the front that are at least 2 % better than the last cheaper one that is, too, the one that lies farthest
below the straight line from the first to the last, with both scales in logarithms (Kneedle, ICDCSW 2011). If none lies at
least 5 % of that line's extent below it, there is no bend, and the best of them is marked.</p>
</details>
)html";

std::string footer(const SweepData& data) {
    std::string out = "<footer>";
    for (const char* key :
         {"version", "git", "config_sha256", "program_sha256", "kernel_sha256", "plugin_sha256"})
        if (!data.get(key).empty()) out += fmt::format("{}: {}<br/>\n", key, safe(data.get(key)));
    return out + fmt::format(
                     "<details><summary>Interactive charts: D3, BSD licence</summary><pre>{}</pre></details>"
                     "</footer>\n",
                     html_escape(std::string(page_licence())));
}

}  // namespace

std::string sweep_page(const SweepData& data, const std::vector<DrawnChart>& charts) {
    const Selection selection = default_selection(data);
    const Answer answer = answer_of(data, selection);
    const std::string name = data.get("name").empty() ? "sweep" : data.get("name");
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta "
        "charset=\"utf-8\"/>"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>Stile: "
        "{0}</title>\n"
        "<style>/*<![CDATA[*/\n{1}\n/*]]>*/</style></head><body>\n<main>\n<h1>{0}</h1>\n"
        "<p id=\"answer\" aria-live=\"polite\">{2}</p>\n<p id=\"over\" class=\"note\">{3}</p>\n"
        "<p class=\"note\">{4}</p>\n",
        safe(name), page_style(), safe(answer.sentence), safe(answer.over), safe(count_text(data)));
    if (const std::string untimed = untimed_text(data); !untimed.empty())
        out += fmt::format("<p class=\"note\">{}</p>\n", safe(untimed));
    for (const std::string& warning : data.warnings)
        out += fmt::format("<p class=\"bad\">{}</p>\n", safe(warning));
    out += "<div id=\"choice\"></div>\n<section id=\"tradeoff\"></section>\n" + pictures(charts) +
           "<div id=\"front\" class=\"wide\">" + front_table(data, selection, answer) +
           "</div>\n<section id=\"lines\"></section>\n<section id=\"maps\"></section>\n" + failed(data) +
           refused(data) +
           "<section id=\"points\"><p class=\"static note\">All points: results.csv.</p></section>\n" +
           reading;
    if (data.left_out > 0)
        out += fmt::format(
            "<p class=\"note\">{} more statistics vary; they would make this page too large and are "
            "in results.sqlite only.</p>\n",
            data.left_out);
    out += "<details><summary>The configuration of the sweep</summary><pre>" + safe(data.get("config_yaml")) +
           "</pre></details>\n" + footer(data) + "</main>\n";
    out += "<script type=\"application/json\" id=\"data\">" + embedded_json(page_data(data, selection)) +
           "</script>\n" + script(page_d3()) + script(page_front()) + script(page_rows()) +
           script(page_script());
    return out + "</body></html>\n";
}

}  // namespace stile::sim
