// SPDX-License-Identifier: Apache-2.0
//
// Every key that a user may set. The statement that binds a key to a field is also its declaration:
//
//     keys.bytes("machine.l1d.size", machine.l1d.size).range(64, 1 << 30).help("...").source("...");
//
// From the list of these come parsing, messages, `stile list parameters`, the JSON Schema and the resolved
// config.yaml. A key's default is the value that the field has when it is bound.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/config/fault.h"
#include "sim/config/tree.h"
#include "workloads/workload.h"

namespace stile::sim {

// A moment is one of the key's choices or a time.
enum class KeyKind {
    integer,
    boolean,
    text,
    bytes,
    frequency,
    time,
    cycles,
    path,
    moment,
    text_list,
    bytes_list
};

class Key {
  public:
    using Value = workload::Value;

    Key(std::string path, KeyKind kind) : path_(std::move(path)), kind_(kind) {}

    Key& range(int64_t min, int64_t max) { return min_ = min, max_ = max, *this; }
    Key& choices(std::vector<std::string> names) { return choices_ = std::move(names), *this; }
    Key& help(std::string text) { return help_ = std::move(text), *this; }
    Key& source(std::string text) { return source_ = std::move(text), *this; }
    Key& required(bool yes = true) { return required_ = yes, *this; }
    // Nothing that one builds depends on it: a name, a seed, how the simulation goes about it.
    Key& not_built() { return built_ = false, *this; }
    // A value that will be valid one day: refused with the reason.
    Key& later(const std::string& value, const std::string& why) {
        return later_.emplace_back(value, why), *this;
    }
    // Where the file says nothing its value is that of `key`. `used` says whether it matters at all.
    Key& follows(std::string key, std::function<bool()> used) {
        return follows_ = std::move(key), used_ = std::move(used), *this;
    }
    Key& stored_by(std::function<void(const Value&)> store, std::function<Value()> load);

    const std::string& path() const { return path_; }
    KeyKind kind() const { return kind_; }
    const std::string& help() const { return help_; }
    const std::string& source() const { return source_; }
    const std::vector<std::string>& choices() const { return choices_; }
    int64_t min() const { return min_; }
    int64_t max() const { return max_; }
    const std::string& followed() const { return follows_; }  // empty: it has a default of its own
    bool is_used() const { return !used_ || used_(); }
    bool is_required() const { return required_; }
    bool is_built() const { return built_; }
    bool is_list() const { return kind_ == KeyKind::text_list || kind_ == KeyKind::bytes_list; }

    // Puts what the file says into the field, or adds faults. `frequency` turns times into cycles.
    void assign(const Node& node, int64_t frequency, Faults& faults);
    // What `node` says as a value of this key, which is stored nowhere; false, and faults, if it cannot be
    // one.
    bool read(const Node& node, int64_t frequency, Value& out, Faults& faults) const;
    std::string text_of(const Value& value) const { return to_yaml(value); }  // as YAML
    // As the file said it, where that depends on another key: cycles given as a time; else value_text().
    std::string given_text() const { return as_time_.empty() ? value_text() : as_time_; }
    void follow(const Key& other) { store_(other.load()); }
    Value load() const { return load_(); }
    bool was_given() const { return given_; }
    const Place& place() const { return place_; }  // of the value, if it was given

    std::string value_text() const { return to_yaml(load_()); }   // as YAML
    const std::string& default_text() const { return default_; }  // as YAML
    std::string kind_text() const;                                // "bytes, 64 B to 1 GiB"
    std::string expected() const;                                 // "a size such as 32 KiB is expected"

  private:
    std::string to_yaml(const Value& value) const;
    std::string number_text(int64_t value) const;
    bool read_number(const Node& node, int64_t frequency, int64_t& out, Faults& faults) const;
    bool read_text(const Node& node, std::string& out, Faults& faults) const;
    bool read_value(const Node& node, int64_t frequency, Value& out, Faults& faults) const;

    std::string path_;
    KeyKind kind_;
    std::string help_, source_, default_, follows_, as_time_;
    std::function<bool()> used_;
    std::vector<std::string> choices_;
    std::vector<std::pair<std::string, std::string>> later_;
    int64_t min_ = 0, max_ = std::numeric_limits<int64_t>::max();
    bool required_ = false, given_ = false, built_ = true;
    Place place_;
    std::function<void(const Value&)> store_;
    std::function<Value()> load_;
};

class Registry {
  public:
    template <class T>
    Key& integer(const std::string& path, T& field) {
        return number(path, KeyKind::integer, field);
    }
    template <class T>
    Key& bytes(const std::string& path, T& field) {
        return number(path, KeyKind::bytes, field);
    }
    template <class T>
    Key& frequency(const std::string& path, T& field) {
        return number(path, KeyKind::frequency, field);
    }
    template <class T>
    Key& time(const std::string& path, T& field) {
        return number(path, KeyKind::time, field);
    }
    template <class T>
    Key& cycles(const std::string& path, T& field) {
        return number(path, KeyKind::cycles, field);
    }

    Key& boolean(const std::string& path, bool& field);
    Key& text(const std::string& path, std::string& field);
    // The field holds the choice, or the time as format_time() writes it. The range is of times.
    Key& moment(const std::string& path, std::string& field);
    // A name for each value of an enumeration.
    template <class E>
    Key& choice(const std::string& path, E& field, std::vector<std::pair<std::string, E>> names);
    // A parameter that a workload plugin declares.
    Key& parameter(const std::string& path, const workload::Parameter& declared, workload::Value& field);

    // Some keys once more in another place: `from` at the beginning of a path becomes `to`, for paths that go
    // on with one of `groups`. Each follows the key that it was made after.
    struct Again {
        std::string from, to;
        std::vector<std::string> groups;
        std::function<bool()> used;  // whether anybody will ask for their values
    };
    // `bind` binds the keys as in their first place, to other fields. What is in none of the groups is no
    // key.
    void again(const Again& how, const std::function<void()>& bind);

    // A key that exists but must not be used yet.
    void refuse(const std::string& path, const std::string& why) { refused_.emplace_back(path, why); }
    const std::string* refusal(const std::string& path) const;
    // A name that may stand there although it is no key: whoever reads it takes it out of the tree.
    void reserve(const std::string& path) { reserved_.push_back(path); }

    const std::deque<Key>& keys() const { return keys_; }
    std::deque<Key>& keys() { return keys_; }
    Key* find(const std::string& path);
    const Key* find(const std::string& path) const { return const_cast<Registry*>(this)->find(path); }
    // Names that may stand directly below `prefix` ("" is the root).
    std::vector<std::string> children(const std::string& prefix) const;

    // Reads the whole tree into the fields. Unknown keys, wrong types and ranges end up in `faults`.
    void assign(const Node& root, Faults& faults);

  private:
    Key& add(const std::string& path, KeyKind kind);
    template <class T>
    Key& number(const std::string& path, KeyKind kind, T& field);
    void check_names(const Node& node, const std::string& prefix, Faults& faults) const;
    std::string elsewhere(const std::string& name) const;
    std::string unknown_remedy(const std::string& name, const std::vector<std::string>& known) const;

    const Again* again_ = nullptr;
    std::deque<Key> dropped_;  // by again()
    std::deque<Key> keys_;     // references to its elements stay valid
    std::map<std::string, Key*, std::less<>> by_path_;
    std::vector<std::pair<std::string, std::string>> refused_;
    std::vector<std::string> reserved_;
};

template <class T>
Key& Registry::number(const std::string& path, KeyKind kind, T& field) {
    return add(path, kind)
        .range(0, static_cast<int64_t>(std::min<uint64_t>(std::numeric_limits<T>::max(), INT64_MAX)))
        .stored_by([&field](const Key::Value& value) { field = static_cast<T>(std::get<int64_t>(value)); },
                   [&field] { return Key::Value(static_cast<int64_t>(field)); });
}

template <class E>
Key& Registry::choice(const std::string& path, E& field, std::vector<std::pair<std::string, E>> names) {
    std::vector<std::string> words;
    for (const auto& [word, value] : names) words.push_back(word);
    return add(path, KeyKind::text)
        .choices(words)
        .stored_by(
            [&field, names](const Key::Value& value) {
                for (const auto& [word, meaning] : names) {
                    if (word == std::get<std::string>(value)) field = meaning;
                }
            },
            [&field, names] {
                for (const auto& [word, meaning] : names) {
                    if (meaning == field) return Key::Value(word);
                }
                return Key::Value(std::string());
            });
}

}  // namespace stile::sim
