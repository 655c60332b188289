// SPDX-License-Identifier: Apache-2.0
//
// Writing an SQLite database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace stile::sim {

// Names the file and says what SQLite says.
struct StoreError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Database {
  public:
    // Throws StoreError. `create`: there must be none yet.
    Database(const std::filesystem::path& path, bool create);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void execute(const std::string& sql);
    [[noreturn]] void fail() const;
    sqlite3* handle() const { return handle_; }

  private:
    std::filesystem::path path_;
    sqlite3* handle_ = nullptr;
};

class Statement {
  public:
    Statement(Database& database, const std::string& sql);
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

    bool step();  // false after the last row
    int64_t integer(int column) const;
    std::string text(int column) const;

  private:
    void check(int code) const;

    Database& database_;
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
