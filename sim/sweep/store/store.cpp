// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/store/store.h"

#include <charconv>
#include <cstring>

#include "sim/results/csv.h"

namespace stile::sim {
namespace {

constexpr int64_t schema_version = 1;

constexpr const char* schema = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE axes(position INTEGER PRIMARY KEY, key TEXT, unit TEXT, zip_group INTEGER);
CREATE TABLE axis_values(point INTEGER, key TEXT, value TEXT, number REAL, PRIMARY KEY(point, key));
CREATE TABLE points(point INTEGER PRIMARY KEY, status TEXT, reason TEXT, config_sha256 TEXT);
CREATE TABLE refused(point INTEGER, row INTEGER, mechanism TEXT, policy TEXT, scope TEXT, placement TEXT,
    size_bytes INTEGER, errno INTEGER, reason TEXT, PRIMARY KEY(point, row));
CREATE TABLE statistics(point INTEGER, row INTEGER, name TEXT, value REAL, PRIMARY KEY(point, row, name)) WITHOUT ROWID;
CREATE TABLE arrays(point INTEGER, name TEXT, bits INTEGER, area_mm2 REAL, access_ns REAL, read_pJ REAL,
    leakage_mW REAL, shared INTEGER, PRIMARY KEY(point, name));
CREATE TABLE host(point INTEGER PRIMARY KEY, attempts INTEGER, seconds REAL, mips REAL);
)sql";

std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
}

// The same columns as a run's results.csv, by the same code.
Csv results_table(const std::vector<RowResult>& rows, const std::vector<std::string>& reports) {
    return parse_csv(results_csv(rows, reports));
}

bool is_word(const std::string& column) {
    for (const char* word : {"mechanism", "policy", "scope", "placement", "proxies", "protection", "core",
                             "machine", "kernel_profile"})
        if (column == word) return true;
    return false;
}

// A cell of results.csv as what it is.
void bind_cell(Statement& statement, const std::string& column, const std::string& cell) {
    if (is_word(column)) {
        statement.bind(cell);
        return;
    }
    const char* const end = cell.data() + cell.size();
    int64_t whole = 0;
    double number = 0;
    if (cell.empty()) {
        statement.bind_null();
    } else if (const auto r = std::from_chars(cell.data(), end, whole); r.ec == std::errc() && r.ptr == end) {
        statement.bind(whole);
    } else if (const auto d = std::from_chars(cell.data(), end, number);
               d.ec == std::errc() && d.ptr == end) {
        statement.bind(number);
    } else {
        statement.bind(cell);
    }
}

std::string create_results(const std::vector<std::string>& reports) {
    std::string sql = "CREATE TABLE results(point INTEGER, row INTEGER";
    for (const std::string& column : results_table({}, reports).header)
        sql += ", " + quoted(column) + (is_word(column) ? " TEXT" : "");
    return sql + ", PRIMARY KEY(point, row))";
}

void write_points(Database& database, const StoredSweep& sweep) {
    Statement point(database, "INSERT INTO points VALUES(?, 'invalid', ?, ?)");
    Statement value(database, "INSERT INTO axis_values VALUES(?, ?, ?, ?)");
    Statement array(database, "INSERT INTO arrays VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    for (size_t i = 0; i < sweep.points.size(); ++i) {
        const StoredPoint& p = sweep.points[i];
        const auto number = static_cast<int64_t>(i + 1);
        if (!p.invalid.empty()) point.bind(number).bind(p.invalid).bind(p.config_sha256).execute();
        for (const StoredValue& v : p.values)
            value.bind(number).bind(v.key).bind(v.text).bind(v.number).execute();
        for (const StoredArray& a : p.arrays) {
            array.bind(number)
                .bind(a.name)
                .bind(static_cast<int64_t>(a.bits))
                .bind(a.area_mm2)
                .bind(a.access_ns)
                .bind(a.read_pj)
                .bind(a.leakage_mw)
                .bind(static_cast<int64_t>(a.shared))
                .execute();
        }
    }
}

}  // namespace

void create_store(const std::filesystem::path& path, const StoredSweep& sweep) {
    std::filesystem::path temporary = path;
    temporary += ".new";
    std::filesystem::remove(temporary);
    {
        Database database(temporary, Database::For::creating);
        Transaction transaction(database);
        database.execute(schema);
        database.execute(create_results(sweep.reports));
        database.execute("PRAGMA user_version = " + std::to_string(schema_version));
        Statement meta(database, "INSERT INTO meta VALUES(?, ?)");
        for (const auto& [key, value] : sweep.meta) meta.bind(key).bind(value).execute();
        Statement axis(database, "INSERT INTO axes VALUES(?, ?, ?, ?)");
        for (size_t i = 0; i < sweep.axes.size(); ++i) {
            const StoredAxis& a = sweep.axes[i];
            axis.bind(static_cast<int64_t>(i + 1)).bind(a.key).bind(a.unit);
            (a.zip_group ? axis.bind(static_cast<int64_t>(*a.zip_group)) : axis.bind_null()).execute();
        }
        write_points(database, sweep);
        transaction.commit();
    }
    std::filesystem::rename(temporary, path);
}

Store::Store(const std::filesystem::path& path) : database_(path, Database::For::writing) {
    Statement version(database_, "PRAGMA user_version");
    if (!version.step() || version.integer(0) != schema_version) {
        throw DatabaseError(
            path.string() + " is of another version of Stile, or no sweep's: its schema is version " +
            std::to_string(version.integer(0)) + ", " + std::to_string(schema_version) + " is expected");
    }
}

std::map<std::string, std::string> Store::meta() {
    std::map<std::string, std::string> all;
    Statement statement(database_, "SELECT key, value FROM meta");
    while (statement.step()) all[statement.text(0)] = statement.text(1);
    return all;
}

void Store::set_meta(const std::map<std::string, std::string>& meta) {
    Transaction transaction(database_);
    Statement statement(database_, "INSERT OR REPLACE INTO meta VALUES(?, ?)");
    for (const auto& [key, value] : meta) statement.bind(key).bind(value).execute();
    transaction.commit();
}

std::map<size_t, std::string> Store::statuses() {
    std::map<size_t, std::string> all;
    Statement statement(database_, "SELECT point, status FROM points");
    while (statement.step()) all[static_cast<size_t>(statement.integer(0))] = statement.text(1);
    return all;
}

void Store::record_row(const PointResult& result, size_t index, const std::vector<std::string>& reports) {
    const RowResult& row = result.rows[index];
    const auto point = static_cast<int64_t>(result.point), number = static_cast<int64_t>(index + 1);
    const Csv table = results_table({row}, reports);
    for (const std::vector<std::string>& cells : table.rows) {
        std::string sql = "INSERT INTO results VALUES(?, ?";
        for (size_t i = 0; i < cells.size(); ++i) sql += ", ?";
        Statement insert(database_, sql + ")");
        insert.bind(point).bind(number);
        for (size_t i = 0; i < cells.size(); ++i) bind_cell(insert, table.header[i], cells[i]);
        insert.execute();
    }
    if (row.status == RowResult::Status::refused) {
        const char* name = strerrorname_np(row.refused_errno);
        Statement(database_, "INSERT INTO refused VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(point)
            .bind(number)
            .bind(row.key.mechanism)
            .bind(row.key.policy)
            .bind(row.key.scope)
            .bind(row.key.placement)
            .bind(row.key.size_bytes)
            .bind(static_cast<int64_t>(row.refused_errno))
            .bind(row.refused_because.empty() && name ? std::string(name) : row.refused_because)
            .execute();
    }
    Statement statistic(database_, "INSERT OR REPLACE INTO statistics VALUES(?, ?, ?, ?)");
    const auto add = [&](const std::string& name, double value) {
        statistic.bind(point).bind(number).bind(name).bind(value).execute();
    };
    for (const RowStatistic& s : row.statistics) add(s.path, s.value);
    for (const auto& [name, value] : row.reports) add("report." + name, static_cast<double>(value));
    add("run.cycles", static_cast<double>(row.cycles));
    add("run.instructions", static_cast<double>(row.instructions));
}

void Store::record(const PointResult& result, const std::vector<std::string>& reports) {
    Transaction transaction(database_);
    const auto point = static_cast<int64_t>(result.point);
    for (const char* table : {"points", "results", "refused", "statistics", "host"})
        Statement(database_, std::string("DELETE FROM ") + table + " WHERE point = ?").bind(point).execute();
    for (size_t row = 0; row < result.rows.size(); ++row) record_row(result, row, reports);
    Statement(database_, "INSERT INTO host VALUES(?, ?, ?, ?)")
        .bind(point)
        .bind(static_cast<int64_t>(result.attempts))
        .bind(result.seconds)
        .bind(result.mips)
        .execute();
    Statement(database_, "INSERT INTO points VALUES(?, ?, ?, ?)")
        .bind(point)
        .bind(name_of(result.status))
        .bind(result.reason)
        .bind(result.config_sha256)
        .execute();
    transaction.commit();
}

}  // namespace stile::sim
