// SPDX-License-Identifier: Apache-2.0
#include "sim/report/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "sim/report/words.h"

namespace stile::sim {
namespace {

using Groups = std::vector<size_t>;

// More sentences than these nobody reads.
constexpr size_t classes_at_most = 3, crossings_at_most = 3;

class Rows {
  public:
    Rows(const SweepData& data, const Selection& selection, const RowsTable& table)
        : data_(data), selection_(selection), table_(table) {}

    std::string text() const {
        const std::vector<Groups> classes = comparable();
        const std::string policies = policies_text();
        if (data_.dimensions[table_.dimension].numeric() && !classes.empty() &&
            classes.size() <= classes_at_most) {
            std::string all;
            for (const Groups& groups : classes) all += (all.empty() ? "" : " ") + class_text(groups);
            return all + (policies.empty() ? "" : " " + policies);
        }
        const std::string start = policies.empty() ? ends_text() : policies;
        if (start.empty()) return "No kind of row has complete results.";
        return start + (data_.dimensions[table_.dimension].numeric() ? "" : " " + axis_text());
    }

  private:
    size_t levels() const { return data_.dimensions[table_.dimension].levels.size(); }
    const std::optional<double>& at(size_t group, size_t level) const { return table_.figures[group][level]; }
    std::string phrase(size_t level) const { return phrase_of(data_, table_.dimension, level); }
    bool is_better(double a, double b) const { return selection_.more_is_better ? a > b : a < b; }
    bool clearly_better(double a, double b) const {
        return gain(b, a, selection_.more_is_better) >= worth_having;
    }
    std::string noun() const { return metric_words(data_.metrics[selection_.objective].name).noun; }
    std::string unit() const {
        const MetricWords words = metric_words(data_.metrics[selection_.objective].name);
        return words.unit.empty() ? words.noun : words.unit;
    }

    // Groups that do the same work, two of them at least.
    std::vector<Groups> comparable() const {
        std::vector<Groups> classes;
        std::map<std::pair<std::string, std::string>, size_t> place;
        for (size_t group = 0; group < data_.groups.size(); ++group) {
            const auto& figures = table_.figures[group];
            if (std::none_of(figures.begin(), figures.end(), [](const auto& f) { return f.has_value(); }))
                continue;
            const Kind& kind = data_.kinds[group];
            const auto [found, fresh] = place.try_emplace({kind.scope, kind.others}, classes.size());
            if (fresh) classes.emplace_back();
            classes[found->second].push_back(group);
        }
        std::erase_if(classes, [](const Groups& groups) { return groups.size() < 2; });
        return classes;
    }

    // "Between processes, 64 B: "
    std::string class_name(const Groups& groups) const {
        const Kind& kind = data_.kinds[groups[0]];
        std::string name;
        if (std::any_of(data_.kinds.begin(), data_.kinds.end(),
                        [&](const Kind& other) { return other.scope != kind.scope; }))
            name = kind.scope == "same_process"    ? "Within a process"
                   : kind.scope == "cross_process" ? "Between processes"
                                                   : kind.scope;
        if (!kind.others.empty()) name += (name.empty() ? "" : ", ") + kind.others;
        return name.empty() ? name : name + ": ";
    }

    std::optional<size_t> best_of(const Groups& groups, size_t level) const {
        std::optional<size_t> best;
        for (const size_t group : groups)
            if (at(group, level) && (!best || is_better(*at(group, level), *at(*best, level)))) best = group;
        return best;
    }

    // Of another mechanism, if there is one.
    std::optional<size_t> next_after(const Groups& groups, size_t leader, size_t level) const {
        Groups others;
        for (const bool any : {false, true}) {
            for (const size_t group : groups)
                if (group != leader && at(group, level) &&
                    (any || data_.kinds[group].mechanism != data_.kinds[leader].mechanism))
                    others.push_back(group);
            if (!others.empty()) break;
        }
        return best_of(others, level);
    }

    struct Run {
        size_t leader, from, to;  // levels, both included
    };
    // Who is best stays so until another is clearly better.
    std::vector<Run> runs_of(const Groups& groups) const {
        std::vector<Run> runs;
        for (size_t level = 0; level < levels(); ++level) {
            const auto best = best_of(groups, level);
            if (!best) continue;
            if (!runs.empty()) {
                const auto& held = at(runs.back().leader, level);
                if (held && !clearly_better(*at(*best, level), *held)) {
                    runs.back().to = level;
                    continue;
                }
            }
            runs.push_back({*best, level, level});
        }
        return runs;
    }

    std::string class_text(const Groups& groups) const {
        const std::vector<Run> runs = runs_of(groups);
        std::string text = class_name(groups) + data_.groups[runs[0].leader] + " is best";
        if (runs.size() == 1) text += " everywhere";
        for (size_t i = 0; i < runs.size() && runs.size() > 1; ++i) {
            const Run& run = runs[i];
            if (i > 0) text += ", " + data_.groups[run.leader];
            if (i == 0)
                text += " up to " + phrase(run.to);
            else if (i + 1 == runs.size())
                text += " from " + phrase(run.from) + " on";
            else
                text += run.from == run.to ? " with " + phrase(run.from)
                                           : " from " + phrase(run.from) + " to " + phrase(run.to);
        }
        return text + next_text(groups, runs) + "." + crossings_text(groups, runs);
    }

    // "; next come pipe with 27x its cycles (sizes 0 B) and binder with 3x (sizes 64 KiB)"
    std::string next_text(const Groups& groups, const std::vector<Run>& runs) const {
        const auto next_at = [&](const Run& run, size_t level) -> std::optional<std::pair<size_t, double>> {
            const auto next = next_after(groups, run.leader, level);
            if (!next || *at(run.leader, level) == 0) return std::nullopt;
            return std::pair{*next, *at(*next, level) / *at(run.leader, level)};
        };
        const size_t first = runs.front().from, last = runs.back().to;
        const auto a = next_at(runs.front(), first), b = next_at(runs.back(), last);
        const auto one = [&](const std::pair<size_t, double>& next, size_t level, const std::string& what) {
            return fmt::format("{} with {}{} ({})", data_.groups[next.first], times_text(next.second), what,
                               phrase(level));
        };
        const std::string its = " its " + noun();
        if (!a || !b || first == last) {
            if (!a && !b) return "";
            return "; next comes " + one(a ? *a : *b, a ? first : last, its);
        }
        if (a->first == b->first)
            return fmt::format("; next comes {} with {} ({}) to {}{} ({})", data_.groups[a->first],
                               times_text(a->second), phrase(first), times_text(b->second), its,
                               phrase(last));
        return "; next come " + one(*a, first, its) + " and " + one(*b, last, "");
    }

    struct Crossing {
        size_t changes = 0, from = 0;
        bool first_is_better = false;  // from there on
    };
    Crossing crossing(size_t a, size_t b) const {
        Crossing found;
        std::optional<bool> before;
        for (size_t level = 0; level < levels(); ++level) {
            if (!at(a, level) || !at(b, level)) continue;
            const double x = *at(a, level), y = *at(b, level);
            if (!clearly_better(x, y) && !clearly_better(y, x)) continue;
            const bool now = is_better(x, y);
            if (before && *before != now) {
                ++found.changes;
                found.from = level;
            }
            before = now;
            found.first_is_better = now;
        }
        return found;
    }

    // " From sizes 16 KiB on binder is better than pipe." What the runs say is not said again.
    std::string crossings_text(const Groups& groups, const std::vector<Run>& runs) const {
        std::set<std::pair<size_t, size_t>> said;
        for (size_t i = 1; i < runs.size(); ++i) {
            said.insert({runs[i - 1].leader, runs[i].leader});
            said.insert({runs[i].leader, runs[i - 1].leader});
        }
        std::vector<std::string> texts;
        size_t more = 0;
        for (size_t i = 0; i < groups.size(); ++i)
            for (size_t j = i + 1; j < groups.size(); ++j) {
                const Crossing found = crossing(groups[i], groups[j]);
                if (found.changes == 0 || said.count({groups[i], groups[j]})) continue;
                if (found.changes > 1 || texts.size() == crossings_at_most) {
                    ++more;
                    continue;
                }
                const std::string &a = data_.groups[groups[i]], &b = data_.groups[groups[j]];
                texts.push_back(fmt::format("from {} on {} is better than {}", phrase(found.from),
                                            found.first_is_better ? a : b, found.first_is_better ? b : a));
            }
        std::string text;
        for (const std::string& one : texts) text += (text.empty() ? "" : ", ") + one;
        if (more > 0)
            text +=
                fmt::format("{}{}{} change{} places", text.empty() ? "" : "; ", more,
                            text.empty() ? (more == 1 ? " pair" : " pairs") : " more", more == 1 ? "s" : "");
        if (text.empty()) return "";
        if (text[0] == 'f') text[0] = 'F';
        return " " + text + ".";
    }

    // "Over policy low, dipc pays 113 cycles per call (24 %) for high; ..."
    std::string policies_text() const {
        struct Paying {
            std::string name, base;
            std::vector<std::string> options;
        };
        std::vector<Paying> all;
        std::set<std::string> bases;
        std::map<std::array<std::string, 3>, std::vector<size_t>> members;
        std::vector<std::array<std::string, 3>> order;
        for (size_t group = 0; group < data_.groups.size(); ++group) {
            const Kind& kind = data_.kinds[group];
            auto& of = members[{kind.scope, kind.mechanism, kind.others}];
            if (of.empty()) order.push_back({kind.scope, kind.mechanism, kind.others});
            of.push_back(group);
        }
        bool with_unit = true;
        for (const auto& key : order) {
            const Groups& groups = members[key];
            size_t base = groups[0];
            for (const size_t group : groups)
                if (data_.kinds[group].policy == "low") base = group;
            Paying one{key[1] + (key[2].empty() ? "" : " " + key[2]), data_.kinds[base].policy, {}};
            for (const size_t group : groups) {
                const std::string& policy = data_.kinds[group].policy;
                if (group == base || policy.empty() || policy == one.base) continue;
                const std::string price = price_of(base, group, with_unit);
                if (price.empty()) continue;
                with_unit = false;
                one.options.push_back(price + " for " + policy);
            }
            if (one.options.empty()) continue;
            bases.insert(one.base);
            all.push_back(one);
        }
        if (all.empty()) return "";
        std::string text;
        for (size_t i = 0; i < all.size(); ++i) {
            text += i == 0 ? "" : "; ";
            if (bases.size() > 1) text += "over " + all[i].base + " ";
            text += all[i].name + (i == 0 ? " pays " : " ");
            for (size_t j = 0; j < all[i].options.size(); ++j)
                text += (j == 0 ? "" : ", ") + all[i].options[j];
        }
        if (bases.size() == 1) text = "Over policy " + *bases.begin() + ", " + text;
        return text + ".";
    }

    // "35 to 113 cycles per call (2.1 to 24 %)": the least and the most along the axis.
    std::string price_of(size_t base, size_t group, bool with_unit) const {
        std::vector<double> prices, percents;
        for (size_t level = 0; level < levels(); ++level) {
            if (!at(base, level) || !at(group, level) || *at(base, level) == 0) continue;
            const double more = *at(group, level) - *at(base, level);
            prices.push_back(selection_.more_is_better ? -more : more);
            percents.push_back(prices.back() / std::abs(*at(base, level)) * 100);
        }
        if (prices.empty()) return "";
        const auto range = [](const std::vector<double>& values, int count) {
            const auto [least, most] = std::minmax_element(values.begin(), values.end());
            const std::string a = digits(*least, count), b = digits(*most, count);
            return a == b ? a : a + " to " + b;
        };
        return range(prices, 3) + (with_unit ? " " + unit() : "") + " (" + range(percents, 2) + " %)";
    }

    // "protection changes no row by 2 %."
    std::string axis_text() const {
        const std::string name = data_.dimensions[table_.dimension].name();
        size_t clear = 0, most = 0, low = 0, high = 0;
        double most_spread = 0;
        for (size_t group = 0; group < data_.groups.size(); ++group) {
            std::optional<size_t> least, largest;
            for (size_t level = 0; level < levels(); ++level) {
                if (!at(group, level)) continue;
                if (!least || *at(group, level) < *at(group, *least)) least = level;
                if (!largest || *at(group, level) > *at(group, *largest)) largest = level;
            }
            if (!least || least == largest) continue;
            const double spread = gain(*at(group, *largest), *at(group, *least), false);
            clear += spread >= worth_having ? 1 : 0;
            if (spread <= most_spread) continue;
            most_spread = spread;
            most = group;
            low = *least;
            high = *largest;
        }
        if (clear == 0) return name + " changes no row by 2 %.";
        return fmt::format("{} changes {} of {} rows by 2 % or more, most {}: {}.", name, clear,
                           data_.groups.size(), data_.groups[most],
                           figures_from(data_, selection_.objective, *at(most, low), phrase(low),
                                        *at(most, high), phrase(high)));
    }

    // "With sizes 0 B: from 21.1 (function) to 6700 cycles per call (binder); with ..."
    std::string ends_text() const {
        std::string text;
        for (const size_t level : {size_t{0}, levels() - 1}) {
            std::optional<size_t> least, most;
            for (size_t group = 0; group < data_.groups.size(); ++group) {
                if (!at(group, level)) continue;
                if (!least || *at(group, level) < *at(*least, level)) least = group;
                if (!most || *at(group, level) >= *at(*most, level)) most = group;
            }
            if (!least) continue;
            text += (text.empty() ? "With " : "; with ") + phrase(level) + ": ";
            text += least == most
                        ? fmt::format("{} ({})", figure(data_, selection_.objective, *at(*most, level)),
                                      data_.groups[*most])
                        : figures_from(data_, selection_.objective, *at(*least, level), data_.groups[*least],
                                       *at(*most, level), data_.groups[*most]);
        }
        return text.empty() ? "" : text + ".";
    }

    const SweepData& data_;
    const Selection& selection_;
    const RowsTable& table_;
};

}  // namespace

std::string rows_text(const SweepData& data, const Selection& selection, const RowsTable& table) {
    return Rows(data, selection, table).text();
}

std::string rows_over(const SweepData& data, const Selection& selection, const RowsTable& table) {
    std::string over;
    for (size_t d = 0; d < data.dimensions.size(); ++d) {
        const Dimension& dimension = data.dimensions[d];
        if (d == table.dimension || dimension.levels.size() < 2) continue;
        over += over.empty() ? "" : ", ";
        if (!dimension.load)
            over += "best over " + dimension.name();
        else if (selection.load[d])
            over += phrase_of(data, d, *selection.load[d]);
        else
            over += "mean over " + dimension.name();
    }
    return over;
}

}  // namespace stile::sim
