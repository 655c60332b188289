// SPDX-License-Identifier: Apache-2.0
#include "sim/config/registry.h"

#include <algorithm>

#include "sim/config/almost.h"
#include "sim/config/nearest.h"
#include "sim/config/plain_text.h"

namespace stile::sim {
namespace {

KeyKind kind_of(workload::Type type) {
    switch (type) {
        case workload::Type::integer:
            return KeyKind::integer;
        case workload::Type::boolean:
            return KeyKind::boolean;
        case workload::Type::string:
            return KeyKind::text;
        case workload::Type::bytes:
            return KeyKind::bytes;
        case workload::Type::string_list:
            return KeyKind::text_list;
        case workload::Type::bytes_list:
            return KeyKind::bytes_list;
        case workload::Type::path:
            return KeyKind::path;
    }
    return KeyKind::text;
}

std::string join(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
}

const Node* descend(const Node& root, const std::string& path) {
    const Node* node = &root;
    size_t begin = 0;
    while (begin <= path.size()) {
        const size_t dot = std::min(path.find('.', begin), path.size());
        const Node::Entry* entry = node->find(path.substr(begin, dot - begin));
        if (!entry) return nullptr;
        node = &entry->value;
        begin = dot + 1;
    }
    return node;
}

// Something that is no map stands where this key's group should, or what may have been meant for the group
// was not understood: that fault is enough.
bool is_excused(const Node& root, const std::string& path) {
    const std::string name = path.substr(0, path.find('.'));
    if (const Node* group = descend(root, name)) return group->kind != Node::Kind::map;
    return std::any_of(root.entries.begin(), root.entries.end(),
                       [&](const Node::Entry& entry) { return nearest(entry.key, {name}) == name; });
}

const Place& place_of_group(const Node& root, const std::string& path) {
    const size_t dot = path.rfind('.');
    const Node* group = dot == path.npos ? nullptr : descend(root, path.substr(0, dot));
    return group ? group->place : root.place;
}

// What stands where a map of `names` should.
std::string map_remedy(const std::string& path, const Node& node, const std::vector<std::string>& names) {
    if (node.kind == Node::Kind::scalar && !node.quoted) {
        const size_t end = std::min(node.text.find_first_of(": "), node.text.size());
        const std::string name = node.text.substr(0, end);
        if (end != node.text.size() && std::find(names.begin(), names.end(), name) != names.end())
            return "write '" + name + ": " + shown(node.text.substr(end + 1)) + "', with a colon and a space";
    }
    return (path == "workload" ? "the name of a workload, or a map with " : "a map with ") +
           alternatives(names) + " is expected";
}

}  // namespace

Key& Registry::add(const std::string& path, KeyKind kind) {
    const auto keep = [this](Key& key) -> Key& {
        by_path_.try_emplace(key.path(), &key);
        return key;
    };
    if (!again_) return keep(keys_.emplace_back(path, kind));
    const std::string rest = path.substr(again_->from.size());
    const std::string group = rest.substr(0, rest.find('.'));
    if (std::find(again_->groups.begin(), again_->groups.end(), group) == again_->groups.end())
        return dropped_.emplace_back(path, kind);
    return keep(keys_.emplace_back(again_->to + rest, kind)).follows(path, again_->used);
}

void Registry::again(const Again& how, const std::function<void()>& bind) {
    again_ = &how;
    bind();
    again_ = nullptr;
    dropped_.clear();
}

Key& Registry::boolean(const std::string& path, bool& field) {
    return add(path, KeyKind::boolean)
        .stored_by([&field](const Key::Value& value) { field = std::get<bool>(value); },
                   [&field] { return Key::Value(field); });
}

Key& Registry::text(const std::string& path, std::string& field) {
    return add(path, KeyKind::text)
        .stored_by([&field](const Key::Value& value) { field = std::get<std::string>(value); },
                   [&field] { return Key::Value(field); });
}

Key& Registry::moment(const std::string& path, std::string& field) {
    return add(path, KeyKind::moment)
        .stored_by([&field](const Key::Value& value) { field = std::get<std::string>(value); },
                   [&field] { return Key::Value(field); });
}

Key& Registry::parameter(const std::string& path, const workload::Parameter& declared,
                         workload::Value& field) {
    Key& key =
        add(path, kind_of(declared.type))
            .range(declared.min, declared.max)
            .choices(declared.choices)
            .help(declared.help)
            .source("workload")
            .stored_by([&field](const Key::Value& value) { field = value; }, [&field] { return field; });
    if (declared.required) key.required();
    return key;
}

const std::string* Registry::refusal(const std::string& path) const {
    for (const auto& [refused, why] : refused_) {
        if (refused == path) return &why;
    }
    return nullptr;
}

Key* Registry::find(const std::string& path) {
    const auto known = by_path_.find(path);
    return known == by_path_.end() ? nullptr : known->second;
}

std::vector<std::string> Registry::children(const std::string& prefix) const {
    std::vector<std::string> names;
    const std::string start = prefix.empty() ? "" : prefix + ".";
    for (const Key& key : keys_) {
        if (!key.path().starts_with(start)) continue;
        const std::string name =
            key.path().substr(start.size(), key.path().find('.', start.size()) - start.size());
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    for (const std::string& path : reserved_)
        if (path.starts_with(start) && path.find('.', start.size()) == std::string::npos)
            names.push_back(path.substr(start.size()));
    return names;
}

// A key that was put at the wrong level: `l1d:` at the root for `machine.l1d`.
std::string Registry::elsewhere(const std::string& name) const {
    for (const Key& key : keys_) {
        std::string path = key.path();
        for (size_t dot = path.size(); dot != std::string::npos; dot = path.rfind('.')) {
            path.resize(dot);
            if (path.substr(path.rfind('.') + 1) == name) return path;
            if (path.find('.') == std::string::npos) break;
        }
    }
    return "";
}

std::string Registry::unknown_remedy(const std::string& name, const std::vector<std::string>& known) const {
    if (name == "<<") return "YAML merge keys are not supported; use 'extends'";
    if (name == "extends") return "it stands at the top of a file, in no section";
    if (find(name)) {
        const size_t dot = name.rfind('.');
        return "dots are for --set; write '" + name.substr(dot + 1) + ":' below '" + name.substr(0, dot) +
               ":'";
    }
    const std::string other = elsewhere(name);
    if (nearest(name, known).empty() && !other.empty()) return "did you mean '" + other + "'?";
    return suggestion(name, known);
}

void Registry::check_names(const Node& node, const std::string& prefix, Faults& faults) const {
    const std::vector<std::string> known = children(prefix);
    // What a file may have beside keys; it was taken out where it is spelt right.
    std::vector<std::string> meant = known;
    if (prefix.empty() && node.place.line != 0) meant.insert(meant.end(), {"sweep", "extends"});
    for (const Node::Entry& entry : node.entries) {
        const std::string path = join(prefix, entry.key);
        if (const std::string* why = refusal(path)) {
            faults.push_back({entry.key_place, "'" + path + "' is not in this version", *why});
            continue;
        }
        if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
            const std::string place = prefix.empty() ? "" : " in '" + prefix + "'";
            faults.push_back({entry.key_place, "unknown key '" + shown(entry.key) + "'" + place,
                              unknown_remedy(entry.key, entry.key_place.line != 0 ? meant : known)});
            continue;
        }
        if (find(path)) continue;  // a key of its own: its value is read by assign()
        if (entry.value.kind == Node::Kind::map) {
            check_names(entry.value, path, faults);
        } else {
            faults.push_back({entry.value.place, "'" + path + "' " + cannot_be(entry.value),
                              map_remedy(path, entry.value, children(path))});
        }
    }
}

void Registry::assign(const Node& root, Faults& faults) {
    check_names(root, "", faults);
    // A time in a field of cycles is one of the clock that the cycles are of.
    int64_t frequency = 0, little_frequency = 0;
    for (Key& key : keys_) {
        const bool follows = !key.followed().empty();
        if (const Node* node = descend(root, key.path())) {
            key.assign(*node, follows ? little_frequency : frequency, faults);
        } else if (follows) {
            key.follow(*find(key.followed()));
        } else if (key.is_required() && !is_excused(root, key.path())) {
            faults.push_back({place_of_group(root, key.path()), "'" + key.path() + "' is missing",
                              key.expected() + (key.help().empty() ? "" : " (" + key.help() + ")")});
        }
        if (key.path() == "machine.frequency") {
            frequency = std::get<int64_t>(key.load());
        } else if (key.path() == "machine.little.frequency") {
            little_frequency = std::get<int64_t>(key.load());
        }
    }
}

}  // namespace stile::sim
