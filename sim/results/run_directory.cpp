// SPDX-License-Identifier: Apache-2.0
#include "sim/results/run_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sim/process/say.h"
#include "sim/results/csv.h"
#include "sim/results/report.h"
#include "sim/results/stats.h"

namespace stile::sim {

namespace fs = std::filesystem;

std::map<std::string, std::string> result_files(const std::vector<RowResult>& rows,
                                                const std::string& config_yaml,
                                                const std::vector<std::string>& reports) {
    std::map<std::string, std::string> files{
        {"config.yaml", config_yaml},       {"results.csv", results_csv(rows, reports)},
        {"refused.csv", refused_csv(rows)}, {"stats.txt", stats_txt(rows)},
        {"stats.json", stats_json(rows)},   {"console.txt", console_txt(rows)}};
    if (const std::string failed = failed_csv(rows); !failed.empty()) files["failed.csv"] = failed;
    if (const std::string state = state_txt(rows); !state.empty()) files["state.txt"] = state;
    return files;
}

fs::path next_directory(const fs::path& folder, const std::string& name) {
    fs::path path = folder / name;
    for (int n = 2; fs::exists(path); ++n) path = folder / fmt::format("{}-{}", name, n);
    return path;
}

bool may_replace(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return true;
    if (!fs::is_directory(path, error)) return false;
    return fs::is_empty(path, error) ||
           (fs::exists(path / "config.yaml") && fs::exists(path / "results.csv"));
}

fs::path unfinished_directory(const fs::path& path) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    return parent / fmt::format(".{}.{}", path.filename().string(), getpid());
}

namespace {

// The figures and what they are figures of, then the small before the large.
std::vector<std::string> by_weight(const std::map<std::string, std::string>& files) {
    std::vector<std::string> names;
    for (const auto& [name, contents] : files) names.push_back(name);
    const auto weight = [&](const std::string& name) {
        return name == "results.csv" ? 0 : name == "config.yaml" ? 1 : 2 + files.at(name).size();
    };
    std::ranges::stable_sort(names, {}, weight);
    return names;
}

// rename() replaces an empty folder only, so an older run has to go first; it is not lost before the new one
// is there.
void put_in_place(const fs::path& temporary, const fs::path& path) {
    const fs::path old = temporary.string() + ".old";
    std::error_code error;
    if (!may_replace(path) || !fs::exists(path)) return fs::rename(temporary, path);
    if (fs::equivalent(path, fs::current_path(), error)) {
        // A shell that stands there would be left nowhere.
        for (const auto& entry : fs::directory_iterator(path))
            if (entry.path().filename() != temporary.filename()) fs::remove_all(entry.path());
        for (const auto& entry : fs::directory_iterator(temporary))
            fs::rename(entry.path(), path / entry.path().filename());
        fs::remove(temporary);
        return;
    }
    fs::rename(path, old);
    fs::rename(temporary, path, error);
    if (error) {
        fs::rename(old, path);
        throw fs::filesystem_error("rename", temporary, path, error);
    }
    fs::remove_all(old);
}

}  // namespace

std::vector<std::string> write_directory(const fs::path& path,
                                         const std::map<std::string, std::string>& files,
                                         const KeptFolders& kept) {
    const fs::path temporary = unfinished_directory(path), parent = temporary.parent_path();
    std::vector<std::string> missing;
    try {
        fs::create_directories(parent);
        fs::remove_all(temporary);
        fs::create_directory(temporary);
        for (const std::string& name : by_weight(files)) {
            std::ofstream out(temporary / name, std::ios::binary);
            out << files.at(name);
            out.close();
            if (out) continue;
            missing.push_back(
                fmt::format("{} cannot be written: {}", (path / name).string(), std::strerror(errno)));
            std::error_code ignored;
            fs::remove(temporary / name, ignored);
        }
        for (const auto& [name, left] : kept) {
            try {
                write_kept_files(temporary / name, left);
            } catch (const std::runtime_error& error) {
                missing.push_back(error.what());
            }
        }
        put_in_place(temporary, path);
    } catch (const fs::filesystem_error& error) {
        std::error_code ignored;
        fs::remove_all(temporary, ignored);
        throw HostTrouble(
            fmt::format("the run directory {} cannot be written: {}", path.string(), error.code().message()));
    }
    return missing;
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error(fmt::format("{} cannot be read: {}", path.string(), std::strerror(errno)));
    // A folder opens as a file does, and then has nothing to read.
    if (fs::is_directory(path)) throw std::runtime_error(fmt::format("{} is a folder", path.string()));
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string report_of(const std::map<std::string, std::string>& files, const std::string& title) {
    const auto get = [&](const char* name) {
        const auto found = files.find(name);
        return found == files.end() ? std::string() : found->second;
    };
    return report_html({title, get("results.csv"), get("refused.csv"), get("config.yaml"), get("stats.json"),
                        get("host.json")});
}

}  // namespace stile::sim
