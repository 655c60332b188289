// SPDX-License-Identifier: Apache-2.0
//
// The keys, told to people and to editors.
#pragma once

#include <string>

#include "sim/config/registry.h"
#include "workloads/plugin.h"

namespace stile::sim {

// The resolved configuration: every key with its value; `stile run` takes it as it is.
std::string resolved_yaml(const Registry& keys);

// The same, for a configuration that other values will be put over: keys that follow others are there only if
// they were given, and cycles that were given as a time stay one.
std::string given_yaml(const Registry& keys);
bool is_written(const Key& key);  // there

// One paragraph per key: name, type, default, help, source.
std::string parameter_list(const workload::PluginList& workloads);

// Keys that follow others: what stands in front of them, and which groups of keys they are.
struct Followers {
    std::string prefix, groups;
};
Followers followers_of(const Registry& keys);

// JSON Schema (draft 2020-12) of a run's YAML.
std::string json_schema(const workload::PluginList& workloads);

}  // namespace stile::sim
