// SPDX-License-Identifier: Apache-2.0
//
// Reading an SQLite database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace stile::sim {

// The row that a query stands at.
class QueryRow {
  public:
    explicit QueryRow(sqlite3_stmt* statement) : statement_(statement) {}

    bool is_null(int column) const;
    int64_t integer(int column) const;
    std::string text(int column) const;  // empty for NULL
    // A number, or a text that is one from end to end.
    std::optional<double> number(int column) const;
    // As in a CSV file of ours: at most six decimals, without trailing zeros; empty for NULL.
    std::string cell(int column) const;

  private:
    sqlite3_stmt* statement_;
};

class ReadDatabase {
  public:
    // Throws std::runtime_error that names the file and says what SQLite says.
    explicit ReadDatabase(const std::filesystem::path& path);
    ~ReadDatabase();
    ReadDatabase(const ReadDatabase&) = delete;
    ReadDatabase& operator=(const ReadDatabase&) = delete;

    void query(const std::string& sql, const std::function<void(const QueryRow&)>& row) const;
    std::vector<std::string> columns(const std::string& table) const;
    int64_t version() const;  // PRAGMA user_version

  private:
    [[noreturn]] void fail(const std::string& doing) const;

    std::filesystem::path path_;
    sqlite3* handle_ = nullptr;
};

// "12.5" -> 12.5; nothing if it is not a number from end to end.
std::optional<double> whole_number(const std::string& text);

}  // namespace stile::sim
