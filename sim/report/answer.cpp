// SPDX-License-Identifier: Apache-2.0
//
// The sentence that a sweep was made for. page/front.js says the same for whatever is selected in the page; a
// test compares the two.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/report/charts.h"
#include "sim/report/front.h"
#include "sim/report/rows.h"
#include "sim/report/words.h"

namespace stile::sim {
namespace {

// "0.0031 mm2, 14.6 cycles per call"; what no design differs in has no cost to name.
std::string figures(const SweepData& data, const Selection& selection, const Tradeoff& of) {
    if (of.cost == 0) return figure(data, selection.objective, of.objective);
    return figure(data, selection.cost, of.cost) + ", " + figure(data, selection.objective, of.objective);
}

// "2 % fewer cycles"
std::string gain_text(const SweepData& data, const Selection& selection, double from, double to) {
    const std::string& name = data.metrics[selection.objective].name;
    if (from == 0) return figure(data, selection.objective, to);
    const double percent = std::abs((to - from) / from) * 100;
    const bool fewer = to < from;
    const MetricWords words = metric_words(name);
    return digits(percent, 2) + " % " + (fewer ? words.less : words.more) + " " + words.noun;
}

std::string step_text(const SweepData& data, const Selection& selection, const Tradeoff& from,
                      const Tradeoff& to) {
    const std::string noun = metric_words(data.metrics[selection.cost].name).noun;
    const std::string cost = from.cost > 0 ? times_text(to.cost / from.cost) + " the " + noun
                                           : figure(data, selection.cost, to.cost);
    return cost + " for " + gain_text(data, selection, from.objective, to.objective);
}

// ", 2 failed, 1 timed out"
std::string without_results(const SweepData& data) {
    constexpr std::pair<const char*, const char*> statuses[] = {
        {"failed", "failed"}, {"timeout", "timed out"}, {"crashed", "crashed"}, {"invalid", "invalid"}};
    std::string text;
    for (const auto& [status, word] : statuses)
        if (const size_t n = data.count(status)) text += fmt::format(", {} {}", n, word);
    return text;
}

std::string why_nothing(const SweepData& data) {
    const std::string why = without_results(data);
    return "No point of this sweep has a result" + (why.empty() ? why : ":" + why.substr(1)) + ".";
}

// Nothing that one builds is swept: how the figure follows the load.
std::string range_text(const SweepData& data, Selection selection) {
    struct Place {
        double value;
        size_t point;
    };
    std::vector<Place> all;
    for (size_t i = 0; i < data.rows.size(); ++i) {
        const auto& value = data.metrics[selection.objective].values[i];
        if (data.rows[i].group == selection.group && value) all.push_back({*value, data.rows[i].point});
    }
    if (all.empty()) return "No point of this sweep has " + data.metrics[selection.objective].name + ".";
    const auto [least, most] = std::minmax_element(
        all.begin(), all.end(), [](const Place& a, const Place& b) { return a.value < b.value; });
    const std::string nothing = "Nothing that one builds differs in this sweep: ";
    if (least->value == most->value)
        return nothing + figure(data, selection.objective, least->value) + " everywhere.";
    const auto at = [&](size_t point) {
        std::string text;
        for (size_t d = 0; d < data.dimensions.size(); ++d) {
            const Dimension& dimension = data.dimensions[d];
            if (dimension.levels.size() > 1)
                text += (text.empty() ? "" : ", ") + phrase_of(data, d, data.points[point].levels[d]);
        }
        return text;
    };
    return nothing +
           figures_from(data, selection.objective, least->value, at(least->point), most->value,
                        at(most->point)) +
           ".";
}

bool same_cost(const std::vector<Design>& designs) {
    return std::all_of(designs.begin(), designs.end(), [&](const Design& design) {
        return design.figures.cost == designs.front().figures.cost;
    });
}

bool designs_differ(const SweepData& data) {
    return std::any_of(data.dimensions.begin(), data.dimensions.end(),
                       [](const Dimension& d) { return !d.load && d.levels.size() > 1; });
}

std::string sentence(const SweepData& data, const Selection& selection, const std::vector<Design>& complete,
                     const Answer& answer) {
    const auto text = [&](const Design& design) { return design_text(data, design); };
    if (!designs_differ(data)) return range_text(data, selection);
    if (complete.empty()) return "No design has results for everything that is asked of it here.";
    if (complete.size() == 1)
        return fmt::format("Only one design has results: {} ({}).", text(complete[0]),
                           figures(data, selection, complete[0].figures));
    const Design& build = answer.front[*answer.build];
    const std::string start =
        fmt::format("Build {}: {}", text(build), figures(data, selection, build.figures));
    const auto [least, most] = std::minmax_element(
        complete.begin(), complete.end(),
        [](const Design& a, const Design& b) { return a.figures.objective < b.figures.objective; });
    const Design& worst = selection.more_is_better ? *least : *most;
    const Design& best = selection.more_is_better ? *most : *least;
    if (gain(worst.figures.objective, best.figures.objective, selection.more_is_better) < worth_having) {
        const std::string all =
            complete.size() == 2 ? "Both designs are" : fmt::format("All {} designs are", complete.size());
        const std::string from = three_digits(least->figures.objective),
                          to = three_digits(most->figures.objective);
        const std::string alike =
            from == to ? all + " alike: " + figure(data, selection.objective, best.figures.objective)
                       : all + " within 2 %: " + with_unit(data, selection.objective, from + " to " + to);
        if (same_cost(complete)) return alike + ".";
        return fmt::format("{}; the cheapest is {} ({}).", alike, text(answer.front[0]),
                           figure(data, selection.cost, answer.front[0].figures.cost));
    }
    if (same_cost(complete))
        return fmt::format("Best is {}: {}, {} than {}; {} is the same for all.", text(build),
                           figure(data, selection.objective, build.figures.objective),
                           gain_text(data, selection, worst.figures.objective, build.figures.objective),
                           text(worst), metric_words(data.metrics[selection.cost].name).noun);
    for (size_t i = *answer.build + 1; i < answer.front.size(); ++i) {
        const Design& next = answer.front[i];
        const bool worth =
            gain(build.figures.objective, next.figures.objective, selection.more_is_better) >= worth_having;
        if (!worth && i + 1 < answer.front.size()) continue;
        return fmt::format("{}; {} ({}) costs {}.", start,
                           worth ? "the next larger worth having" : "nothing larger gains 2 %: the best",
                           text(next), step_text(data, selection, build.figures, next.figures));
    }
    if (answer.front.size() == 1) return start + "; it is the cheapest, and nothing larger is better.";
    const Design& before = answer.front[*answer.build - 1];
    const Tradeoff &from = before.figures, &to = build.figures;
    const std::string cost =
        from.cost > 0 ? fmt::format("{} the {} of the next smaller ({})", times_text(to.cost / from.cost),
                                    metric_words(data.metrics[selection.cost].name).noun, text(before))
                      : fmt::format("{}: {}", text(before), figure(data, selection.cost, from.cost));
    return fmt::format("{}; the best of the sweep: {} for {}.{}", start, cost,
                       gain_text(data, selection, from.objective, to.objective),
                       answer.bends ? "" : " The curve does not bend yet: a larger one may pay as well.");
}

bool hardly_differ(const std::vector<Design>& designs, bool more_is_better) {
    if (designs.empty()) return true;
    const auto [least, most] = std::minmax_element(
        designs.begin(), designs.end(),
        [](const Design& a, const Design& b) { return a.figures.objective < b.figures.objective; });
    const double low = least->figures.objective, high = most->figures.objective;
    return (more_is_better ? gain(low, high, true) : gain(high, low, false)) < worth_having;
}

std::string over_text(const SweepData& data, const Selection& selection) {
    std::string over;
    for (size_t d = 0; d < data.dimensions.size() && designs_differ(data); ++d) {
        const Dimension& dimension = data.dimensions[d];
        if (!dimension.load || dimension.levels.empty()) continue;
        if (!over.empty()) over += ", ";
        if (selection.load[d] || dimension.levels.size() == 1) {
            over += phrase_of(data, d, selection.load[d].value_or(0));
        } else {
            over += fmt::format("mean over {} values of {}", dimension.levels.size(), dimension.name());
            // Words have no order.
            if (dimension.numeric())
                over += fmt::format(", {} to {}", dimension.label(0),
                                    dimension.label(dimension.levels.size() - 1));
        }
    }
    if (data.groups.size() > 1) over += (over.empty() ? "" : "; ") + data.groups[selection.group];
    return over;
}

}  // namespace

std::string count_text(const SweepData& data) {
    const size_t all = data.expected_points(), done = data.count("done");
    std::string text = fmt::format("{} of {} {} results", done, all,
                                   all == 1    ? "point has"
                                   : done == 1 ? "points has"
                                               : "points have");
    text += without_results(data);
    if (all > data.points.size()) text += fmt::format(", {} not yet run", all - data.points.size());
    return text + ".";
}

std::string untimed_text(const SweepData& data) {
    const auto n = std::count_if(data.points.begin(), data.points.end(),
                                 [](const SweepPoint& point) { return !point.timed; });
    if (n == 0) return "";
    return fmt::format(
        "{} of {} {} no figure of time, and no place where time counts: core model functional "
        "counts instructions, not cycles.",
        n, data.points.size(),
        data.points.size() == 1 ? "point has"
        : n == 1                ? "points has"
                                : "points have");
}

std::string design_text(const SweepData& data, const Design& design) {
    std::string text;
    if (design.points.empty()) return text;
    const SweepPoint& point = data.points[design.points[0]];
    for (size_t d = 0; d < data.dimensions.size(); ++d) {
        if (data.dimensions[d].load || data.dimensions[d].levels.size() < 2) continue;
        text += (text.empty() ? "" : ", ") + phrase_of(data, d, point.levels[d]);
    }
    return text;
}

Answer answer_of(const SweepData& data, const Selection& selection) {
    Answer answer;
    if (data.count("done") == 0 || data.rows.empty()) {
        answer.sentence = why_nothing(data);
        return answer;
    }
    std::vector<Design> complete = designs_of(data, selection);
    std::erase_if(complete, [](const Design& design) { return !design.complete; });
    std::vector<Tradeoff> figures, on_front;
    for (const Design& design : complete) figures.push_back(design.figures);
    for (size_t i : pareto_front(figures, selection.more_is_better)) {
        answer.front.push_back(complete[i]);
        on_front.push_back(figures[i]);
    }
    if (designs_differ(data) && !answer.front.empty()) {
        const Knee knee = find_knee(on_front, selection.more_is_better);
        answer.build = knee.place;
        // What costs more and is on no front was of no use either.
        const double cost = on_front[knee.place].cost;
        answer.bends = knee.bends || std::any_of(figures.begin(), figures.end(),
                                                 [&](const Tradeoff& one) { return one.cost > cost; });
        for (size_t i = 0; i < answer.front.size(); ++i) {
            const bool counts =
                std::find(knee.counting.begin(), knee.counting.end(), i) != knee.counting.end();
            if (counts || answer.front.size() <= front_shown_whole || i + 1 == answer.front.size())
                answer.steps.push_back(i);
        }
    }
    if (answer.build && complete.size() > 1 && same_cost(complete)) {
        answer.steps.clear();
        answer.ranking = complete;
        std::stable_sort(answer.ranking.begin(), answer.ranking.end(), [&](const Design& a, const Design& b) {
            return selection.more_is_better ? a.figures.objective > b.figures.objective
                                            : a.figures.objective < b.figures.objective;
        });
    }
    if (!designs_differ(data) || hardly_differ(complete, selection.more_is_better))
        answer.rows = rows_table(data, selection);
    if (answer.rows) {
        answer.steps.clear();
        answer.ranking.clear();
        answer.sentence = rows_text(data, selection, *answer.rows);
        answer.over = rows_over(data, selection, *answer.rows);
        return answer;
    }
    answer.sentence = sentence(data, selection, complete, answer);
    answer.over = over_text(data, selection);
    return answer;
}

}  // namespace stile::sim
