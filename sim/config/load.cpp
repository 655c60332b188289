// SPDX-License-Identifier: Apache-2.0
#include "sim/config/load.h"

#include <algorithm>
#include <filesystem>

#include "sim/config/nearest.h"

namespace stile::sim {
namespace {

Node option_tree(const Override& given) {
    const Place place{given.option, 0, 0};
    const size_t equals = given.assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw BadInput(place, "this sets nothing",
                       "KEY.PATH=VALUE is expected, such as measure.repetitions=10");
    }
    Node value = parse_yaml(given.assignment.substr(equals + 1), given.option, true);
    value.place = place;
    std::string path = given.assignment.substr(0, equals);
    while (!path.empty()) {
        // The key of an axis is a whole path.
        constexpr std::string_view axes = "sweep.axes.";
        const size_t dot = path.starts_with(axes) ? axes.size() - 1 : path.rfind('.');
        Node map;
        map.kind = Node::Kind::map;
        map.place = place;
        map.entries.push_back({path.substr(dot == std::string::npos ? 0 : dot + 1), place, std::move(value)});
        value = std::move(map);
        path.resize(dot == std::string::npos ? 0 : dot);
    }
    return normalized(std::move(value));
}

// Finds the plugin that the tree names and binds its parameters. Without it, what stands beside the name
// cannot be judged: it is taken out, so that one mistake gives one message.
void bind_workload(LoadedConfig& loaded, Node& root, const PluginLoader& load_plugin, Faults& faults) {
    Node::Entry* workload = root.find("workload");
    if (!workload || workload->value.kind != Node::Kind::map) return;
    Node::Entry* name = workload->value.find("name");
    bool found = false;
    if (name && name->value.kind == Node::Kind::scalar) {
        try {
            std::filesystem::path path(name->value.text);
            if (name->value.text.find('/') != std::string::npos) {
                // As every path: relative to the file that says it; on the command line to where the user is.
                // Absolute from here on, so that the configuration means the same from anywhere.
                const Place& place = name->value.place;
                const auto from = place.line == 0 ? std::filesystem::path()
                                                  : std::filesystem::path(place.file).parent_path();
                path = std::filesystem::absolute(from / path).lexically_normal();
                name->value.text = path.string();
            }
            loaded.config.plugin = load_plugin(path.string());
            bind_parameters(loaded.keys, *loaded.config.plugin.descriptor, loaded.config.parameters);
            found = true;
        } catch (const workload::NoSuchWorkload& none) {
            const std::string near = nearest(name->value.text, none.names);
            const std::string hint = near.empty() ? "" : "did you mean '" + near + "'? Otherwise ";
            faults.push_back({name->value.place, none.wrong, hint + none.remedy});
        } catch (const workload::PluginError& error) {
            faults.push_back({name->value.place, error.what(), ""});
        }
    }
    if (found) return;
    std::erase_if(workload->value.entries,
                  [](const Node::Entry& entry) { return entry.key != "name" && entry.key != "expect_exit"; });
}

// Files in the order in which they were first named, lines within; options last.
void sort(Faults& faults) {
    std::vector<std::string> files;
    for (const Fault& fault : faults) {
        if (std::find(files.begin(), files.end(), fault.place.file) == files.end())
            files.push_back(fault.place.file);
    }
    const auto rank = [&](const Fault& fault) {
        const auto file = std::find(files.begin(), files.end(), fault.place.file) - files.begin();
        return std::tuple(fault.place.line == 0, file, fault.place.line, fault.place.column);
    };
    std::stable_sort(faults.begin(), faults.end(),
                     [&](const Fault& a, const Fault& b) { return rank(a) < rank(b); });
}

}  // namespace

Node load_tree(const std::string& path, const std::vector<Override>& overrides, Faults& faults) {
    Node root;
    root.kind = Node::Kind::map;
    bool readable = true;
    try {
        root = load_tree(path);
    } catch (const BadInput& bad) {
        faults = bad.faults();
        readable = false;
    }
    for (const Override& given : overrides) {
        try {
            overlay(root, option_tree(given));
        } catch (const BadInput& bad) {
            faults.insert(faults.end(), bad.faults().begin(), bad.faults().end());
        }
    }
    if (!readable) throw BadInput(std::move(faults));
    return root;
}

std::unique_ptr<LoadedConfig> resolve(Node root, const std::string& path, const PluginLoader& load_plugin,
                                      Faults& faults, Purpose purpose) {
    auto loaded = std::make_unique<LoadedConfig>();
    RunConfig& config = loaded->config;
    const std::filesystem::path file(path);
    config.file = path;
    config.folder = std::filesystem::absolute(file).lexically_normal().parent_path().string();
    config.name = file.stem().string();

    root.place = {path, 1, 1};
    bind_run(loaded->keys, config);
    if (purpose == Purpose::machine && !root.find("workload"))
        loaded->keys.find("workload.name")->required(false);
    bind_workload(*loaded, root, load_plugin, faults);
    loaded->keys.assign(root, faults);
    if (config.machine.little_cores != 0)
        config.machine.little = std::make_shared<const model::MachineConfig>(config.little);
    check_rules(loaded->keys, config, faults);
    for (const Key& key : loaded->keys.keys())
        if (key.is_used()) config.settings.emplace_back(key.path(), key.value_text());
    return loaded;
}

void throw_sorted(Faults faults) {
    sort(faults);
    if (!faults.empty()) throw BadInput(std::move(faults));
}

std::unique_ptr<LoadedConfig> load_config(const std::string& path, const std::vector<Override>& overrides,
                                          const PluginLoader& load_plugin, Purpose purpose) {
    Faults faults;
    Node root = load_tree(path, overrides, faults);
    if (const Node::Entry* section = root.find("sweep")) {
        if (purpose == Purpose::run)
            faults.push_back({section->key_place, "'sweep' makes many configurations of this one",
                              "'stile sweep' runs them all, 'stile run --point N' one of them"});
        std::erase_if(root.entries, [](const Node::Entry& entry) { return entry.key == "sweep"; });
    }
    auto loaded = resolve(std::move(root), path, load_plugin, faults, purpose);
    throw_sorted(std::move(faults));
    return loaded;
}

std::vector<workload::Row> make_rows(const LoadedConfig& loaded) {
    const RunConfig& config = loaded.config;
    const workload::Measure measure{config.measure.warmup, config.measure.repetitions, config.measure.touch};
    try {
        const std::vector<workload::Row> rows =
            workload::rows_of(config.plugin, config.parameters, measure, config.folder);
        for (const workload::Row& row : rows)
            for (const workload::Process& process : row.processes)
                for (const unsigned core : process.cores)
                    if (core >= config.machine.cores)
                        throw std::invalid_argument(
                            "cores: there is no core " + std::to_string(core) + "; machine.cores is " +
                            std::to_string(config.machine.cores) + ", the first core has number 0");
        return rows;
    } catch (const workload::PluginError& error) {
        throw BadInput(loaded.keys.find("workload.name")->place(), error.what());
    } catch (const std::invalid_argument& error) {
        // "KEY: what is wrong; what would be right"
        const std::string text = error.what();
        const size_t colon = text.find(": ");
        const std::string name = text.substr(0, colon);
        const Key* key = loaded.keys.find("workload." + name);
        if (!key) key = loaded.keys.find(name);
        Place place = loaded.keys.find("workload.name")->place();
        if (key && key->was_given()) place = key->place();
        throw BadInput(place, "'" + (key ? key->path() : name) + "'" +
                                  (colon == std::string::npos ? "" : text.substr(colon)));
    }
}

}  // namespace stile::sim
