// SPDX-License-Identifier: Apache-2.0
#include "sim/config/nearest.h"

#include <algorithm>
#include <cctype>

namespace stile::sim {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// Optimal string alignment: insert, delete, replace, swap neighbours.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t replace = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

// The only one that goes on where the text ends (freq), or else the longest that the text goes on from.
std::string by_beginning(const std::string& text, const std::vector<std::string>& candidates) {
    constexpr size_t telling = 3;
    if (text.size() < telling) return "";
    std::string longer, shorter;
    size_t found = 0;
    for (const std::string& candidate : candidates) {
        const std::string name = lower(candidate);
        if (name.starts_with(text)) {
            longer = candidate;
            ++found;
        } else if (name.size() >= telling && text.starts_with(name + "_") && name.size() > shorter.size()) {
            shorter = candidate;
        }
    }
    return found == 1 ? longer : shorter;
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
    const std::string text = lower(typed);
    std::string best;
    size_t least = std::max<size_t>(1, std::max<size_t>(text.size(), 4) / 2);
    for (const std::string& candidate : candidates) {
        // No less than the difference in length; and nobody means a name by a page of text.
        if (text.size() > 2 * candidate.size() + 8) continue;
        const size_t d = distance(text, lower(candidate));
        if (d < least || (d == least && best.empty() && d < candidate.size())) {
            least = d;
            best = candidate;
        }
    }
    if (!best.empty() && least <= 1) return best;
    const std::string known = by_beginning(text, candidates);
    return known.empty() ? best : known;
}

std::string alternatives(const std::vector<std::string>& names) {
    std::string all;
    for (size_t i = 0; i < names.size(); ++i) {
        all += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return all;
}

std::string suggestion(std::string_view text, const std::vector<std::string>& candidates) {
    const std::string best = nearest(text, candidates);
    if (!best.empty()) return "did you mean '" + best + "'?";
    if (candidates.empty()) return "";
    return "valid is " + alternatives(candidates);
}

}  // namespace stile::sim
