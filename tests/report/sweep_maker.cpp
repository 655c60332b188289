// SPDX-License-Identifier: Apache-2.0
#include "tests/report/sweep_maker.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* schema =
    "PRAGMA user_version=1; PRAGMA synchronous=OFF;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);"
    "CREATE TABLE axes(position INTEGER PRIMARY KEY, key TEXT, unit TEXT, zip_group INTEGER);"
    "CREATE TABLE axis_values(point INTEGER, key TEXT, value TEXT, number REAL);"
    "CREATE TABLE points(point INTEGER PRIMARY KEY, status TEXT, reason TEXT, config_sha256 TEXT);"
    "CREATE TABLE results(point INTEGER, row INTEGER, mechanism TEXT, policy TEXT, scope TEXT, placement "
    "TEXT,"
    " size_bytes, proxies TEXT, protection TEXT, core TEXT, machine TEXT, kernel_profile TEXT, calls, "
    "cycles_mean,"
    " ns_mean, instructions, copies, apl_misses, PRIMARY KEY(point,row));"
    "CREATE TABLE refused(point INTEGER, row INTEGER, mechanism TEXT, policy TEXT, scope TEXT, placement "
    "TEXT,"
    " size_bytes INTEGER, errno INTEGER, reason TEXT);"
    "CREATE TABLE statistics(point INTEGER, row INTEGER, name TEXT, value REAL);"
    "CREATE TABLE arrays(point INTEGER, name TEXT, bits INTEGER, area_mm2 REAL, access_ns REAL, read_pJ REAL,"
    " leakage_mW REAL, shared INTEGER);"
    "CREATE TABLE host(point INTEGER, attempts INTEGER, seconds REAL, mips REAL);";

std::string sql_text(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

}  // namespace

Folder::Folder() {
    std::string name = "/tmp/stile-report-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

SweepMaker::SweepMaker(const fs::path& directory, const std::string& name) {
    fs::create_directories(directory);
    if (sqlite3_open((directory / "results.sqlite").c_str(), &handle_) != SQLITE_OK)
        throw std::runtime_error("no database");
    execute(schema);
    meta("name", name);
    meta("config_yaml", "workload: x\n");
}

SweepMaker::~SweepMaker() {
    try {
        meta("points", std::to_string(points_));
    } catch (const std::runtime_error&) {
        // The test says so itself.
    }
    sqlite3_close(handle_);
}

void SweepMaker::execute(const std::string& sql) {
    char* message = nullptr;
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
    const std::string why = message ? message : "";
    sqlite3_free(message);
    throw std::runtime_error(why + ": " + sql);
}

void SweepMaker::meta(const std::string& key, const std::string& value) {
    execute(fmt::format("INSERT OR REPLACE INTO meta VALUES({}, {})", sql_text(key), sql_text(value)));
}

void SweepMaker::axis(const std::string& key, std::optional<int> zip_group) {
    execute(fmt::format("INSERT INTO axes VALUES({}, {}, '', {})", axes_.size(), sql_text(key),
                        zip_group ? std::to_string(*zip_group) : "NULL"));
    axes_.push_back(key);
}

int SweepMaker::point(const std::vector<Value>& values, const std::string& status,
                      const std::string& reason) {
    ++points_;
    execute(fmt::format("INSERT INTO points VALUES({}, {}, {}, 'sha')", points_, sql_text(status),
                        sql_text(reason)));
    for (size_t i = 0; i < values.size(); ++i) {
        execute(fmt::format("INSERT INTO axis_values VALUES({}, {}, {}, {})", points_, sql_text(axes_.at(i)),
                            sql_text(values[i].first),
                            values[i].second ? fmt::format("{}", *values[i].second) : "NULL"));
    }
    return points_;
}

void SweepMaker::array(int point, const std::string& name, double area, double access, bool shared) {
    execute(fmt::format("INSERT INTO arrays VALUES({}, {}, 64, {}, {}, 1, 1, {})", point, sql_text(name),
                        area, access, shared ? 1 : 0));
}

void SweepMaker::row(int point, int row, double cycles, const Cells& cells) {
    Cells all{{"mechanism", "domains"},   {"policy", "-"},      {"scope", "same_process"},
              {"placement", "same_core"}, {"size_bytes", "64"}, {"proxies", "-"},
              {"protection", "codoms"},   {"core", "ooo"},      {"machine", "default"},
              {"kernel_profile", "tiny"}, {"calls", "60"}};
    for (const auto& [column, value] : cells) all[column] = value;
    std::string columns = "point, row, cycles_mean", values = fmt::format("{}, {}, {}", point, row, cycles);
    for (const auto& [column, value] : all) {
        columns += ", " + column;
        values += ", " + sql_text(value);
    }
    execute(fmt::format("INSERT INTO results({}) VALUES({})", columns, values));
}

void SweepMaker::statistic(int point, int row, const std::string& name, double value) {
    execute(fmt::format("INSERT INTO statistics VALUES({}, {}, {}, {})", point, row, sql_text(name), value));
}

void SweepMaker::refused(int point, int row, const std::string& mechanism, int error,
                         const std::string& reason, const std::string& policy, int size) {
    execute(
        fmt::format("INSERT INTO refused VALUES({}, {}, {}, {}, 'cross_process', 'same_core', {}, {}, {})",
                    point, row, sql_text(mechanism), sql_text(policy), size, error, sql_text(reason)));
}

void make_knee(const fs::path& directory) {
    SweepMaker sweep(directory, "knee");
    sweep.axis("machine.codoms.apl_cache.entries");
    const double cycles[] = {100, 50, 20, 19.9, 19.8};
    for (int i = 0; i < 5; ++i) {
        const int entries = 2 << i;
        const int point = sweep.point({{std::to_string(entries), entries}});
        sweep.array(point, "apl cache", 1e-6 * (1 << i), 0.1 + 0.01 * i);
        sweep.array(point, "l1d", 0.08, 0.5);
        sweep.row(point, 1, cycles[i]);
    }
}

void make_loads(const fs::path& directory) {
    SweepMaker sweep(directory, "loads");
    sweep.axis("machine.codoms.apl_cache.entries");
    sweep.axis("workload.live");
    for (int entries : {4, 8, 16}) {
        for (int live : {2, 8, 32}) {
            const bool fails = entries == 4 && live == 32;
            const int point = sweep.point({{std::to_string(entries), entries}, {std::to_string(live), live}},
                                          fails ? "failed" : "done", fails ? "process 2 died" : "");
            sweep.array(point, "apl cache", 1e-4 * entries);
            if (!fails) sweep.row(point, 1, 10 + (live > entries ? live * 3 : 0));
        }
    }
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace stile::sim
