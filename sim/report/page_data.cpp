// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/report/sweep_page.h"
#include "sim/report/words.h"

namespace stile::sim {
namespace {

using Json = nlohmann::ordered_json;

// 15, not 15.0.
Json number(const std::optional<double>& value) {
    if (!value) return nullptr;
    if (std::floor(*value) == *value && std::abs(*value) < 9e15) return static_cast<int64_t>(*value);
    return *value;
}

Json dimension_json(const SweepData& data, size_t d) {
    const Dimension& dimension = data.dimensions[d];
    Json labels = Json::array(), phrases = Json::array(), numbers = Json::array(), values = Json::array();
    for (size_t level = 0; level < dimension.levels.size(); ++level) {
        labels.push_back(dimension.label(level));
        phrases.push_back(phrase_of(data, d, level));
        numbers.push_back(number(dimension.levels[level][0].number));
        Json texts = Json::array();
        for (const AxisValue& value : dimension.levels[level]) texts.push_back(value.text);
        values.push_back(texts);
    }
    Json json{{"name", dimension.name()}, {"load", dimension.load}, {"keys", dimension.keys},
              {"labels", labels},         {"phrases", phrases},     {"values", values}};
    json["numbers"] = dimension.numeric() ? numbers : Json(nullptr);
    return json;
}

const char* kind_name(Metric::Kind kind) {
    switch (kind) {
        case Metric::Kind::cost:
            return "costs";
        case Metric::Kind::result:
            return "results";
        case Metric::Kind::axis:
            return "axes";
        case Metric::Kind::statistic:
            return "statistics";
    }
    return "";
}

}  // namespace

Json page_data(const SweepData& data, const Selection& selection) {
    Json dims = Json::array(), metrics = Json::array(), load = Json::array(), levels = Json::array();
    for (size_t d = 0; d < data.dimensions.size(); ++d) {
        dims.push_back(dimension_json(data, d));
        load.push_back(selection.load[d] ? Json(*selection.load[d]) : Json(nullptr));
        Json of = Json::array();
        for (const SweepPoint& point : data.points) of.push_back(point.levels[d]);
        levels.push_back(of);
    }
    Json numbers = Json::array(), status = Json::array(), reasons = Json::array();
    for (const SweepPoint& point : data.points) {
        numbers.push_back(point.number);
        status.push_back(point.status);
        reasons.push_back(point.reason);
    }
    Json row_point = Json::array(), row_group = Json::array();
    for (const SweepRow& row : data.rows) {
        row_point.push_back(row.point);
        row_group.push_back(row.group);
    }
    Json kinds = Json::array(), refused_point = Json::array(), refused_group = Json::array();
    for (const Kind& kind : data.kinds)
        kinds.push_back({{"scope", kind.scope},
                         {"mechanism", kind.mechanism},
                         {"policy", kind.policy},
                         {"others", kind.others}});
    std::map<int64_t, size_t> place;
    for (size_t p = 0; p < data.points.size(); ++p) place[data.points[p].number] = p;
    for (const SweepRefusal& one : data.refused) {
        const auto point = place.find(one.point);
        if (!one.group || point == place.end()) continue;
        refused_point.push_back(point->second);
        refused_group.push_back(*one.group);
    }
    for (const Metric& metric : data.metrics) {
        const MetricWords words = metric_words(metric.name);
        Json values = Json::array();
        for (const auto& value : metric.values) values.push_back(number(value));
        metrics.push_back({{"name", metric.name},
                           {"kind", kind_name(metric.kind)},
                           {"unit", words.unit},
                           {"noun", words.noun},
                           {"less", words.less},
                           {"more", words.more},
                           {"values", values}});
    }
    return {{"name", data.get("name")},
            {"dims", dims},
            {"points", {{"number", numbers}, {"status", status}, {"reason", reasons}, {"levels", levels}}},
            {"rows", {{"point", row_point}, {"group", row_group}}},
            {"groups", data.groups},
            {"kinds", kinds},
            {"refused", {{"point", refused_point}, {"group", refused_group}}},
            {"metrics", metrics},
            {"selection",
             {{"group", selection.group},
              {"cost", selection.cost},
              {"objective", selection.objective},
              {"more", selection.more_is_better},
              {"load", load}}}};
}

}  // namespace stile::sim
