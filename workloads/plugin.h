// SPDX-License-Identifier: Apache-2.0
//
// Host side of workload.h: finding and opening the shared libraries that hold workloads. A library stays open
// until the program ends, because rows keep references into its images.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "workloads/workload.h"

namespace stile::workload {

// Says which files were tried and what was wrong with each.
struct PluginError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// None of that name was found.
struct NoSuchWorkload : PluginError {
    NoSuchWorkload(const std::string& wrong_text, const std::string& remedy_text,
                   std::vector<std::string> there_are)
        : PluginError(wrong_text + "; " + remedy_text),
          wrong(wrong_text),
          remedy(remedy_text),
          names(std::move(there_are)) {}
    std::string wrong, remedy;
    std::vector<std::string> names;  // of those that there are
};

struct Plugin {
    std::filesystem::path path;
    const Descriptor* descriptor = nullptr;
};

// Where workloads are looked for, in order: the folders in $STILE_PLUGIN_PATH (separated by colons), then
// `plugins` beside the running program, one level up, and in ../lib/stile of an installation.
std::vector<std::filesystem::path> plugin_folders();

// `name` is the name of a workload ("sync_call": libstile_workload_sync_call.so in the first folder that has
// it) or, with a slash in it, the path of a library. Throws PluginError, or NoSuchWorkload.
Plugin load_plugin(const std::string& name,
                   const std::vector<std::filesystem::path>& folders = plugin_folders());

// Every workload in the folders, by name; of files of the same name the first folder's. Libraries that do not
// load are in `errors`.
struct PluginList {
    std::vector<Plugin> plugins;
    std::vector<std::string> errors;
};
PluginList load_all_plugins(const std::vector<std::filesystem::path>& folders = plugin_folders());

// What a plugin makes of its parameters. Throws std::invalid_argument where it refuses them, and PluginError
// for whatever else it throws and for rows that no machine could run.
std::vector<Row> rows_of(const Plugin& plugin, const Parameters& parameters, const Measure& measure,
                         const std::string& host_folder);

}  // namespace stile::workload
