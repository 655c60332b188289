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

// Some file systems rename no folder that they have from a layer below (EXDEV).
void move(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return;
    if (error != std::errc::cross_device_link) throw fs::filesystem_error("rename", from, to, error);
    try {
        fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    } catch (const fs::filesystem_error&) {
        fs::remove_all(to, error);
        throw;
    }
    fs::remove_all(from, error);
}

// All entries or none.
void move_entries(const fs::path& from, const fs::path& to, const std::vector<fs::path>& but = {}) {
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(from))
        if (std::ranges::find(but, entry.path()) == but.end()) names.push_back(entry.path().filename());
    size_t moved = 0;
    try {
        for (; moved < names.size(); ++moved) move(from / names[moved], to / names[moved]);
    } catch (const fs::filesystem_error&) {
        while (moved-- > 0) move(to / names[moved], from / names[moved]);
        throw;
    }
}

// Where a run is while it is put in place, for the message should that fail, and what is to be removed then.
struct Whereabouts {
    fs::path complete, old;
};

// The folder itself stays. All is brought into it first, because it may be another file system, which can be
// full; then nothing is left to be done but renaming.
void exchange_contents(const fs::path& path, Whereabouts& where) {
    const fs::path staged = path / where.complete.filename(), old = staged.string() + ".old";
    move(where.complete, staged);
    where.complete = staged;
    fs::create_directory(old);
    try {
        move_entries(path, old, {staged, old});
        try {
            move_entries(staged, path);
        } catch (const fs::filesystem_error&) {
            move_entries(old, path);
            throw;
        }
    } catch (const fs::filesystem_error&) {
        std::error_code ignored;
        fs::remove(old, ignored);
        throw;
    }
    where = {path, old};
    std::error_code ignored;
    fs::remove_all(staged, ignored);
}

// rename() replaces an empty folder only, so an older run has to go first; it is not lost before the new one
// is there.
void put_in_place(const fs::path& path, Whereabouts& where) {
    if (!may_replace(path) || !fs::exists(path)) return fs::rename(where.complete, path);
    std::error_code error;
    // A shell that stands there would be left nowhere.
    if (fs::equivalent(path, fs::current_path(), error)) return exchange_contents(path, where);
    const fs::path old = where.complete.string() + ".old";
    fs::rename(path, old, error);
    // A mount point, or a folder of a layer below.
    if (error == std::errc::device_or_resource_busy || error == std::errc::cross_device_link)
        return exchange_contents(path, where);
    if (error) throw fs::filesystem_error("rename", path, old, error);
    fs::rename(where.complete, path, error);
    if (error) {
        fs::rename(old, path);
        throw fs::filesystem_error("rename", where.complete, path, error);
    }
    where = {path, old};
}

}  // namespace

std::vector<std::string> write_directory(const fs::path& path,
                                         const std::map<std::string, std::string>& files,
                                         const KeptFolders& kept) {
    const fs::path temporary = unfinished_directory(path), parent = temporary.parent_path();
    std::vector<std::string> missing;
    Whereabouts where;
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
        where.complete = temporary;
        put_in_place(path, where);
    } catch (const fs::filesystem_error& error) {
        std::string what =
            fmt::format("the run directory {} cannot be written: {}", path.string(), error.code().message());
        std::error_code ignored;
        if (where.complete.empty())
            fs::remove_all(temporary, ignored);
        else  // hours of simulation
            what += fmt::format("; the results are in {}", where.complete.string());
        throw HostTrouble(what);
    }
    std::error_code error;
    fs::remove_all(where.old, error);
    if (error)
        missing.push_back(fmt::format("{}, the run that was there before, cannot be removed: {}",
                                      where.old.string(), error.message()));
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
