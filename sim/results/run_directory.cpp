// SPDX-License-Identifier: Apache-2.0
#include "sim/results/run_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

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

fs::path write_directory(const fs::path& path, const std::map<std::string, std::string>& files,
                         const KeptFolders& kept) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const fs::path temporary = parent / fmt::format(".{}.{}", path.filename().string(), getpid());
    try {
        fs::create_directories(parent);
        fs::remove_all(temporary);
        fs::create_directory(temporary);
        for (const auto& [name, contents] : files) {
            std::ofstream out(temporary / name, std::ios::binary);
            out << contents;
            out.close();
            if (!out) {
                throw std::runtime_error(
                    fmt::format("{} cannot be written: {}", (path / name).string(), std::strerror(errno)));
            }
        }
        for (const auto& [name, left] : kept) write_kept_files(temporary / name, left);
        // rename() replaces an empty folder only, so an older run has to go first.
        if (may_replace(path)) fs::remove_all(path);
        fs::rename(temporary, path);
    } catch (const fs::filesystem_error& error) {
        std::error_code ignored;
        fs::remove_all(temporary, ignored);
        throw std::runtime_error(
            fmt::format("the run directory {} cannot be written: {}", path.string(), error.code().message()));
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(temporary, ignored);
        throw;
    }
    return path;
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
