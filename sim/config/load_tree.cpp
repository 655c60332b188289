// SPDX-License-Identifier: Apache-2.0
//
// `extends:` puts one file on top of others.
#include <algorithm>
#include <filesystem>

#include "sim/config/load.h"
#include "sim/config/plain_text.h"
#include "sim/config/ready.h"
#include "sim/config/tree.h"

namespace stile::sim {

namespace fs = std::filesystem;

namespace {

// Files on the way from the command's to the one that is read. `read` counts all: files that each name the
// next one twice double with each level, and would never be through.
struct Way {
    static constexpr size_t most = 1024;
    std::vector<fs::path> open;
    std::vector<std::string> names;
    size_t read = 0;
};

Node load(const std::string& path, Way& way);

// Which file a path means. A pipe, such as /dev/stdin, has no other name than the one it was given by.
fs::path identity(const fs::path& path) {
    std::error_code error;
    fs::path real = fs::weakly_canonical(path, error);
    return error ? fs::absolute(path).lexically_normal() : real;
}

void load_base(Node& merged, const Node& item, const std::string& from, Way& way) {
    if (item.kind != Node::Kind::scalar) {
        const bool nothing = item.kind == Node::Kind::null;
        throw BadInput(
            item.place,
            nothing ? "'extends' has no value" : std::string("'extends' cannot be ") + item.kind_name(),
            "the path of a YAML file, or a list of them, is expected");
    }
    if (item.text.empty())
        throw BadInput(item.place, "'extends' names nothing", "the path of a YAML file is expected");
    fs::path path(ready_path(item.text, item.place));
    if (path.is_relative()) path = fs::path(from).parent_path() / path;
    path = path.lexically_normal();
    std::error_code error;
    const std::string absolute = fs::absolute(path).lexically_normal().string();
    if (!fs::exists(path, error)) {
        throw BadInput(item.place, "'extends' names a file that is not there: " + shown(item.text),
                       "it was looked for at " + absolute);
    }
    if (fs::is_directory(path, error))
        throw BadInput(item.place, "'extends' names a folder: " + shown(item.text), "name a YAML file in it");
    const fs::path real = identity(path);
    if (std::find(way.open.begin(), way.open.end(), real) != way.open.end()) {
        std::string chain;
        for (const std::string& name : way.names) chain += name + " -> ";
        throw BadInput(item.place, "'extends' leads back to where it came from", chain + path.string());
    }
    if (++way.read > Way::most) {
        throw BadInput({way.names.front(), 1, 1},
                       "'extends' leads to more than " + std::to_string(Way::most) + " files",
                       "do files name the same ones again and again?");
    }
    overlay(merged, load(path.string(), way));
}

Node load(const std::string& path, Way& way) {
    Node own = read_yaml(path);
    own = normalized(std::move(own));
    Node merged;
    merged.kind = Node::Kind::map;
    merged.place = own.place;
    way.open.push_back(identity(path));
    way.names.push_back(path);
    const size_t depth = way.names.size();
    const auto extends = std::find_if(own.entries.begin(), own.entries.end(),
                                      [](const Node::Entry& entry) { return entry.key == "extends"; });
    if (extends != own.entries.end()) {
        const Node bases = std::move(extends->value);
        own.entries.erase(extends);
        Faults faults;
        const auto one = [&](const Node& item) {
            try {
                load_base(merged, item, path, way);
            } catch (const BadInput& bad) {
                if (way.read > Way::most) throw;
                way.open.resize(depth);
                way.names.resize(depth);
                faults.insert(faults.end(), bad.faults().begin(), bad.faults().end());
            }
        };
        if (bases.kind == Node::Kind::sequence) {
            for (const Node& item : bases.items) one(item);
        } else {
            one(bases);
        }
        if (!faults.empty()) throw BadInput(std::move(faults));
    }
    way.open.pop_back();
    way.names.pop_back();
    overlay(merged, std::move(own));
    return merged;
}

}  // namespace

namespace {

// An axis is given anew as a whole: a range put over another must not become half of each.
void replace_axes(Node& base, const Node& over) {
    Node::Entry* below = base.find("sweep");
    const Node::Entry* above = over.find("sweep");
    if (!below || !above) return;
    Node::Entry* old_axes = below->value.find("axes");
    const Node::Entry* new_axes = above->value.find("axes");
    if (!old_axes || !new_axes) return;
    for (Node::Entry& axis : old_axes->value.entries)
        if (new_axes->value.find(axis.key)) axis.value = Node();
}

}  // namespace

Node normalized(Node root) {
    Node::Entry* workload = root.find("workload");
    if (workload && workload->value.kind == Node::Kind::scalar) {
        Node map;
        map.kind = Node::Kind::map;
        map.place = workload->value.place;
        map.entries.push_back({"name", workload->key_place, std::move(workload->value)});
        workload->value = std::move(map);
    }
    return root;
}

// Which workload a name or the path of a library means: another build of it takes the same parameters.
static std::string workload_of(const std::string& name) {
    constexpr std::string_view prefix = "libstile_workload_";
    const std::string stem = fs::path(name).stem().string();
    return name.find('/') != name.npos && stem.starts_with(prefix) ? stem.substr(prefix.size()) : name;
}

void overlay(Node& base, Node over) {
    // Parameters belong to their workload: another workload starts from its own defaults.
    Node::Entry* below = base.find("workload");
    const Node::Entry* above = over.find("workload");
    if (below && above) {
        const Node::Entry* old_name = below->value.find("name");
        const Node::Entry* new_name = above->value.find("name");
        if (old_name && new_name && workload_of(old_name->value.text) != workload_of(new_name->value.text))
            below->value.entries.clear();
    }
    replace_axes(base, over);
    merge(base, std::move(over));
}

Node load_tree(const std::string& path) {
    Way way;
    return load(path, way);
}

}  // namespace stile::sim
