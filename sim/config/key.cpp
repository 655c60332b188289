// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "sim/config/almost.h"
#include "sim/config/nearest.h"
#include "sim/config/plain_text.h"
#include "sim/config/registry.h"
#include "sim/config/units.h"

namespace stile::sim {

namespace fs = std::filesystem;

namespace {

// Plain where YAML reads it back as the same text, else double-quoted.
std::string quote(const std::string& text) {
    const bool plain =
        !text.empty() &&
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@") ==
            std::string::npos &&
        text[0] != '-' && text != "true" && text != "false" && text != "null" && !parse_integer(text);
    if (plain) return text;
    std::string quoted = "\"";
    for (unsigned char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += static_cast<char>(c);
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (c == '\t') {
            quoted += "\\t";
        } else if (c < 0x20) {
            constexpr const char* digits = "0123456789abcdef";
            quoted += "\\x";
            quoted += digits[c >> 4];
            quoted += digits[c & 15];
        } else {
            quoted += static_cast<char>(c);
        }
    }
    return quoted + "\"";
}

template <class T, class F>
std::string list_text(const std::vector<T>& items, F&& text) {
    std::string all = "[";
    for (size_t i = 0; i < items.size(); ++i) all += (i ? ", " : "") + text(items[i]);
    return all + "]";
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('.') + 1); }

}  // namespace

Key& Key::stored_by(std::function<void(const Value&)> store, std::function<Value()> load) {
    store_ = std::move(store);
    load_ = std::move(load);
    default_ = to_yaml(load_());
    return *this;
}

std::string Key::number_text(int64_t value) const {
    switch (kind_) {
        case KeyKind::bytes:
        case KeyKind::bytes_list:
            return format_bytes(value);
        case KeyKind::frequency:
            return format_frequency(value);
        case KeyKind::time:
        case KeyKind::moment:
            return format_time(value);
        default:
            return std::to_string(value);
    }
}

std::string Key::to_yaml(const Value& value) const {
    struct Visitor {
        const Key& key;
        std::string operator()(int64_t v) const { return key.number_text(v); }
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(const std::string& v) const {
            return key.kind() == KeyKind::moment ? v : quote(v);
        }
        std::string operator()(const std::vector<std::string>& v) const { return list_text(v, quote); }
        std::string operator()(const std::vector<int64_t>& v) const {
            return list_text(v, [this](int64_t n) { return key.number_text(n); });
        }
    };
    return std::visit(Visitor{*this}, value);
}

std::string Key::kind_text() const {
    const bool bounded = max_ < std::numeric_limits<int32_t>::max() || kind_ == KeyKind::bytes;
    const std::string range = min_ == 0 && !bounded ? ""
                              : max_ == std::numeric_limits<int64_t>::max()
                                  ? ", at least " + number_text(min_)
                                  : ", " + number_text(min_) + " to " + number_text(max_);
    switch (kind_) {
        case KeyKind::integer:
            return "integer" + range;
        case KeyKind::boolean:
            return "true or false";
        case KeyKind::text:
            return choices_.empty() ? "text" : alternatives(choices_);
        case KeyKind::path:
            return "path";
        case KeyKind::moment:
            return alternatives(choices_) + ", or a time" + range;
        case KeyKind::bytes:
            return "size" + range;
        case KeyKind::frequency:
            return "frequency" + range;
        case KeyKind::time:
            return "time" + range;
        case KeyKind::cycles:
            return "cycles" + range;
        case KeyKind::text_list:
            return choices_.empty() ? "list of text" : "list of " + alternatives(choices_);
        case KeyKind::bytes_list:
            return "list of sizes";
    }
    return "";
}

std::string Key::expected() const {
    switch (kind_) {
        case KeyKind::integer:
            return "a whole number is expected, such as " + default_;
        case KeyKind::boolean:
            return "true or false is expected";
        case KeyKind::text:
            return choices_.empty() ? "text is expected" : alternatives(choices_) + " is expected";
        case KeyKind::path:
            return "a path is expected";
        case KeyKind::moment:
            return alternatives(choices_) + ", or a time such as 2 ms, is expected";
        case KeyKind::bytes:
            return "a size in B, KiB, MiB or GiB is expected, such as " + default_;
        case KeyKind::frequency:
            return "a frequency in Hz, kHz, MHz or GHz is expected, such as " + default_;
        case KeyKind::time:
            return "a time in ns, us, ms or s is expected, such as " + default_;
        case KeyKind::cycles:
            return "a number of cycles is expected, such as 4, '4 cycles' or '2 ns'";
        case KeyKind::text_list:
            return "a list is expected, such as [a, b]";
        case KeyKind::bytes_list:
            return "a list of sizes is expected, such as [0 B, 64 B, 4 KiB]";
    }
    return "";
}

bool Key::read_number(const Node& node, int64_t frequency, int64_t& out, Faults& faults) const {
    const auto parse = [&](const std::string& text) -> std::optional<int64_t> {
        switch (kind_) {
            case KeyKind::integer:
                return parse_integer(text);
            case KeyKind::bytes:
            case KeyKind::bytes_list:
                return parse_bytes(text);
            case KeyKind::frequency:
                return parse_frequency(text);
            case KeyKind::time:
            case KeyKind::moment:
                return parse_time(text);
            case KeyKind::cycles:
                return parse_cycles(text, frequency);
            default:
                return std::nullopt;
        }
    };
    const std::string bounds = max_ == std::numeric_limits<int64_t>::max()
                                   ? "at least " + number_text(min_)
                                   : number_text(min_) + " to " + number_text(max_);
    const auto out_of_range = [&] {
        faults.push_back(
            {node.place, "'" + path_ + "' is out of range: " + shown(node.text), "valid is " + bounds});
        return false;
    };
    std::optional<int64_t> value;
    if (node.kind == Node::Kind::scalar && !(node.quoted && kind_ == KeyKind::integer))
        value = parse(node.text);
    if (!value) {
        const auto is_number = [&](const std::string& text) { return parse(text).has_value(); };
        if (is_beyond_range(node, is_number)) return out_of_range();
        std::string remedy = almost_number(node, is_number);
        if (remedy.empty())
            remedy = kind_ == KeyKind::bytes_list ? "a size in B, KiB, MiB or GiB is expected" : expected();
        faults.push_back({node.place, "'" + path_ + "' cannot be " + found(node), remedy});
        return false;
    }
    if (*value < min_ || *value > max_) return out_of_range();
    out = *value;
    return true;
}

bool Key::read_text(const Node& node, std::string& out, Faults& faults) const {
    if (node.kind != Node::Kind::scalar) {
        const std::string what = !is_list() ? expected() : "text is expected";
        faults.push_back({node.place, "'" + path_ + "' cannot be " + node.kind_name(), what});
        return false;
    }
    for (const auto& [value, why] : later_) {
        if (node.text == value) {
            faults.push_back({node.place, "'" + path_ + ": " + value + "' is not in this version", why});
            return false;
        }
    }
    if (!choices_.empty() && std::find(choices_.begin(), choices_.end(), node.text) == choices_.end()) {
        faults.push_back(
            {node.place, "'" + path_ + "' cannot be " + found(node), suggestion(node.text, choices_)});
        return false;
    }
    out = node.text;
    return true;
}

bool Key::read_value(const Node& node, int64_t frequency, Value& out, Faults& faults) const {
    switch (kind_) {
        case KeyKind::boolean:
            if (node.kind == Node::Kind::scalar && !node.quoted &&
                (node.text == "true" || node.text == "false")) {
                out = node.text == "true";
                return true;
            }
            faults.push_back({node.place, "'" + path_ + "' cannot be " + found(node),
                              almost_boolean(node).empty() ? expected() : almost_boolean(node)});
            return false;
        case KeyKind::path: {
            std::string text;
            if (!read_text(node, text, faults)) return false;
            // Relative to the file that says it; on the command line to where the user is.
            const fs::path from = node.place.line == 0 ? fs::path() : fs::path(node.place.file).parent_path();
            out = text.empty() ? text : fs::absolute(from / text).lexically_normal().string();
            return true;
        }
        case KeyKind::moment: {
            std::string text;
            if (node.kind == Node::Kind::scalar && !parse_time(node.text)) {
                if (std::find(choices_.begin(), choices_.end(), node.text) == choices_.end()) {
                    faults.push_back({node.place, "'" + path_ + "' cannot be " + found(node), expected()});
                    return false;
                }
                out = node.text;
                return true;
            }
            int64_t time = 0;
            if (!read_number(node, frequency, time, faults)) return false;
            out = format_time(time);
            return true;
        }
        case KeyKind::text: {
            std::string text;
            if (!read_text(node, text, faults)) return false;
            out = text;
            return true;
        }
        case KeyKind::text_list:
        case KeyKind::bytes_list: {
            if (node.kind != Node::Kind::sequence) {
                const std::string remedy =
                    node.kind == Node::Kind::scalar
                        ? "a list is expected: " + last_name(path_) + ": [" + shown(node.text) + "]"
                        : expected();
                faults.push_back({node.place, "'" + path_ + "' cannot be " + found(node), remedy});
                return false;
            }
            bool good = true;
            std::vector<std::string> words;
            std::vector<int64_t> numbers;
            for (const Node& item : node.items) {
                std::string word;
                int64_t number = 0;
                if (kind_ == KeyKind::text_list) {
                    good &= read_text(item, word, faults);
                    if (!word.empty() && !choices_.empty() &&
                        std::find(words.begin(), words.end(), word) != words.end()) {
                        faults.push_back({item.place, "'" + path_ + "' names '" + shown(word) + "' twice",
                                          "leave one out"});
                        good = false;
                    }
                    words.push_back(word);
                } else {
                    if (!read_number(item, frequency, number, faults)) {
                        good = false;
                        continue;
                    }
                    if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
                        faults.push_back(
                            {item.place, "'" + path_ + "' names " + item.text + " twice", "leave one out"});
                        good = false;
                    }
                    numbers.push_back(number);
                }
            }
            if (kind_ == KeyKind::text_list) {
                out = words;
            } else {
                out = numbers;
            }
            return good;
        }
        default: {
            int64_t number = 0;
            if (!read_number(node, frequency, number, faults)) return false;
            out = number;
            return true;
        }
    }
}

bool Key::read(const Node& node, int64_t frequency, Value& out, Faults& faults) const {
    if (node.kind == Node::Kind::null) {
        faults.push_back({node.place, "'" + path_ + "' has no value", expected()});
        return false;
    }
    return read_value(node, frequency, out, faults);
}

void Key::assign(const Node& node, int64_t frequency, Faults& faults) {
    given_ = true;
    place_ = node.place;
    Value value;
    if (!read(node, frequency, value, faults)) return;
    store_(value);
    if (kind_ == KeyKind::cycles && parse_time(node.text)) as_time_ = node.text;
}

}  // namespace stile::sim
