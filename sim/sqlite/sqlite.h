// SPDX-License-Identifier: Apache-2.0
//
// An SQLite database, as those who write and who read a sweep's results need it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace stile::sim {

// Names the file and says what SQLite says.
struct DatabaseError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Statement;

class Database {
  public:
    enum class For { creating, writing, reading };
    // Throws DatabaseError, as everything below does.
    Database(const std::filesystem::path& path, For what);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void execute(const std::string& sql);
    void query(const std::string& sql, const std::function<void(const Statement&)>& row) const;
    std::vector<std::string> columns(const std::string& table) const;
    int64_t version() const;  // PRAGMA user_version

  private:
    friend class Statement;
    friend class Transaction;
    int check(int code) const;  // returns it if it is no error

    std::filesystem::path path_;
    sqlite3* handle_ = nullptr;
};

class Statement {
  public:
    Statement(const Database& database, const std::string& sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // From the left, for one execution.
    Statement& bind(const std::string& text);
    Statement& bind(const char* text) { return bind(std::string(text)); }
    Statement& bind(int64_t value);
    Statement& bind(double value);  // what is no number: NULL
    Statement& bind(std::optional<double> value) { return value ? bind(*value) : bind_null(); }
    Statement& bind_null();
    // One that brings no rows.
    void execute();

    bool step();  // to the next row; false after the last
    // Of the row that it stands at.
    bool is_null(int column) const;
    int64_t integer(int column) const;
    std::string text(int column) const;              // empty for NULL
    std::optional<double> number(int column) const;  // nothing for NULL and for words
    // As in a CSV file of ours: at most six decimals, without trailing zeros; empty for NULL.
    std::string cell(int column) const;

  private:
    const Database& database_;
    sqlite3_stmt* statement_ = nullptr;
    int bound_ = 0;
};

// All or nothing: what is not committed is undone.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

  private:
    Database& database_;
    bool open_ = true;
};

}  // namespace stile::sim
