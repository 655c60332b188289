// SPDX-License-Identifier: Apache-2.0
//
// A sweep's directory: which file is where, and who may write it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stile::sim {

class SweepDirectory {
  public:
    explicit SweepDirectory(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path database() const { return path_ / "results.sqlite"; }
    std::filesystem::path config() const { return path_ / "config.yaml"; }
    std::filesystem::path work() const { return path_ / "work"; }
    std::filesystem::path boot() const { return path_ / "boot"; }
    std::filesystem::path result(size_t point) const;  // what a worker leaves
    std::filesystem::path failed(size_t point) const;

    bool has_sweep() const;
    // True if nothing is there that is not a sweep's: a killed one may have come to no database.
    bool may_begin() const;
    // Those that workers have left, in order.
    std::vector<size_t> results() const;
    // What killed processes have half written, in it and in its folders.
    void remove_leftovers() const;

  private:
    std::filesystem::path path_;
};

// Only one coordinator at a time. Gone with its process, however that ends.
class SweepLock {
  public:
    // Throws BadInput that says who has it.
    explicit SweepLock(const SweepDirectory& directory);
    ~SweepLock();
    SweepLock(const SweepLock&) = delete;
    SweepLock& operator=(const SweepLock&) = delete;

  private:
    int fd_ = -1;
};

// Beside its place, then renamed; on the disk when this returns. Throws std::runtime_error that names the
// file.
void write_whole(const std::filesystem::path& path, const std::string& contents);

}  // namespace stile::sim
