// SPDX-License-Identifier: Apache-2.0
#include "workloads/plugin.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "workloads/check_descriptor.h"
#include "workloads/plugin_file.h"
#include "workloads/plugin_guard.h"

namespace stile::workload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "libstile_workload_", suffix = ".so";

struct OpenResult {
    const Descriptor* descriptor = nullptr;
    std::string error;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    if (const size_t at = text.find(from); at != text.npos) text.replace(at, from.size(), to);
    return text;
}

// What the dynamic linker says, without the path that the message has already, and with what would help.
std::string explained(std::string error, const fs::path& file, const std::string& compiler) {
    error = replaced(std::move(error), file.string() + ": ", "");
    constexpr std::string_view undefined = "undefined symbol: ";
    if (error.starts_with(undefined)) {
        const std::string symbol =
            error.substr(undefined.size(), error.find_first_of(" \n,", undefined.size()) - undefined.size());
        int status = 0;
        char* readable = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
        const std::string name = status == 0 ? readable : symbol;
        free(readable);
        return fmt::format("nothing defines '{}', which it uses: link the library that does", name);
    }
    if (error.find("version `") != error.npos)
        return fmt::format(
            "{}: it was built with GCC {}, this program with {}: build it with a compiler that "
            "is not newer",
            error, compiler, __VERSION__);
    if (error.find("cannot open shared object file") != error.npos)
        return error + ": a library that it needs is missing ('ldd' shows which)";
    return error;
}

// "" or what was thrown. Nothing of an exception may outlive this: its type may be the library's.
std::string call(const PluginGuard& guard, const std::function<void()>& theirs) {
    try {
        theirs();
        return "";
    } catch (const abi::__forced_unwind&) {
        guard.thread_ended();
    } catch (const std::exception& error) {
        return fmt::format("threw an exception: {}", error.what());
    } catch (...) {
        return "threw something that is no std::exception";
    }
}

std::string joined(const std::vector<std::string>& faults) {
    std::string all;
    for (const std::string& fault : faults) all += (all.empty() ? "" : "; ") + fault;
    return all;
}

OpenResult open_library(const fs::path& file) {
    const PluginFile inspected = inspect_plugin(file);
    if (!inspected.error.empty()) return {nullptr, inspected.error};
    const PluginGuard guard(fmt::format("workload {}", file.string()));
    void* handle = nullptr;
    // Of a static constructor's; the library stays half open, so that it is not closed.
    const std::string early = call(guard, [&] { handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); });
    if (!early.empty()) return {nullptr, "a constructor of its static objects " + early};
    if (!handle) return {nullptr, explained(dlerror(), file, inspected.compiler)};
    const auto fail = [&](std::string why) {
        dlclose(handle);
        return OpenResult{nullptr, std::move(why)};
    };
    const auto entry = reinterpret_cast<const Descriptor* (*)()>(dlsym(handle, "stile_workload"));
    if (!entry) return fail("it has no function stile_workload()");
    const Descriptor* d = nullptr;
    if (const std::string thrown = call(guard, [&] { d = entry(); }); !thrown.empty())
        return fail("its stile_workload() " + thrown);
    if (!d) return fail("its stile_workload() returned nothing");
    if (d->abi != abi_version)
        return fail(
            fmt::format("its descriptor says workload ABI {}, this program has {}", d->abi, abi_version));
    if (const auto faults = faults_of(*d); !faults.empty())
        return fail("its descriptor cannot be used: " + joined(faults));
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

std::string file_of(const std::string& name) { return fmt::format("{}{}{}", prefix, name, suffix); }

fs::path program_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

std::vector<std::string> known_names(const std::vector<fs::path>& folders) {
    std::vector<std::string> names;
    for (const Plugin& p : load_all_plugins(folders).plugins) names.push_back(p.descriptor->name);
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
    const bool by_path = name.find('/') != name.npos;
    std::vector<fs::path> candidates;
    if (by_path) {
        candidates.emplace_back(name);
    } else {
        for (const fs::path& folder : folders) candidates.push_back(folder / file_of(name));
    }
    std::string tried;
    bool found = false;
    for (const fs::path& file : candidates) {
        std::error_code ignored;
        found = fs::exists(file, ignored);
        OpenResult r{nullptr, "no such file"};
        if (found) r = open_once(file);
        if (r.descriptor && (by_path || r.descriptor->name == name)) return {file, r.descriptor};
        if (r.descriptor)
            r.error = fmt::format("its descriptor's name is '{}': its file is to be called {}",
                                  r.descriptor->name, file_of(r.descriptor->name));
        tried += fmt::format("\n  {}: {}", file.string(), r.error);
        // One that is there is meant: another of the same name, further on, would be a surprise.
        if (found) break;
    }
    if (found) throw PluginError(fmt::format("workload '{}' cannot be loaded; tried:{}", name, tried));
    if (by_path) throw PluginError(fmt::format("no workload '{}'; tried:{}", name, tried));
    const std::vector<std::string> names = known_names(folders);
    throw NoSuchWorkload(fmt::format("no workload '{}'", name),
                         names.empty()
                             ? "no workload at all was found; tried:" + tried
                             : fmt::format("there are: {}; tried:{}", fmt::join(names, ", "), tried),
                         names);
}

PluginList load_all_plugins(const std::vector<fs::path>& folders) {
    PluginList list;
    std::map<std::string, Plugin> by_name;
    std::set<std::string> seen;
    for (const fs::path& folder : folders) {
        std::vector<fs::path> files;
        std::error_code error;
        for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
            const std::string file = it->path().filename().string();
            if (file.starts_with(prefix) && file.ends_with(suffix) && seen.insert(file).second)
                files.push_back(it->path());
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            const OpenResult r = open_once(file);
            if (!r.descriptor) {
                list.errors.push_back(fmt::format("{}: {}", file.string(), r.error));
            } else if (file.filename() != file_of(r.descriptor->name)) {
                list.errors.push_back(
                    fmt::format("{}: its descriptor's name is '{}'", file.string(), r.descriptor->name));
            } else {
                by_name.try_emplace(r.descriptor->name, Plugin{file, r.descriptor});
            }
        }
    }
    for (auto& [name, plugin] : by_name) list.plugins.push_back(plugin);
    return list;
}

std::vector<Row> rows_of(const Plugin& plugin, const Parameters& parameters, const Measure& measure,
                         const std::string& host_folder) {
    const Descriptor& d = *plugin.descriptor;
    const auto fail = [&](const std::string& why) {
        throw PluginError(fmt::format("workload '{}' ({}) {}", d.name, plugin.path.string(), why));
    };
    std::vector<Row> rows;
    std::string refused, thrown;
    {
        const PluginGuard guard(fmt::format("workload '{}' ({}): its rows()", d.name, plugin.path.string()));
        thrown = call(guard, [&] {
            try {
                rows = d.rows(parameters, measure, host_folder);
            } catch (const std::invalid_argument& error) {
                refused = error.what();
                if (refused.empty())
                    refused = "name: its rows() refuses these parameters, and does not say why";
            }
        });
    }
    if (!refused.empty()) throw std::invalid_argument(refused);
    if (!thrown.empty()) fail("failed: its rows() " + thrown);
    if (rows.empty()) fail("makes no row of these parameters");
    if (const auto faults = faults_of(d, rows); !faults.empty())
        fail("makes rows that cannot run: " + joined(faults));
    return rows;
}

}  // namespace stile::workload
