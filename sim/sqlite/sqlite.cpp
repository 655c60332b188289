// SPDX-License-Identifier: Apache-2.0
#include "sim/sqlite/sqlite.h"

#include <sqlite3.h>

#include <cmath>

#include "sim/results/csv.h"

namespace stile::sim {

Database::Database(const std::filesystem::path& path, For what) : path_(path) {
    const auto open = [&](int flags) {
        sqlite3_close(handle_);
        return sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    };
    int code = open(SQLITE_OPEN_READWRITE | (what == For::creating ? SQLITE_OPEN_CREATE : 0));
    // Who reads must roll back the journal of a killed sweep first, which writes: where nothing can be
    // written, he reads all the same.
    if (code != SQLITE_OK && what == For::reading) code = open(SQLITE_OPEN_READONLY);
    if (code != SQLITE_OK) {
        const std::string why = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
        sqlite3_close(handle_);
        throw DatabaseError(path.string() + " cannot be opened: " + why);
    }
    // Somebody else may be at it.
    sqlite3_busy_timeout(handle_, 30'000);
}

Database::~Database() { sqlite3_close(handle_); }

int Database::check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        throw DatabaseError(path_.string() + ": " + sqlite3_errmsg(handle_));
    return code;
}

void Database::execute(const std::string& sql) {
    check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

void Database::query(const std::string& sql, const std::function<void(const Statement&)>& row) const {
    for (Statement statement(*this, sql); statement.step();) row(statement);
}

std::vector<std::string> Database::columns(const std::string& table) const {
    std::vector<std::string> names;
    query("PRAGMA table_info(" + table + ")", [&](const Statement& row) { names.push_back(row.text(1)); });
    return names;
}

int64_t Database::version() const {
    int64_t version = 0;
    query("PRAGMA user_version", [&](const Statement& row) { version = row.integer(0); });
    return version;
}

Statement::Statement(const Database& database, const std::string& sql) : database_(database) {
    database_.check(sqlite3_prepare_v2(database_.handle_, sql.c_str(), -1, &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(const std::string& text) {
    const int size = static_cast<int>(text.size());
    database_.check(sqlite3_bind_text(statement_, ++bound_, text.data(), size, SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::bind(int64_t value) {
    database_.check(sqlite3_bind_int64(statement_, ++bound_, value));
    return *this;
}

Statement& Statement::bind(double value) {
    database_.check(sqlite3_bind_double(statement_, ++bound_, value));
    return *this;
}

Statement& Statement::bind_null() {
    database_.check(sqlite3_bind_null(statement_, ++bound_));
    return *this;
}

void Statement::execute() {
    step();
    sqlite3_reset(statement_);
    bound_ = 0;
}

bool Statement::step() { return database_.check(sqlite3_step(statement_)) == SQLITE_ROW; }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : "";
}

std::optional<double> Statement::number(int column) const {
    const int type = sqlite3_column_type(statement_, column);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return whole_number(text(column));
    const double value = sqlite3_column_double(statement_, column);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string Statement::cell(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_FLOAT
               ? number_text(sqlite3_column_double(statement_, column))
               : text(column);
}

Transaction::~Transaction() {
    // Nothing more can be done where this fails: the journal undoes it at the next opening.
    if (open_) sqlite3_exec(database_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

}  // namespace stile::sim
