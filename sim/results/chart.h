// SPDX-License-Identifier: Apache-2.0
//
// The two charts of a report, as SVG text. Colours come from the page's style sheet, so that they follow its
// light and dark schemes.
#pragma once

#include <string>
#include <vector>

namespace stile::sim {

struct Bar {
    std::string label;  // "dipc low"
    std::string group;  // "64 B": a heading above the bars that share it
    double value = 0;
    std::string text;  // the value, for people
};
// Horizontal bars on a logarithmic axis.
std::string bar_chart(const std::vector<Bar>& bars, const std::string& axis);

struct Stack {
    std::string label, group;
    std::vector<double> parts;  // one per name; drawn as shares of their sum
};
std::string stack_chart(const std::vector<Stack>& stacks, const std::vector<std::string>& names);

std::string html_escape(const std::string& text);

}  // namespace stile::sim
