// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/report/charts.h"
#include "sim/report/rows.h"
#include "sim/report/words.h"

namespace stile::sim {
namespace {

// Why there is no mean: refused there, or a figure under some loads only.
class Missing {
  public:
    Missing(const SweepData& data, const Selection& selection, size_t dimension)
        : data_(data), selection_(selection), dimension_(dimension) {
        for (size_t i = 0; i < data.rows.size(); ++i)
            if (const auto& value = data.metrics[selection.objective].values[i])
                value_[{data.rows[i].point, data.rows[i].group}] = *value;
        std::map<int64_t, size_t> place;
        for (size_t p = 0; p < data.points.size(); ++p) place[data.points[p].number] = p;
        for (const SweepRefusal& one : data.refused) {
            const auto point = place.find(one.point);
            if (one.group && point != place.end()) refused_.insert({point->second, *one.group});
        }
    }

    std::string text(size_t group, size_t level) const {
        std::vector<std::pair<double, std::string>> known;
        size_t points = 0, refused = 0, without = 0;
        for (size_t p = 0; p < data_.points.size(); ++p) {
            const SweepPoint& point = data_.points[p];
            if (point.status == "invalid" || !is_selected(point, level)) continue;
            ++points;
            const auto value = value_.find({p, group});
            if (!point.done())
                ++without;
            else if (value != value_.end())
                known.push_back({value->second, load_of(point)});
            else
                refused += refused_.count({p, group});
        }
        if (known.empty()) return refused > 0 && without == 0 ? "refused" : without > 0 ? "failed" : "-";
        const bool one_load = std::all_of(known.begin(), known.end(), [&](const auto& one) {
            return !one.second.empty() && one.second == known[0].second;
        });
        if (!one_load) return fmt::format("{} of {}", known.size(), points);
        const auto [least, most] = std::minmax_element(
            known.begin(), known.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        return three_digits(selection_.more_is_better ? most->first : least->first) + " (" + known[0].second +
               ")";
    }

  private:
    bool is_selected(const SweepPoint& point, size_t level) const {
        for (size_t d = 0; d < data_.dimensions.size(); ++d) {
            if (d == dimension_) {
                if (point.levels[d] != level) return false;
            } else if (data_.dimensions[d].load && selection_.load[d] &&
                       *selection_.load[d] != point.levels[d]) {
                return false;
            }
        }
        return true;
    }

    // "0 B": of the loads over which the mean would be.
    std::string load_of(const SweepPoint& point) const {
        std::string text;
        for (size_t d = 0; d < data_.dimensions.size(); ++d)
            if (d != dimension_ && data_.dimensions[d].load && data_.dimensions[d].levels.size() > 1 &&
                !selection_.load[d])
                text += (text.empty() ? "" : ", ") + data_.dimensions[d].label(point.levels[d]);
        return text;
    }

    const SweepData& data_;
    const Selection& selection_;
    size_t dimension_;
    std::map<std::pair<size_t, size_t>, double> value_;  // by point and group
    std::set<std::pair<size_t, size_t>> refused_;
};

}  // namespace

std::optional<RowsTable> rows_table(const SweepData& data, Selection selection) {
    std::optional<size_t> along;
    for (const bool load : {false, true}) {
        for (size_t d = 0; d < data.dimensions.size() && !along; ++d)
            if (data.dimensions[d].load == load && data.dimensions[d].levels.size() > 1) along = d;
    }
    if (!along || data.groups.size() < 2) return std::nullopt;
    RowsTable table{*along, {}};
    for (selection.group = 0; selection.group < data.groups.size(); ++selection.group) {
        table.figures.emplace_back(data.dimensions[*along].levels.size());
        for (const Shape& shape : shape_of(data, selection, {*along}))
            table.figures.back()[shape.levels[0]] = shape.objective;
    }
    return table;
}

std::vector<std::vector<std::string>> rows_cells(const SweepData& data, const Selection& selection,
                                                 const RowsTable& table) {
    const Dimension& along = data.dimensions[table.dimension];
    const Missing missing(data, selection, table.dimension);
    constexpr size_t columns = 8;
    std::vector<size_t> levels;
    const size_t n = along.levels.size();
    for (size_t i = 0; i < std::min(n, columns); ++i)
        levels.push_back(n <= columns ? i : i * (n - 1) / (columns - 1));
    std::vector<std::vector<std::string>> cells{{along.name()}};
    for (size_t level : levels) cells[0].push_back(along.label(level));
    for (size_t group = 0; group < table.figures.size(); ++group) {
        cells.push_back({data.groups[group]});
        for (size_t level : levels) {
            const auto& value = table.figures[group][level];
            cells.back().push_back(value ? three_digits(*value) : missing.text(group, level));
        }
    }
    return cells;
}

}  // namespace stile::sim
