// SPDX-License-Identifier: Apache-2.0
//
// Makes a sweep's results.sqlite as docs/results.md describes it, without simulating anything.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct sqlite3;

namespace stile::sim {

// A folder that goes away with the test.
class Folder {
  public:
    Folder();
    ~Folder();
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

using Cells = std::map<std::string, std::string>;  // column: value, as SQL text

class SweepMaker {
  public:
    explicit SweepMaker(const std::filesystem::path& directory, const std::string& name = "test");
    ~SweepMaker();

    void meta(const std::string& key, const std::string& value);
    void axis(const std::string& key, std::optional<int> zip_group = std::nullopt);
    // Values in the order of the axes: text and number.
    using Value = std::pair<std::string, std::optional<double>>;
    int point(const std::vector<Value>& values, const std::string& status = "done",
              const std::string& reason = "");
    void array(int point, const std::string& name, double area, double access = 0.1, bool shared = false);
    // cycles_mean and what else is given over the defaults.
    void row(int point, int row, double cycles, const Cells& cells = {});
    void statistic(int point, int row, const std::string& name, double value);
    void refused(int point, int row, const std::string& mechanism, int error, const std::string& reason,
                 const std::string& policy = "-", int size = 0);
    void execute(const std::string& sql);
    // One transaction for many points: between these.
    void begin() { execute("BEGIN"); }
    void commit() { execute("COMMIT"); }

  private:
    sqlite3* handle_ = nullptr;
    std::vector<std::string> axes_;
    int points_ = 0;
};

// Entries 2, 4, 8, 16, 32 at areas 1, 2, 4, 8, 16 um2 and cycles 100, 50, 20, 19.9, 19.8: build 8.
void make_knee(const std::filesystem::path& directory);
// 8 entries by 3 loads, one design of which failed under one load.
void make_loads(const std::filesystem::path& directory);

std::string text_of(const std::filesystem::path& file);

}  // namespace stile::sim
