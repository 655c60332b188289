// SPDX-License-Identifier: Apache-2.0
#include "sim/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/config/design.h"

namespace stile::sim {
namespace {

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::string owner_of(const std::string& key) {
    const size_t last = key.rfind('.');
    if (last == std::string::npos || last == 0) return "";
    const size_t before = key.rfind('.', last - 1);
    return before == std::string::npos ? key.substr(0, last) : key.substr(before + 1, last - before - 1);
}

// Nothing else that is built is swept: whose entries they are need not be said.
bool is_alone(const SweepData& data, const std::string& owner) {
    return std::all_of(data.axes.begin(), data.axes.end(),
                       [&](const Axis& axis) { return owner_of(axis.key) == owner || !is_built(axis.key); });
}

std::string phrase(const SweepData& data, const std::string& key, const AxisValue& value) {
    const std::string field = last_part(key), owner = owner_of(key);
    if (value.number && (field == "entries" || field == "ways" || field == "cores")) {
        const std::string one = field == "entries" ? "entry" : field.substr(0, field.size() - 1);
        const std::string noun = *value.number == 1 ? one : field;
        return owner.empty() || is_alone(data, owner) ? value.label() + " " + noun
                                                      : value.label() + " " + owner + " " + noun;
    }
    if (field == "size" && !owner.empty() && owner != "workload") return value.label() + " " + owner;
    // A list of one size is a size.
    const bool one_of_many = value.number && value.text.starts_with('[') && field.ends_with('s');
    if (one_of_many) return field.substr(0, field.size() - 1) + " " + value.label();
    const bool plain = owner.empty() || owner == "workload" || owner == "measure" || owner == "machine";
    return (plain ? field : owner + "." + field) + " " + value.label();
}

}  // namespace

MetricWords metric_words(const std::string& name) {
    if (name == "area_swept_mm2" || name == "area_mm2") return {"mm2", "area", "less", "more"};
    if (name == "access_ns_swept") return {"ns", "access time", "less", "more"};
    if (name == "cycles_mean") return {"cycles per call", "cycles", "fewer", "more"};
    if (name == "cycles_p50") return {"cycles (median)", "cycles", "fewer", "more"};
    if (name == "cycles_p99") return {"cycles (99th percentile)", "cycles", "fewer", "more"};
    if (name == "ns_mean") return {"ns per call", "time", "less", "more"};
    if (name == "instructions") return {"instructions per call", "instructions", "fewer", "more"};
    if (name == "run_cycles") return {"cycles per run", "cycles", "fewer", "more"};
    if (name == "run_ns") return {"ns per run", "time", "less", "more"};
    if (name == "run_instructions") return {"instructions per run", "instructions", "fewer", "more"};
    if (name == "roi.cycles") return {"cycles of the region", "cycles", "fewer", "more"};
    // A name alone does not say what it counts.
    return {"", name, "lower", "higher"};
}

std::string phrase_of(const SweepData& data, size_t dimension, size_t level) {
    const Dimension& of = data.dimensions[dimension];
    std::string text;
    for (size_t i = 0; i < of.keys.size(); ++i)
        text += (text.empty() ? "" : ", ") + phrase(data, of.keys[i], of.levels[level][i]);
    return text;
}

std::string with_unit(const SweepData& data, size_t metric, const std::string& numbers) {
    const MetricWords words = metric_words(data.metrics[metric].name);
    return words.unit.empty() ? data.metrics[metric].name + " " + numbers : numbers + " " + words.unit;
}

std::string figure(const SweepData& data, size_t metric, double value) {
    return with_unit(data, metric, three_digits(value));
}

std::string figures_from(const SweepData& data, size_t metric, double from, const std::string& at_from,
                         double to, const std::string& at_to) {
    return with_unit(data, metric,
                     fmt::format("from {} ({}) to {}", three_digits(from), at_from, three_digits(to))) +
           " (" + at_to + ")";
}

std::string page_text(const std::string& text) {
    // The JSON library replaces what is no UTF-8.
    const std::string quoted =
        nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::string valid = nlohmann::json::parse(quoted).get<std::string>();
    for (char& c : valid) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < ' ' && c != '\n' && c != '\t') || byte == 0x7f) c = ' ';
    }
    return valid;
}

std::string digits(double value, int count) {
    if (value == 0 || !std::isfinite(value)) return "0";
    const double size = std::abs(value);
    // As many decimals as `count` digits need, by comparison: a logarithm's last bit must not matter.
    int decimals = 0;
    double power = 1, least = 1;
    for (int i = 1; i < count; ++i) least *= 10;
    while (decimals < 12 && size * power < least) {
        power *= 10;
        ++decimals;
    }
    // Half up, as the page's script does it; printf would round to even.
    std::string text = fmt::format("{:.0f}", std::floor(size * power + 0.5));
    if (decimals > 0) {
        const auto wanted = static_cast<size_t>(decimals) + 1;
        if (text.size() < wanted) text.insert(0, wanted - text.size(), '0');
        text.insert(text.size() - static_cast<size_t>(decimals), ".");
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
    }
    return (value < 0 ? "-" : "") + text;
}

}  // namespace stile::sim
