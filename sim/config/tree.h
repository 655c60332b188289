// SPDX-License-Identifier: Apache-2.0
//
// A YAML document as it was written: every key and value with its place. Built from yaml-cpp's events, not
// from its nodes: those lose the place of an alias, keep the first of two equal keys in silence, and read
// `010` as octal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/config/fault.h"

namespace stile::sim {

struct Node {
    enum class Kind { null, scalar, sequence, map };
    struct Entry;

    Kind kind = Kind::null;
    std::string text;     // scalar
    bool quoted = false;  // scalar: "4" is text, 4 is a number
    std::vector<Node> items;
    std::vector<Entry> entries;
    Place place;

    const Entry* find(std::string_view key) const;
    Entry* find(std::string_view key);
    const char* kind_name() const;
};

struct Node::Entry {
    std::string key;
    Place key_place;
    Node value;
};

// Parses `text`; `file` names it in places. A place in an option (line 0) is kept as it is. Throws BadInput.
Node parse_yaml(const std::string& text, const std::string& file, bool is_option = false);

// Reads and parses a file. Throws BadInput; an empty file is a fault.
Node read_yaml(const std::string& path);

// Puts `over` on top of `base`: maps key by key, anything else replaces.
void merge(Node& base, Node over);

}  // namespace stile::sim
