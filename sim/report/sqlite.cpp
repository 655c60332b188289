// SPDX-License-Identifier: Apache-2.0
#include "sim/report/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "sim/results/csv.h"

namespace stile::sim {

std::optional<double> whole_number(const std::string& text) {
    // strtod() also reads "nan", "infinity" and hexadecimal, which are words here.
    if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string::npos) return std::nullopt;
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

bool QueryRow::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t QueryRow::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string QueryRow::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : "";
}

std::optional<double> QueryRow::number(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_INTEGER:
        case SQLITE_FLOAT: {
            const double value = sqlite3_column_double(statement_, column);
            return std::isfinite(value) ? std::optional(value) : std::nullopt;
        }
        case SQLITE_TEXT:
            return whole_number(text(column));
        default:
            return std::nullopt;
    }
}

std::string QueryRow::cell(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_FLOAT)
        return number_text(sqlite3_column_double(statement_, column));
    return text(column);
}

ReadDatabase::ReadDatabase(const std::filesystem::path& path) : path_(path) {
    // A journal that a killed sweep has left must be rolled back first, which writes: hence not read-only
    // where that is possible.
    int code = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr);
    if (code != SQLITE_OK) {
        sqlite3_close(handle_);
        code = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr);
    }
    if (code != SQLITE_OK) {
        const std::string why = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
        sqlite3_close(handle_);
        throw std::runtime_error(fmt::format("{} cannot be read: {}", path.string(), why));
    }
    sqlite3_busy_timeout(handle_, 10'000);
}

ReadDatabase::~ReadDatabase() { sqlite3_close(handle_); }

void ReadDatabase::fail(const std::string& doing) const {
    throw std::runtime_error(
        fmt::format("{} cannot be read: {} ({})", path_.string(), sqlite3_errmsg(handle_), doing));
}

void ReadDatabase::query(const std::string& sql, const std::function<void(const QueryRow&)>& row) const {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) fail(sql);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
    int code;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) row(QueryRow(raw));
    if (code != SQLITE_DONE) fail(sql);
}

std::vector<std::string> ReadDatabase::columns(const std::string& table) const {
    std::vector<std::string> names;
    query("PRAGMA table_info(" + table + ")", [&](const QueryRow& row) { names.push_back(row.text(1)); });
    return names;
}

int64_t ReadDatabase::version() const {
    int64_t version = 0;
    query("PRAGMA user_version", [&](const QueryRow& row) { version = row.integer(0); });
    return version;
}

}  // namespace stile::sim
