// SPDX-License-Identifier: Apache-2.0
#include "sim/results/kept_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

constexpr size_t header_bytes = 110;  // "070701" and 13 fields of 8 hexadecimal digits
enum Field { mode_field = 1, size_field = 6, name_field = 11 };

[[noreturn]] void damaged() {
    throw std::runtime_error(
        "the archive of kept files is damaged: the guest's kernel did not write it whole");
}

uint64_t field(const std::string& archive, size_t at, Field which) {
    const char* const begin = archive.data() + at + 6 + size_t{8} * which;
    uint64_t value = 0;
    if (std::from_chars(begin, begin + 8, value, 16).ptr != begin + 8) damaged();
    return value;
}

size_t fill(size_t n) { return (n + 3) & ~size_t{3}; }

std::string normal(const std::string& path) {
    std::string text = fs::path(path).lexically_normal().relative_path().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text.empty() ? "." : text;
}

}  // namespace

std::vector<KeptFile> kept_files(const std::string& archive) {
    std::vector<KeptFile> files;
    for (size_t at = 0; at < archive.size();) {
        if (archive.size() - at < header_bytes || archive.compare(at, 6, "070701") != 0) damaged();
        const uint64_t bytes = field(archive, at, size_field), name_bytes = field(archive, at, name_field);
        const auto mode = static_cast<unsigned>(field(archive, at, mode_field));
        const size_t data = at + fill(header_bytes + name_bytes);
        if (name_bytes == 0 || data > archive.size() || bytes > archive.size() - data) damaged();
        const std::string name = archive.substr(at + header_bytes, name_bytes - 1);
        if (name == "TRAILER!!!") return files;
        const fs::path path = fs::path(name).lexically_normal();
        if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end()) damaged();
        files.push_back({normal(name), mode, archive.substr(data, bytes)});
        at = data + fill(bytes);
    }
    if (!archive.empty()) damaged();
    return files;
}

std::vector<std::string> not_kept(const std::vector<KeptFile>& files,
                                  const std::vector<std::string>& wanted) {
    std::vector<std::string> missing;
    for (const std::string& path : wanted) {
        const auto same = [&](const KeptFile& file) { return file.path == normal(path); };
        if (std::none_of(files.begin(), files.end(), same)) missing.push_back(path);
    }
    return missing;
}

void write_kept_files(const fs::path& folder, const std::vector<KeptFile>& files) {
    fs::create_directories(folder);
    for (const KeptFile& file : files) {
        const fs::path at = folder / file.path;
        if (S_ISDIR(file.mode)) fs::create_directories(at);
        if (!S_ISREG(file.mode)) continue;
        fs::create_directories(at.parent_path());
        std::ofstream out(at, std::ios::binary);
        out << file.contents;
        out.close();
        if (!out) throw std::runtime_error(at.string() + " cannot be written");
        // The owner can always read and remove what a guest has left.
        fs::permissions(at, static_cast<fs::perms>((file.mode & 0777) | 0600));
    }
    for (const KeptFile& file : files) {
        // A path kept under two names may be a folder under one and a link under the other: the folder stays.
        if (!S_ISLNK(file.mode) || fs::exists(fs::symlink_status(folder / file.path))) continue;
        fs::create_directories((folder / file.path).parent_path());
        fs::create_symlink(file.contents, folder / file.path);
    }
}

}  // namespace stile::sim
