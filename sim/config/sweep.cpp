// SPDX-License-Identifier: Apache-2.0
#include "sim/config/sweep.h"

#include <algorithm>
#include <set>

#include "sim/config/almost.h"
#include "sim/config/describe.h"
#include "sim/config/nearest.h"
#include "sim/config/plain_text.h"

namespace stile::sim {
namespace {

constexpr uint64_t most_points = 100'000;

// Keys that no result depends on.
constexpr const char* no_result[] = {"output.folder", "output.report", "output.console_limit"};

// Nothing where something that is no map is in the way.
Node* make_place(Node& root, const std::string& path) {
    Node* node = &root;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t dot = std::min(path.find('.', begin), path.size());
        if (node->kind != Node::Kind::map) return nullptr;
        const std::string name = path.substr(begin, dot - begin);
        Node::Entry* entry = node->find(name);
        if (!entry) {
            Node empty;
            empty.kind = dot == path.size() ? Node::Kind::null : Node::Kind::map;
            empty.place = root.place;
            node->entries.push_back({name, root.place, std::move(empty)});
            entry = &node->entries.back();
        }
        node = &entry->value;
        begin = dot + 1;
    }
    return node;
}

// The value of another key that must be there before this one can be judged.
const Node* first_value(const Node& axis) {
    if (axis.kind == Node::Kind::sequence && !axis.items.empty()) return &axis.items.front();
    if (axis.kind != Node::Kind::map) return nullptr;
    const Node::Entry* from = axis.find("from");
    return from ? &from->value : nullptr;
}

class AxesReader {
  public:
    AxesReader(const LoadedConfig& base, std::vector<SweptAxis>& axes, Faults& faults)
        : base_(base), axes_(axes), faults_(faults) {}

    void read_product(const Node& node) {
        if (node.kind != Node::Kind::map) {
            fault(node.place, "'sweep.axes' " + cannot_be(node),
                  "a map from keys to their values is expected: machine.l1d.size: [16 KiB, 32 KiB]");
            return;
        }
        for (const Node::Entry& entry : node.entries) {
            if (auto key = read_key(entry, "sweep.axes")) axes_.push_back({{std::move(*key)}, std::nullopt});
        }
    }

    void read_zip(const Node& node) {
        if (node.kind != Node::Kind::sequence) {
            fault(node.place, "'sweep.zip' " + cannot_be(node),
                  "a list of groups is expected, each a map from keys to lists of as many values");
            return;
        }
        unsigned group = 0;
        for (const Node& item : node.items) {
            ++group;
            if (item.kind != Node::Kind::map || item.entries.empty()) {
                fault(item.place, "a group of 'sweep.zip' " + cannot_be(item),
                      "a map from keys to lists of as many values is expected");
                continue;
            }
            SweptAxis axis;
            axis.zip_group = group;
            const size_t before = faults_.size();
            for (const Node::Entry& entry : item.entries)
                if (auto key = read_key(entry, "sweep.zip")) axis.keys.push_back(std::move(*key));
            if (faults_.size() != before || axis.keys.empty()) continue;
            for (const SweptKey& key : axis.keys) {
                if (key.values.size() != axis.size())
                    fault(key.place,
                          "'" + key.key + "' has " + std::to_string(key.values.size()) + " values, '" +
                              axis.keys.front().key + "' " + std::to_string(axis.size()),
                          "keys that are zipped have as many values as each other");
            }
            if (faults_.size() == before) check_repetition(axis);
            axes_.push_back(std::move(axis));
        }
    }

  private:
    void fault(const Place& place, const std::string& wrong, const std::string& remedy) {
        faults_.push_back({place, wrong, remedy});
    }

    void check_repetition(const SweptAxis& axis) {
        std::set<std::string> seen;
        for (size_t i = 0; i < axis.size(); ++i) {
            std::string text;
            for (const SweptKey& key : axis.keys) text += (text.empty() ? "" : ", ") + key.values[i].text;
            if (!seen.insert(text).second)
                fault(axis.keys.front().values[i].node.place, "the group has the values " + text + " twice",
                      "leave one out");
        }
    }

    std::optional<SweptKey> read_key(const Node::Entry& entry, const std::string& section) {
        const std::string& path = entry.key;
        const Registry& keys = base_.keys;
        // Where no workload was found, nothing is known of its parameters.
        if (path.starts_with("workload.") && !base_.config.plugin.descriptor) return std::nullopt;
        const Key* key = keys.find(path);
        if (!key) {
            std::vector<std::string> all;
            for (const Key& k : keys.keys()) all.push_back(k.path());
            const std::vector<std::string> below = keys.children(path);
            // Whoever knows a key's name but not its path is nearer than whoever mistypes.
            const std::string name = path.substr(path.rfind('.') + 1);
            const auto named = std::find_if(all.begin(), all.end(), [&](const std::string& other) {
                return other.ends_with("." + name) && nearest(path, {other}) == other;
            });
            const std::string near = named != all.end() ? *named : nearest(path, all);
            fault(entry.key_place,
                  (below.empty() ? "unknown key '" + shown(path) + "' in '"
                                 : "'" + path + "' is no key but a group in '") +
                      section + "'",
                  !below.empty() ? "valid are " + alternatives(with_prefix(path, below))
                  : !near.empty()
                      ? "did you mean '" + near + "'?"
                      : "'stile list parameters' has them all; the whole path is expected, such as "
                        "machine.l1d.size");
            return std::nullopt;
        }
        if (path == "workload.name" || path.starts_with("output.")) {
            fault(entry.key_place, "'" + path + "' cannot be swept",
                  path == "workload.name"
                      ? "parameters belong to their workload: a sweep for each is expected"
                      : "it changes no result");
            return std::nullopt;
        }
        if (std::find(names_.begin(), names_.end(), path) != names_.end()) {
            fault(entry.key_place, "'" + path + "' is an axis already", "leave one out");
            return std::nullopt;
        }
        names_.push_back(path);
        SweptKey axis = read_axis(*key, entry.value, static_cast<int64_t>(base_.config.machine.frequency),
                                  section == "sweep.zip", faults_);
        if (axis.values.empty()) return std::nullopt;
        return axis;
    }

    static std::vector<std::string> with_prefix(const std::string& prefix, std::vector<std::string> names) {
        for (std::string& name : names) name = prefix + "." + name;
        return names;
    }

    const LoadedConfig& base_;
    std::vector<SweptAxis>& axes_;
    Faults& faults_;
    std::vector<std::string> names_;
};

Node take(Node& map, const char* name) {
    Node taken;
    if (Node::Entry* entry = map.find(name)) {
        taken = std::move(entry->value);
        if (taken.kind == Node::Kind::null) taken.place = entry->key_place;
        std::erase_if(map.entries, [&](const Node::Entry& e) { return e.key == name; });
    }
    return taken;
}

std::string values_yaml(const SweptKey& key) {
    std::string all;
    for (const SweptValue& value : key.values) all += (all.empty() ? "" : ", ") + value.text;
    return "[" + all + "]";
}

}  // namespace

LoadedSweep::LoadedSweep(const std::string& path, const std::vector<Override>& overrides,
                         PluginLoader load_plugin)
    : path_(path), load_plugin_(std::move(load_plugin)) {
    Faults faults;
    root_ = load_tree(path, overrides, faults);
    const Node::Entry* entry = root_.find("sweep");
    if (!entry) {
        faults.push_back({{path, 1, 1}, "'sweep' is missing", "this is one run: 'stile run' does it"});
        throw_sorted(std::move(faults));
    }
    if (entry->value.kind != Node::Kind::map) {
        faults.push_back(
            {entry->key_place, "'sweep' " + cannot_be(entry->value), "a map with axes is expected"});
        throw_sorted(std::move(faults));
    }
    Node section = take(root_, "sweep");

    Faults of_base;
    base_ = resolve(root_, path_, load_plugin_, of_base);
    // What the file leaves to the axes alone.
    bool again = false;
    const auto fill = [&](const Node& axes) {
        for (const Node::Entry& axis : axes.entries) {
            const Key* key = base_->keys.find(axis.key);
            const Node* value = first_value(axis.value);
            if (!key || !key->is_required() || key->was_given() || !value) continue;
            if (Node* place = make_place(root_, axis.key)) *place = *value, again = true;
        }
    };
    if (const Node::Entry* axes = section.find("axes")) fill(axes->value);
    if (const Node::Entry* zip = section.find("zip"))
        for (const Node& group : zip->value.items) fill(group);
    if (again) {
        of_base.clear();
        base_ = resolve(root_, path_, load_plugin_, of_base);
    }
    faults.insert(faults.end(), of_base.begin(), of_base.end());
    read_section(std::move(section), faults);
    throw_sorted(std::move(faults));
}

void LoadedSweep::read_section(Node section, Faults& faults) {
    const Place place = section.place;
    const bool has_axes = section.find("axes"), has_zip = section.find("zip");
    const Node axes = take(section, "axes"), zip = take(section, "zip");
    bind_sweep(keys_, config_);
    Node root;
    root.kind = Node::Kind::map;
    root.entries.push_back({"sweep", place, std::move(section)});
    keys_.assign(root, faults);

    const size_t before = faults.size();
    AxesReader reader(*base_, config_.axes, faults);
    if (has_axes) reader.read_product(axes);
    if (has_zip) reader.read_zip(zip);
    if (faults.size() != before) return;
    if (config_.axes.empty()) {
        // Where something else is wrong already, that may be why.
        if (!faults.empty()) return;
        faults.push_back({place, "the sweep has no axes",
                          "axes: a map from keys to their values is expected below 'sweep'"});
        return;
    }
    unsigned __int128 size = 1;
    for (const SweptAxis& axis : config_.axes) {
        size *= axis.size();
        if (size >> 62 != 0) break;
    }
    const auto wanted = static_cast<uint64_t>(config_.random_points);
    if (size >> 62 != 0 || (wanted == 0 && size > most_points)) {
        faults.push_back(
            {place,
             "the axes make " + (size >> 62 != 0 ? "more than can be counted"
                                                 : std::to_string(static_cast<uint64_t>(size)) + " points"),
             std::to_string(most_points) + " at most are expected; 'random: {points: 1000}' takes "
                                           "a sample"});
        return;
    }
    points_ = sample(static_cast<uint64_t>(size), wanted == 0 ? static_cast<uint64_t>(size) : wanted,
                     static_cast<uint64_t>(config_.random_seed));
}

std::vector<PointValue> LoadedSweep::values(size_t point) const {
    uint64_t place = points_.at(point - 1);
    std::vector<size_t> chosen(config_.axes.size());
    for (size_t i = config_.axes.size(); i-- > 0;) {
        chosen[i] = place % config_.axes[i].size();
        place /= config_.axes[i].size();
    }
    std::vector<PointValue> all;
    for (size_t i = 0; i < config_.axes.size(); ++i)
        for (const SweptKey& key : config_.axes[i].keys) all.push_back({&key, &key.values[chosen[i]]});
    return all;
}

std::string LoadedSweep::text(size_t point) const {
    std::string all;
    for (const auto& [key, value] : values(point))
        all += (all.empty() ? "" : ", ") + key->key + ": " + value->text;
    return all;
}

std::unique_ptr<LoadedConfig> LoadedSweep::load(size_t point) const {
    Node root = root_;
    Faults faults;
    for (const auto& [key, value] : values(point)) {
        Node* place = make_place(root, key->key);
        if (place) *place = value->node;
    }
    auto loaded = resolve(std::move(root), path_, load_plugin_, faults);
    throw_sorted(std::move(faults));
    return loaded;
}

std::string LoadedSweep::yaml() const {
    std::string out = given_yaml(base_->keys) + "sweep:\n";
    const auto write = [&](const SweptKey& key, const char* indent) {
        out += indent + key.key + ": " + values_yaml(key) + "\n";
    };
    bool headed = false;
    for (const SweptAxis& axis : config_.axes) {
        if (axis.zip_group) continue;
        if (!headed) out += "  axes:\n";
        headed = true;
        write(axis.keys.front(), "    ");
    }
    headed = false;
    for (const SweptAxis& axis : config_.axes) {
        if (!axis.zip_group) continue;
        if (!headed) out += "  zip:\n";
        headed = true;
        const char* indent = "    - ";
        for (const SweptKey& key : axis.keys) {
            write(key, indent);
            indent = "      ";
        }
    }
    const std::string rest = given_yaml(keys_);
    return out + rest.substr(rest.find('\n') + 1);
}

std::vector<std::pair<std::string, std::string>> LoadedSweep::identity() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Key& key : base_->keys.keys())
        if (is_written(key) &&
            std::find(std::begin(no_result), std::end(no_result), key.path()) == std::end(no_result))
            all.emplace_back(key.path(), key.given_text());
    for (const SweptAxis& axis : config_.axes) {
        for (const SweptKey& key : axis.keys) {
            all.emplace_back(
                (axis.zip_group ? "sweep.zip." + std::to_string(*axis.zip_group) : "sweep.axes") + "." +
                    key.key,
                values_yaml(key));
        }
    }
    for (const char* path : {"sweep.random.points", "sweep.random.seed", "sweep.invalid"})
        all.emplace_back(path, keys_.find(path)->value_text());
    return all;
}

}  // namespace stile::sim
