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

// Throws BadInput with all faults, in the order of the files.
std::unique_ptr<LoadedConfig> load_config(const std::string& path, const std::vector<Override>& overrides,
                                          const PluginLoader& load_plugin);

// What the workload makes of its parameters. Throws BadInput.
std::vector<workload::Row> make_rows(const LoadedConfig& loaded);

// 'workload: NAME' becomes a map with that name.
Node normalized(Node root);
// Puts a normalized tree over another.
void overlay(Node& base, Node over);
// The file as a tree, with what it extends below it. Throws BadInput.
Node load_tree(const std::string& path);

}  // namespace stile::sim
