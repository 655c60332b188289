// SPDX-License-Identifier: Apache-2.0
#include "sim/config/tree.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace stile::sim {
namespace {

// A configuration has thousands of lines at most; /dev/zero has no end.
constexpr size_t max_file = 4 << 20;

}  // namespace

const Node::Entry* Node::find(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

Node::Entry* Node::find(std::string_view key) {
    return const_cast<Entry*>(static_cast<const Node*>(this)->find(key));
}

const char* Node::kind_name() const {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "a single value";
        case Kind::sequence:
            return "a list";
        case Kind::map:
            return "a map";
    }
    return "";
}

Node read_yaml(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        throw BadInput({path, 0, 0}, "this is a folder", "name a YAML file in it");
    }
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw BadInput({path, 0, 0}, std::string("cannot be read: ") + std::strerror(errno),
                       "check the path");
    std::string text;
    char buffer[16 << 10];
    while (text.size() <= max_file && (in.read(buffer, sizeof buffer), in.gcount() > 0))
        text.append(buffer, static_cast<size_t>(in.gcount()));
    if (in.bad())
        throw BadInput({path, 0, 0}, std::string("cannot be read: ") + std::strerror(errno),
                       "check the path");
    if (text.size() > max_file)
        throw BadInput({path, 1, 1}, "the file is larger than 4 MiB", "name a YAML file");
    Node root = parse_yaml(text, path);
    if (root.place.line == 0) root.place = {path, 1, 1};
    if (root.kind == Node::Kind::null) {
        throw BadInput({path, 1, 1}, "the file is empty", "at least 'workload:' is needed");
    }
    if (root.kind != Node::Kind::map) {
        const bool no_space = root.kind == Node::Kind::scalar && !root.quoted &&
                              root.text.find(':') != std::string::npos &&
                              root.text.find(' ') == std::string::npos;
        throw BadInput(root.place, std::string("the file holds ") + root.kind_name(),
                       no_space ? "a space is missing after the ':'"
                                : "a map of keys such as 'workload: sync_call' is expected");
    }
    return root;
}

void merge(Node& base, Node over) {
    if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) {
        base = std::move(over);
        return;
    }
    for (Node::Entry& entry : over.entries) {
        if (Node::Entry* known = base.find(entry.key)) {
            known->key_place = entry.key_place;
            merge(known->value, std::move(entry.value));
        } else {
            base.entries.push_back(std::move(entry));
        }
    }
    base.place = over.place;
}

}  // namespace stile::sim
