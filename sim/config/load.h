// SPDX-License-Identifier: Apache-2.0
//
// From a YAML file and the options of the command line to a RunConfig, or to a list of everything that is
// wrong with them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/bind.h"

namespace stile::sim {

// KEY.PATH=VALUE, put over the file; `option` is how the user typed it, for messages.
struct Override {
    std::string option, assignment;
};

using PluginLoader = std::function<workload::Plugin(const std::string& name)>;

// A configuration and the keys that are bound to it. Neither moves.
class LoadedConfig {
  public:
    RunConfig config;
    Registry keys;

    LoadedConfig() = default;
    LoadedConfig(const LoadedConfig&) = delete;
    LoadedConfig& operator=(const LoadedConfig&) = delete;
};

// What a configuration is read for. `machine`: nothing is to run, so that no workload need be named, and a
// `sweep:` section is passed over; for `run` that is refused.
enum class Purpose { run, machine };

// Throws BadInput with all faults, in the order of the files.
std::unique_ptr<LoadedConfig> load_config(const std::string& path, const std::vector<Override>& overrides,
                                          const PluginLoader& load_plugin, Purpose purpose = Purpose::run);

// The two halves of load_config: the tree with the options over it, and what it means. Faults are added; the
// first throws BadInput where there is no tree.
Node load_tree(const std::string& path, const std::vector<Override>& overrides, Faults& faults);
std::unique_ptr<LoadedConfig> resolve(Node root, const std::string& path, const PluginLoader& load_plugin,
                                      Faults& faults, Purpose purpose = Purpose::run);
// In the order of the files; throws BadInput if there is any.
void throw_sorted(Faults faults);

// What the workload makes of its parameters. Throws BadInput.
std::vector<workload::Row> make_rows(const LoadedConfig& loaded);

// 'workload: NAME' becomes a map with that name.
Node normalized(Node root);
// Puts a normalized tree over another.
void overlay(Node& base, Node over);
// The file as a tree, with what it extends below it. Throws BadInput.
Node load_tree(const std::string& path);

}  // namespace stile::sim
