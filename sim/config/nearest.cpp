// SPDX-License-Identifier: Apache-2.0
#include "sim/config/nearest.h"

#include <algorithm>

namespace stile::sim {
namespace {

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

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
    std::string best;
    size_t least = std::max<size_t>(1, std::max<size_t>(text.size(), 4) / 2);
    for (const std::string& candidate : candidates) {
        // No less than the difference in length; and nobody means a name by a page of text.
        if (text.size() > 2 * candidate.size() + 8) continue;
        const size_t d = distance(text, candidate);
        if (d < least || (d == least && best.empty() && d < candidate.size())) {
            least = d;
            best = candidate;
        }
    }
    return best;
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
