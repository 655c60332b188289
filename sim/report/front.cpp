// SPDX-License-Identifier: Apache-2.0
#include "sim/report/front.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace stile::sim {
namespace {

// 0 at the first value, 1 at the last; in logarithms where there are any.
class Scale {
  public:
    Scale(double first, double last, bool logarithmic) : logarithmic_(logarithmic) {
        first_ = of(first);
        length_ = of(last) - first_;
    }
    double operator()(double value) const { return length_ == 0 ? 0 : (of(value) - first_) / length_; }

  private:
    double of(double value) const { return logarithmic_ ? std::log(value) : value; }
    bool logarithmic_;
    double first_ = 0, length_ = 0;
};

// Each row by point and group.
std::map<std::pair<size_t, size_t>, size_t> rows_by_point(const SweepData& data) {
    std::map<std::pair<size_t, size_t>, size_t> rows;
    for (size_t i = 0; i < data.rows.size(); ++i) rows[{data.rows[i].point, data.rows[i].group}] = i;
    return rows;
}

std::vector<double> objectives_of(const SweepData& data, size_t group) {
    std::vector<double> values;
    for (size_t i = 0; i < data.rows.size(); ++i) {
        const auto& value = data.metrics[data.objective].values[i];
        if (data.rows[i].group == group && value) values.push_back(*value);
    }
    return values;
}

double spread(const std::vector<double>& values) {
    if (values.empty()) return 0;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return gain(*most, *least, false);
}

std::vector<size_t> loads_of(const SweepData& data, const SweepPoint& point) {
    std::vector<size_t> loads;
    for (size_t d = 0; d < data.dimensions.size(); ++d)
        if (data.dimensions[d].load) loads.push_back(point.levels[d]);
    return loads;
}

}  // namespace

double gain(double from, double to, bool more_is_better) {
    const double difference = more_is_better ? to - from : from - to;
    if (from == 0) return difference == 0 ? 0 : 1;
    return difference / std::abs(from);
}

std::vector<size_t> pareto_front(const std::vector<Tradeoff>& all, bool more_is_better) {
    std::vector<size_t> order(all.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto better = [&](double a, double b) { return more_is_better ? a > b : a < b; };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        if (all[a].cost != all[b].cost) return all[a].cost < all[b].cost;
        return better(all[a].objective, all[b].objective);
    });
    std::vector<size_t> front;
    for (size_t i : order)
        if (front.empty() || better(all[i].objective, all[front.back()].objective)) front.push_back(i);
    return front;
}

Knee find_knee(const std::vector<Tradeoff>& front, bool more_is_better) {
    if (front.empty()) return {};
    std::vector<size_t> counting{0};
    for (size_t i = 1; i < front.size(); ++i) {
        if (gain(front[counting.back()].objective, front[i].objective, more_is_better) >= worth_having)
            counting.push_back(i);
    }
    if (counting.size() == 1) return {0, counting, front.size() > 1};
    const auto positive = [&](double Tradeoff::*field) {
        return std::all_of(counting.begin(), counting.end(), [&](size_t i) { return front[i].*field > 0; });
    };
    const Tradeoff &cheapest = front[counting.front()], &best = front[counting.back()];
    const Scale cost(cheapest.cost, best.cost, positive(&Tradeoff::cost));
    const Scale objective(cheapest.objective, best.objective, positive(&Tradeoff::objective));
    // Where the front goes on without gaining, it has bent.
    Knee knee{counting.back(), counting, counting.back() + 1 < front.size()};
    double most = clearly_below;
    for (size_t i : counting) {
        const double below = objective(front[i].objective) - cost(front[i].cost);
        // The margin lets the same one win whatever the last bit of a logarithm is.
        if (below > most + 1e-12) {
            most = below;
            knee.place = i;
            knee.bends = true;
        }
    }
    return knee;
}

Selection default_selection(const SweepData& data) {
    Selection selection;
    selection.cost = data.cost;
    selection.objective = data.objective;
    selection.more_is_better = data.more_is_better;
    selection.load.resize(data.dimensions.size());
    if (data.rows.empty()) return selection;
    // The first kind of row in which designs differ; if there is none, in which anything does.
    std::optional<size_t> by_design, by_anything;
    for (size_t group = 0; group < data.groups.size() && !by_design; ++group) {
        Selection of_group = selection;
        of_group.group = group;
        std::vector<double> figures;
        for (const Design& design : designs_of(data, of_group))
            if (design.measured) figures.push_back(design.figures.objective);
        if (spread(figures) >= worth_having) by_design = group;
        if (!by_anything && spread(objectives_of(data, group)) >= worth_having) by_anything = group;
    }
    selection.group = by_design.value_or(by_anything.value_or(0));
    const std::vector<Design> designs = designs_of(data, selection);
    if (std::any_of(designs.begin(), designs.end(), [](const Design& design) { return design.measured; }))
        return selection;
    std::map<std::vector<size_t>, size_t> done;
    for (const SweepPoint& point : data.points) done[loads_of(data, point)] += point.done() ? 1 : 0;
    const auto most = std::max_element(done.begin(), done.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    size_t next = 0;
    for (size_t d = 0; d < data.dimensions.size(); ++d)
        if (data.dimensions[d].load) selection.load[d] = most->first[next++];
    return selection;
}

std::vector<Design> designs_of(const SweepData& data, const Selection& selection) {
    Selection fixed = selection;
    std::vector<bool> own;
    for (size_t d = 0; d < data.dimensions.size(); ++d) {
        own.push_back(!data.dimensions[d].load);
        if (own.back()) fixed.load[d] = std::nullopt;
    }
    return designs_by(data, fixed, own);
}

std::vector<Design> designs_by(const SweepData& data, const Selection& selection,
                               const std::vector<bool>& own) {
    const auto rows = rows_by_point(data);
    const auto& costs = data.metrics[selection.cost].values;
    const auto& objectives = data.metrics[selection.objective].values;
    std::vector<Design> designs;
    std::map<std::vector<size_t>, size_t> place;
    std::set<std::vector<size_t>> loads;
    for (size_t p = 0; p < data.points.size(); ++p) {
        const SweepPoint& point = data.points[p];
        std::vector<size_t> levels, load;
        bool selected = point.status != "invalid";
        for (size_t d = 0; d < data.dimensions.size(); ++d) {
            (own[d] ? levels : load).push_back(point.levels[d]);
            if (selection.load[d] && *selection.load[d] != point.levels[d]) selected = false;
        }
        if (!selected) continue;
        loads.insert(load);
        const auto [found, fresh] = place.try_emplace(levels, designs.size());
        if (fresh) designs.push_back({{}, {}, true, true});
        Design& design = designs[found->second];
        design.points.push_back(p);
        const auto row = rows.find({p, selection.group});
        if (!point.done() || row == rows.end() || !objectives[row->second]) {
            design.measured = false;
            continue;
        }
        design.figures.objective += *objectives[row->second];
        if (costs[row->second])
            design.figures.cost += *costs[row->second];
        else
            design.complete = false;
    }
    for (Design& design : designs) {
        if (design.points.size() != loads.size()) design.measured = false;
        design.complete = design.complete && design.measured;
        const auto n = static_cast<double>(design.points.size());
        design.figures.cost /= n;
        design.figures.objective /= n;
    }
    return designs;
}

}  // namespace stile::sim
