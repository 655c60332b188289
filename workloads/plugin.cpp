// SPDX-License-Identifier: Apache-2.0
#include "workloads/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace stile::workload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "libstile_workload_", suffix = ".so";

struct OpenResult {
    const Descriptor* descriptor = nullptr;
    std::string error;
};

// The descriptor is looked at field by field only after its first one, the ABI version, has turned out right.
OpenResult open_library(const fs::path& file) {
    void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) return {nullptr, dlerror()};
    const auto fail = [&](std::string why) {
        dlclose(handle);
        return OpenResult{nullptr, std::move(why)};
    };
    dlerror();
    void* symbol = dlsym(handle, "stile_workload");
    if (!symbol)
        return fail("it has no function stile_workload(); is it a workload made by stile_add_workload()?");
    const Descriptor* d = reinterpret_cast<const Descriptor* (*)()>(symbol)();
    if (!d) return fail("stile_workload() returned nothing");
    if (d->abi != abi_version)
        return fail(
            fmt::format("it was built for workload ABI {}, this program has {}: build it again with this "
                        "version of Stile",
                        d->abi, abi_version));
    if (d->name.empty()) return fail("its descriptor has no name");
    if (!d->rows) return fail("its descriptor has no rows()");
    return {d, ""};
}

// A library that stays open is opened once, whatever it is called.
OpenResult open_once(const fs::path& file) {
    static std::map<fs::path, OpenResult> opened;
    std::error_code ignored;
    const fs::path key = fs::weakly_canonical(file, ignored);
    if (const auto it = opened.find(key); it != opened.end() && it->second.descriptor) return it->second;
    return opened[key] = open_library(key.empty() ? file : key);
}

fs::path program_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

std::string known_names(const std::vector<fs::path>& folders) {
    std::string names;
    for (const Plugin& p : load_all_plugins(folders).plugins)
        names += (names.empty() ? "" : ", ") + p.descriptor->name;
    return names;
}

}  // namespace

std::vector<fs::path> plugin_folders() {
    std::vector<fs::path> folders;
    if (const char* path = getenv("STILE_PLUGIN_PATH")) {
        std::string_view rest = path;
        while (!rest.empty()) {
            const size_t colon = rest.find(':');
            if (colon != 0) folders.emplace_back(rest.substr(0, colon));
            rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
        }
    }
    const fs::path here = program_folder();
    folders.push_back(here / "plugins");
    folders.push_back(here.parent_path() / "plugins");
    folders.push_back(here.parent_path() / "lib" / "stile" / "plugins");
    return folders;
}

Plugin load_plugin(const std::string& name, const std::vector<fs::path>& folders) {
    std::vector<fs::path> candidates;
    if (name.find('/') != name.npos) {
        candidates.emplace_back(name);
    } else {
        for (const fs::path& folder : folders)
            candidates.push_back(folder / fmt::format("{}{}{}", prefix, name, suffix));
    }
    std::string tried;
    for (const fs::path& file : candidates) {
        std::error_code ignored;
        if (!fs::exists(file, ignored)) {
            tried += fmt::format("\n  {}: no such file", file.string());
            continue;
        }
        const OpenResult r = open_once(file);
        if (r.descriptor) return {file, r.descriptor};
        tried += fmt::format("\n  {}: {}", file.string(), r.error);
    }
    const std::string names = known_names(folders);
    throw PluginError(fmt::format("no workload '{}'; {}; tried:{}", name,
                                  names.empty() ? "no workload at all was found" : "there are: " + names,
                                  tried));
}

PluginList load_all_plugins(const std::vector<fs::path>& folders) {
    PluginList list;
    std::map<std::string, Plugin> by_name;
    for (const fs::path& folder : folders) {
        std::vector<fs::path> files;
        std::error_code error;
        for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
            const std::string file = it->path().filename().string();
            if (file.starts_with(prefix) && file.ends_with(suffix)) files.push_back(it->path());
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            const OpenResult r = open_once(file);
            if (r.descriptor)
                by_name.try_emplace(r.descriptor->name, Plugin{file, r.descriptor});
            else
                list.errors.push_back(fmt::format("{}: {}", file.string(), r.error));
        }
    }
    for (auto& [name, plugin] : by_name) list.plugins.push_back(plugin);
    return list;
}

}  // namespace stile::workload
