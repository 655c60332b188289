// SPDX-License-Identifier: Apache-2.0
#include "sim/results/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stile::sim {
namespace {

constexpr double row_height = 22, bar_height = 14, heading_height = 26, label_width = 140, plot_width = 560,
                 right_margin = 90;

template <class Item>
double height_of(const std::vector<Item>& items) {
    double height = 0;
    std::string group;
    for (const Item& item : items) {
        if (item.group != group) height += heading_height;
        group = item.group;
        height += row_height;
    }
    return height;
}

std::string open_svg(double height, const std::string& title) {
    const double width = label_width + plot_width + right_margin;
    return fmt::format("<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}\">\n", width,
                       height, html_escape(title));
}

// Calls draw(item, y) for each item, with a heading where the group changes.
template <class Item, class Draw>
std::string rows(const std::vector<Item>& items, Draw&& draw) {
    std::string out, group;
    double y = 0;
    for (const Item& item : items) {
        if (item.group != group) {
            y += heading_height;
            out += fmt::format("<text class=\"group\" x=\"0\" y=\"{:.1f}\">{}</text>\n", y - 8,
                               html_escape(item.group));
            group = item.group;
        }
        out += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", label_width - 8,
                           y + 12, html_escape(item.label));
        out += draw(item, y);
        y += row_height;
    }
    return out;
}

}  // namespace

std::string html_escape(const std::string& text) {
    std::string out;
    for (char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string bar_chart(const std::vector<Bar>& bars, const std::string& axis) {
    double least = 1e300, most = 0;
    for (const Bar& bar : bars) {
        if (bar.value <= 0) continue;
        least = std::min(least, bar.value);
        most = std::max(most, bar.value);
    }
    if (most == 0) return "";
    // Whole decades, with at least part of one below the shortest bar so that it can be seen.
    const int first = static_cast<int>(std::floor(std::log10(least) - 0.15));
    const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(most))));
    const auto x = [&](double value) {
        return label_width + plot_width * (std::log10(value) - first) / static_cast<double>(last - first);
    };
    const double plot_height = height_of(bars);
    std::string out = open_svg(plot_height + 44, axis);
    for (int decade = first; decade <= last; ++decade) {
        const double at = x(std::pow(10, decade));
        out += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"14\" y2=\"{1:.1f}\"/>\n",
                           at, plot_height);
        out += fmt::format(
            "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.0f}</text>\n", at,
            plot_height + 16, std::pow(10, decade));
    }
    out += rows(bars, [&](const Bar& bar, double y) {
        if (bar.value <= 0) return std::string();
        const double end = x(bar.value);
        return fmt::format(
            "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" "
            "rx=\"2\"><title>{} {}: "
            "{}</title></rect>\n<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
            label_width, y + 1, end - label_width, bar_height, html_escape(bar.label), html_escape(bar.group),
            html_escape(bar.text), end + 6, y + 12, html_escape(bar.text));
    });
    out += fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n</svg>\n",
        label_width + plot_width / 2, plot_height + 36, html_escape(axis));
    return out;
}

std::string stack_chart(const std::vector<Stack>& stacks, const std::vector<std::string>& names) {
    if (stacks.empty()) return "";
    const double plot_height = height_of(stacks);
    std::string out = "<p class=\"legend\">";
    for (size_t i = 0; i < names.size(); ++i) {
        const bool used =
            std::any_of(stacks.begin(), stacks.end(), [&](const Stack& s) { return s.parts[i] > 0; });
        if (used) out += fmt::format("<span><i class=\"p{}\"></i>{}</span> ", i, html_escape(names[i]));
    }
    out += "</p>\n" + open_svg(plot_height + 24, "share of the cycles of a call");
    out += rows(stacks, [&](const Stack& stack, double y) {
        const double sum = std::accumulate(stack.parts.begin(), stack.parts.end(), 0.0);
        std::string bars;
        double from = 0;
        for (size_t i = 0; i < stack.parts.size(); ++i) {
            const double share = sum > 0 ? stack.parts[i] / sum : 0;
            if (share <= 0) continue;
            bars += fmt::format(
                "<rect class=\"p{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.0f}\"><title>{} "
                "{}: {} "
                "{:.1f} cycles, {:.1f} %</title></rect>\n",
                i, label_width + plot_width * from, y + 1, plot_width * share, bar_height,
                html_escape(stack.label), html_escape(stack.group), html_escape(names[i]), stack.parts[i],
                share * 100);
            from += share;
        }
        return bars;
    });
    for (int percent = 0; percent <= 100; percent += 25) {
        out +=
            fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{} %</text>\n",
                        label_width + plot_width * percent / 100.0, plot_height + 16, percent);
    }
    return out + "</svg>\n";
}

}  // namespace stile::sim
