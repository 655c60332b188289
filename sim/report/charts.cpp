// SPDX-License-Identifier: Apache-2.0
#include "sim/report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/report/words.h"

namespace stile::sim {
namespace {

// Colours that differ in print and for the colour-blind (Okabe and Ito).
constexpr const char* ink = "#0072b2";
constexpr const char* mark = "#d55e00";
constexpr const char* series[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                  "#7a6a00", "#56b4e9", "#555555", "#8a4b2a"};
constexpr const char* faint = "#9aa5ad";

std::string head(const std::string& name, int width, int height) {
    return fmt::format(
        "set terminal svg size {},{} font 'sans-serif,13' background rgb 'white' name 'stile_{}' noenhanced\n"
        "set encoding utf8\nset border 3 lc rgb '#555555'\nset tics nomirror\nset grid lc rgb '#dddddd' dt "
        "1\n",
        width, height, name);
}

std::string label(const SweepData& data, size_t metric) {
    const MetricWords words = metric_words(data.metrics[metric].name);
    return words.unit.empty() ? data.metrics[metric].name
                              : data.metrics[metric].name + " (" + words.unit + ")";
}

// 1, 2, 5, 10, 20, ... from `least` to `most`; only powers of ten where those would be many.
std::string log_tics(const char* axis, double least, double most) {
    const bool many = most / least > 2000;
    std::string tics;
    for (double decade = std::pow(10, std::floor(std::log10(least))); decade <= most; decade *= 10) {
        for (const int digit : {1, 2, 5}) {
            const double at = decade * digit;
            if (at < least || at > most || (many && digit != 1)) continue;
            tics += fmt::format("{}'{}' {}", tics.empty() ? "" : ", ", three_digits(at), at);
        }
    }
    return tics.empty() ? "" : fmt::format("set {}tics ({})\n", axis, tics);
}

// Logarithmic where values span more than a little, with room for marks and labels at both ends.
std::string scale(const char* axis, const std::vector<double>& values, double room_below, double room_above) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    // An empty range is an error.
    if (*least == *most) room_below = room_above = 0.5;
    if (*least > 0 && *most / *least > 4) {
        const double ratio = *most / *least, from = *least / std::pow(ratio, room_below),
                     to = *most * std::pow(ratio, room_above);
        return fmt::format("set logscale {0}\nset {0}range [{1}:{2}]\n", axis, from, to) +
               log_tics(axis, from, to);
    }
    const double all = *most > *least ? *most - *least : *most != 0 ? std::abs(*most) : 1;
    return fmt::format("set {0}range [{1}:{2}]\n", axis, *least - all * room_below, *most + all * room_above);
}

template <class Item>
std::vector<double> all_of(const std::vector<Item>& items, double Item::*field) {
    std::vector<double> values;
    for (const Item& item : items) values.push_back(item.*field);
    return values;
}

std::string block(const std::string& name, const std::vector<Tradeoff>& points) {
    std::string out = "$" + name + " << END\n";
    for (const Tradeoff& point : points) out += fmt::format("{} {}\n", point.cost, point.objective);
    return out + "END\n";
}

Chart pareto(const SweepData& data, const Selection& selection, const Answer& answer) {
    std::vector<Tradeoff> all, front;
    for (const Design& design : designs_of(data, selection))
        if (design.complete) all.push_back(design.figures);
    for (const Design& design : answer.front) front.push_back(design.figures);
    const Design& build = answer.front[*answer.build];
    std::string script =
        head("pareto", 760, 460) + block("all", all) + block("front", front) + block("knee", {build.figures});
    script += "set xlabel " + gnuplot_quoted(label(data, selection.cost)) + "\nset ylabel " +
              gnuplot_quoted(label(data, selection.objective)) + "\n";
    script += scale("x", all_of(all, &Tradeoff::cost), 0.05, 0.2) +
              scale("y", all_of(all, &Tradeoff::objective), 0.08, 0.12);
    script +=
        "set label 1 " + gnuplot_quoted(design_text(data, build)) +
        fmt::format(" at {},{} offset 1,1 tc rgb '{}'\n", build.figures.cost, build.figures.objective, mark);
    script += fmt::format(
        "plot $all with points pt 7 ps 0.6 lc rgb '{}' title 'designs', $front with linespoints pt 7 ps 0.7 "
        "lw 2 lc "
        "rgb '{}' title 'front', $knee with points pt 6 ps 2 lw 3 lc rgb '{}' title 'build this'\n",
        faint, ink, mark);
    return {"pareto.svg", "Every design's cost and figure; the line joins those that nothing beats", script};
}

// Tick marks at 0, 1, 2 with the levels' names; of many only some.
std::string level_tics(const char* axis, const Dimension& dimension) {
    const size_t step = dimension.levels.size() / 16 + 1;
    std::string out = fmt::format("set {}tics (", axis);
    for (size_t i = 0; i < dimension.levels.size(); i += step)
        out += (i == 0 ? "" : ", ") + gnuplot_quoted(dimension.label(i)) + " " + std::to_string(i);
    return out + ")\n";
}

std::string file_part(const std::string& text) {
    std::string out;
    for (char c : text) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (plain) out += c;
        if (c == '/') out += '+';  // between the keys of a zipped group
    }
    return out;
}

Chart lines(const SweepData& data, Selection selection, size_t dimension) {
    const Dimension& of = data.dimensions[dimension];
    const std::string name = fmt::format("line-{}-{}", dimension + 1, file_part(of.name()));
    std::string script = head(fmt::format("line_{}", dimension + 1), 640, 380), plots;
    std::vector<double> values;
    // Each kind of row is a line, as long as they can be told apart.
    const size_t groups = std::min<size_t>(data.groups.size(), 8);
    for (size_t i = 0; i < groups; ++i) {
        if (data.groups.size() > 8) {
            if (i > 0) break;
        } else {
            selection.group = i;
        }
        script += fmt::format("$line{} << END\n", i);
        for (const Shape& shape : shape_of(data, selection, {dimension})) {
            script += fmt::format("{} {}\n", shape.levels[0], shape.objective);
            values.push_back(shape.objective);
        }
        script += "END\n";
        const std::string title = data.groups[selection.group];
        plots += fmt::format("{}$line{} with linespoints pt 7 ps 0.6 lw 2 lc rgb '{}' {}", i == 0 ? "" : ", ",
                             i, series[i], title.empty() ? "notitle" : "title " + gnuplot_quoted(title));
    }
    script += "set xlabel " + gnuplot_quoted(of.name()) + "\nset ylabel " +
              gnuplot_quoted(label(data, selection.objective)) + "\n" + level_tics("x", of) +
              "set key outside right top\n";
    script += scale("y", values, 0.08, 0.08) +
              fmt::format("set xrange [-0.3:{}]\n", static_cast<double>(of.levels.size()) - 0.7);
    const bool best = std::any_of(data.dimensions.begin(), data.dimensions.end(), [&](const Dimension& d) {
        return &d != &of && !d.load && d.levels.size() > 1;
    });
    return {name + ".svg",
            data.metrics[selection.objective].name + " over " + of.name() +
                (best ? ", the best of the other axes" : ""),
            script + "plot " + plots + "\n"};
}

Chart heat(const SweepData& data, const Selection& selection, size_t x, size_t y) {
    const Dimension &across = data.dimensions[x], &up = data.dimensions[y];
    const std::string name =
        fmt::format("map-{}-{}-{}-{}", x + 1, y + 1, file_part(across.name()), file_part(up.name()));
    std::string script = head(fmt::format("map_{}_{}", x + 1, y + 1), 640, 420) + "$cells << END\n";
    const std::vector<Shape> cells = shape_of(data, selection, {x, y});
    std::vector<double> values;
    for (const Shape& cell : cells) {
        script += fmt::format("{} {} {} {}\n", cell.levels[0], cell.levels[1], cell.objective,
                              three_digits(cell.objective));
        values.push_back(cell.objective);
    }
    script += "END\nset xlabel " + gnuplot_quoted(across.name()) + "\nset ylabel " +
              gnuplot_quoted(up.name()) + "\nset cblabel " +
              gnuplot_quoted(label(data, selection.objective)) + "\n" + level_tics("x", across) +
              level_tics("y", up) +
              fmt::format("set xrange [-0.5:{}]\nset yrange [-0.5:{}]\nunset grid\nunset key\n",
                          across.levels.size() - 0.5, up.levels.size() - 0.5) +
              "set palette defined (0 '#f2f6fa', 1 '#5b9bcb')\n";
    if (!values.empty()) script += scale("cb", values, 0, 0);
    script += "plot $cells using 1:2:(0.5):(0.5):3 with boxxyerror fc palette fs solid 1 noborder";
    if (across.levels.size() <= 12 && up.levels.size() <= 16) script += ", $cells using 1:2:4 with labels";
    return {name + ".svg",
            data.metrics[selection.objective].name + " over " + across.name() + " and " + up.name(),
            script + "\n"};
}

}  // namespace

std::vector<Shape> shape_of(const SweepData& data, const Selection& selection,
                            const std::vector<size_t>& dimensions) {
    Selection wide = selection;
    std::vector<bool> own;
    for (size_t d = 0; d < data.dimensions.size(); ++d) {
        const bool asked = std::find(dimensions.begin(), dimensions.end(), d) != dimensions.end();
        own.push_back(asked || !data.dimensions[d].load);
        // Of the chart's own axes all is shown, whatever is selected of them.
        if (own.back()) wide.load[d] = std::nullopt;
    }
    std::map<std::vector<size_t>, double> best;
    for (const Design& design : designs_by(data, wide, own)) {
        if (!design.measured) continue;
        std::vector<size_t> levels;
        for (size_t d : dimensions) levels.push_back(data.points[design.points[0]].levels[d]);
        const auto [found, fresh] = best.try_emplace(levels, design.figures.objective);
        if (!fresh)
            found->second = selection.more_is_better ? std::max(found->second, design.figures.objective)
                                                     : std::min(found->second, design.figures.objective);
    }
    std::vector<Shape> shapes;
    for (const auto& [levels, objective] : best) shapes.push_back({levels, objective});
    return shapes;
}

std::vector<Chart> charts_of(const SweepData& data, const Selection& selection, const Answer& answer) {
    std::vector<Chart> charts;
    if (answer.build && !answer.rows && answer.ranking.empty() && designs_of(data, selection).size() > 1)
        charts.push_back(pareto(data, selection, answer));
    std::vector<size_t> wide;
    for (size_t d = 0; d < data.dimensions.size(); ++d)
        if (data.dimensions[d].levels.size() > 1) wide.push_back(d);
    for (size_t d : wide)
        if (!shape_of(data, selection, {d}).empty()) charts.push_back(lines(data, selection, d));
    for (size_t i = 0; i < wide.size(); ++i) {
        for (size_t j = i + 1; j < wide.size(); ++j)
            if (!shape_of(data, selection, {wide[i], wide[j]}).empty())
                charts.push_back(heat(data, selection, wide[i], wide[j]));
    }
    return charts;
}

std::string gnuplot_quoted(const std::string& text) {
    // In single quotes nothing has a meaning but the quote itself, which is doubled. gnuplot leaves `>` as it
    // is in SVG, where `]]>` may not be.
    std::string out = "'";
    for (char c : page_text(text)) {
        if (c == '\n' || c == '\t') c = ' ';
        if (c == '>' && out.ends_with("]]")) out += ' ';
        out += c == '\'' ? std::string("''") : std::string(1, c);
    }
    return out + "'";
}

}  // namespace stile::sim
