// SPDX-License-Identifier: Apache-2.0
//
// The values of one axis.
#include <algorithm>
#include <cmath>
#include <set>

#include "sim/config/almost.h"
#include "sim/config/nearest.h"
#include "sim/config/sweep.h"
#include "sim/config/units.h"

namespace stile::sim {
namespace {

// More than anybody has the patience for.
constexpr size_t most_values = 10'000;

bool is_number(KeyKind kind) {
    return kind == KeyKind::integer || kind == KeyKind::bytes || kind == KeyKind::frequency ||
           kind == KeyKind::time || kind == KeyKind::cycles;
}

std::string unit_of(KeyKind kind) {
    switch (kind) {
        case KeyKind::bytes:
        case KeyKind::bytes_list:
            return "B";
        case KeyKind::frequency:
            return "Hz";
        case KeyKind::time:
            return "ns";
        case KeyKind::cycles:
            return "cycles";
        default:
            return "";
    }
}

// A difference of two values of the key: not bound to their range.
std::optional<int64_t> parse_step(KeyKind kind, const Node& node, int64_t frequency) {
    if (node.kind != Node::Kind::scalar) return std::nullopt;
    switch (kind) {
        case KeyKind::integer:
            return node.quoted ? std::nullopt : parse_integer(node.text);
        case KeyKind::bytes:
            return parse_bytes(node.text);
        case KeyKind::frequency:
            return parse_frequency(node.text);
        case KeyKind::time:
            return parse_time(node.text);
        case KeyKind::cycles:
            return parse_cycles(node.text, frequency);
        default:
            return std::nullopt;
    }
}

class Range {
  public:
    Range(const Key& key, const Node& node, int64_t frequency, Faults& faults)
        : key_(key), node_(node), frequency_(frequency), faults_(faults) {}

    std::vector<int64_t> values() {
        const size_t before = faults_.size();
        int64_t from = 0, to = 0;
        const Node::Entry* by = nullptr;
        if (!is_number(key_.kind())) {
            fault(node_.place, "'" + key_.path() + "' has no range: its values are no numbers",
                  "a list is expected");
            return {};
        }
        const std::vector<std::string> names{"from", "to", "step", "times", "count"};
        for (const Node::Entry& entry : node_.entries) {
            if (std::find(names.begin(), names.end(), entry.key) == names.end()) {
                fault(entry.key_place, "unknown key '" + entry.key + "' in a range",
                      suggestion(entry.key, names));
            } else if (entry.key != "from" && entry.key != "to") {
                if (by)
                    fault(entry.key_place,
                          "a range has one of step, times and count, not both '" + by->key + "' and '" +
                              entry.key + "'",
                          "leave one out");
                by = &entry;
            }
        }
        end("from", from);
        end("to", to);
        if (!by && faults_.size() == before)
            fault(node_.place, "the range says not how it goes on",
                  "step: 2 (so much more), times: 2 (so many times as much) or count: 5 (so many in all) is "
                  "expected");
        if (faults_.size() == before && from >= to)
            fault(node_.find("to")->value.place, "a range goes upwards",
                  "'to' must be more than " + text(from));
        if (faults_.size() != before) return {};
        std::vector<int64_t> all = by->key == "count" ? spread(from, to, by->value)
                                                      : stepped(from, to, by->key == "times", by->value);
        return faults_.size() == before ? all : std::vector<int64_t>();
    }

  private:
    void fault(const Place& place, const std::string& wrong, const std::string& remedy) {
        faults_.push_back({place, wrong, remedy});
    }
    std::string text(int64_t value) const { return key_.text_of(Key::Value(value)); }

    void end(const char* name, int64_t& out) {
        const Node::Entry* entry = node_.find(name);
        if (!entry) {
            fault(node_.place, std::string("the range has no '") + name + "'",
                  "{from: A, to: B, step: C} is expected");
            return;
        }
        Key::Value value;
        if (key_.read(entry->value, frequency_, value, faults_)) out = std::get<int64_t>(value);
    }

    std::vector<int64_t> stepped(int64_t from, int64_t to, bool times, const Node& by) {
        const std::optional<int64_t> step =
            times ? (by.kind == Node::Kind::scalar && !by.quoted ? parse_integer(by.text) : std::nullopt)
                  : parse_step(key_.kind(), by, frequency_);
        if (!step || *step < (times ? 2 : 1)) {
            fault(by.place, std::string("'") + (times ? "times" : "step") + "' cannot be " + found(by),
                  times ? "a whole number from 2 on is expected"
                        : "more than 0 is expected, " + key_.expected());
            return {};
        }
        if (times && from == 0) {
            fault(by.place, "0 times anything is 0", "begin from 1, or use a list");
            return {};
        }
        std::vector<int64_t> all;
        __int128 next = from;
        for (; next <= to && all.size() <= most_values; next = times ? next * *step : next + *step)
            all.push_back(static_cast<int64_t>(next));
        if (all.size() > most_values) {
            fault(by.place, "the range has more than " + std::to_string(most_values) + " values", "");
        } else if (all.back() != to) {
            fault(node_.find("to")->value.place,
                  "the range never comes to its end: " + text(to) + " is not among its values",
                  text(all.back()) + (next <= key_.max() ? " or " + text(static_cast<int64_t>(next)) : "") +
                      " would be");
        }
        return all;
    }

    // Evenly on a logarithmic scale.
    std::vector<int64_t> spread(int64_t from, int64_t to, const Node& by) {
        const auto count =
            by.kind == Node::Kind::scalar && !by.quoted ? parse_integer(by.text) : std::nullopt;
        if (!count || *count < 2 || *count > static_cast<int64_t>(most_values)) {
            fault(by.place, "'count' cannot be " + found(by),
                  "a whole number from 2 to " + std::to_string(most_values) + " is expected");
            return {};
        }
        if (from == 0) {
            fault(node_.find("from")->value.place, "a logarithmic range cannot begin from 0",
                  "begin from 1, or use step");
            return {};
        }
        std::vector<int64_t> all;
        const double ratio = static_cast<double>(to) / static_cast<double>(from);
        for (int64_t i = 0; i < *count; ++i) {
            int64_t value =
                std::llround(static_cast<double>(from) *
                             std::pow(ratio, static_cast<double>(i) / static_cast<double>(*count - 1)));
            if (i == *count - 1) value = to;
            if (all.empty() || all.back() != value) all.push_back(value);
        }
        return all;
    }

    const Key& key_;
    const Node& node_;
    int64_t frequency_;
    Faults& faults_;
};

// A list of one number is that number: sizes are lists, and their axis has an order all the same.
std::optional<double> number_of(const Key& key, const Key::Value& value) {
    if (key.kind() == KeyKind::bytes_list) {
        const auto& list = std::get<std::vector<int64_t>>(value);
        return list.size() == 1 ? std::optional(static_cast<double>(list[0])) : std::nullopt;
    }
    if (!is_number(key.kind())) return std::nullopt;
    return static_cast<double>(std::get<int64_t>(value));
}

}  // namespace

SweptKey read_axis(const Key& key, const Node& node, int64_t frequency, bool zipped, Faults& faults) {
    SweptKey axis{key.path(), unit_of(key.kind()), node.place, {}};
    std::vector<Node> nodes;
    if (node.kind == Node::Kind::map) {
        for (const int64_t value : Range(key, node, frequency, faults).values()) {
            Node item;
            item.kind = Node::Kind::scalar;
            item.text = key.text_of(Key::Value(value));
            item.place = node.place;
            nodes.push_back(std::move(item));
        }
    } else if (node.kind == Node::Kind::sequence) {
        nodes = node.items;
        if (nodes.empty()) faults.push_back({node.place, "'" + key.path() + "' has no values", ""});
    } else {
        faults.push_back({node.place, "the values of '" + key.path() + "' cannot be " + found(node),
                          "a list such as [" + key.default_text() +
                              "] or a range such as {from: A, to: B, "
                              "step: C} is expected"});
    }
    std::set<std::string> seen;
    for (Node& item : nodes) {
        if (key.is_list() && item.kind == Node::Kind::scalar) {
            faults.push_back({item.place, "a value of '" + key.path() + "' cannot be " + found(item),
                              "each of its values is a list: [" + item.text + "]"});
            continue;
        }
        Key::Value value;
        if (!key.read(item, frequency, value, faults)) continue;
        // A time stays one: how many cycles it is may depend on another axis.
        const bool time = key.kind() == KeyKind::cycles && parse_time(item.text);
        const std::string text = time ? item.text : key.text_of(value);
        if (!zipped && !seen.insert(text).second) {
            faults.push_back(
                {item.place, "'" + key.path() + "' has the value " + text + " twice", "leave one out"});
            continue;
        }
        axis.values.push_back({std::move(item), text, number_of(key, value)});
    }
    return axis;
}

std::vector<uint64_t> sample(uint64_t size, uint64_t count, uint64_t seed) {
    std::vector<uint64_t> all;
    if (count >= size) {
        for (uint64_t i = 0; i < size; ++i) all.push_back(i);
        return all;
    }
    // Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014): splitmix64.
    uint64_t state = seed;
    const auto next = [&state] {
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    };
    // Without favouring small numbers: what would not fill a whole round is thrown away.
    const auto below = [&next](uint64_t limit) {
        const uint64_t rest = (UINT64_MAX % limit + 1) % limit;
        uint64_t n = next();
        while (rest != 0 && n > UINT64_MAX - rest) n = next();
        return n % limit;
    };
    // Floyd's: Bentley, "Programming pearls: a sample of brilliance" (CACM 1987).
    for (uint64_t j = size - count; j < size; ++j) {
        const uint64_t n = below(j + 1);
        const auto at = std::lower_bound(all.begin(), all.end(), n);
        if (at == all.end() || *at != n) {
            all.insert(at, n);
        } else {
            all.push_back(j);  // more than any before
        }
    }
    return all;
}

}  // namespace stile::sim
