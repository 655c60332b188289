// SPDX-License-Identifier: Apache-2.0
//
// What a page of documentation shows, and whether it is what a program prints.
#pragma once

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace stile::sim {

struct FencedBlock {
    std::string language;  // behind the fence
    std::string text;
    unsigned line = 0;    // of the first line of the text
    std::string heading;  // that it stands below
};

inline std::vector<FencedBlock> fenced_blocks(const std::string& markdown) {
    std::vector<FencedBlock> blocks;
    bool inside = false;
    unsigned number = 0;
    std::string heading;
    std::istringstream lines(markdown);
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) blocks.push_back({line.substr(3), "", number + 1, heading});
        } else if (inside) {
            blocks.back().text += line + "\n";
        } else if (line.starts_with("#")) {
            heading = line;
        }
    }
    return blocks;
}

// Cycles may differ by a twentieth: another compiler lays the guest's code out differently, and then they do.
// Counts are small whole numbers and must be equal.
inline bool same_word(const std::string& shown, const std::string& printed) {
    if (shown == printed) return true;
    char *shown_end, *printed_end;
    const double x = std::strtod(shown.c_str(), &shown_end), y = std::strtod(printed.c_str(), &printed_end);
    if (shown_end == shown.c_str() || std::string(shown_end) != printed_end) return false;
    if (std::abs(x) <= 10 && shown.find('.') == std::string::npos) return false;
    // Of a small percentage a twentieth is less than what cycles may move.
    const double allowed = std::abs(x) >= 0.1 && std::abs(x) < 1 ? 0.1 : std::abs(x) / 20;
    return std::abs(x - y) <= allowed;
}

inline bool same_line(const std::string& shown, const std::string& printed) {
    std::istringstream left(shown), right(printed);
    std::string a, b;
    while (left >> a)
        if (!(right >> b) || !same_word(a, b)) return false;
    return !(right >> b);
}

// Empty if `shown` is in `printed`, line by line, where a line of three dots stands for any number of lines;
// otherwise the line that is not there.
inline std::string not_printed(const std::string& shown, const std::string& printed) {
    std::vector<std::string> lines;
    std::istringstream in(printed);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    size_t at = 0;
    bool gap = false;
    std::istringstream wanted(shown);
    for (std::string line; std::getline(wanted, line);) {
        if (line == "...") {
            gap = true;
            continue;
        }
        while (gap && at < lines.size() && !same_line(line, lines[at])) ++at;
        if (at == lines.size() || !same_line(line, lines[at])) return line;
        ++at;
        gap = false;
    }
    return gap || at == lines.size() ? "" : "(and then nothing more)";
}

}  // namespace stile::sim
