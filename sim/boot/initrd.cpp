// SPDX-License-Identifier: Apache-2.0
#include "sim/boot/initrd.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <set>

namespace stile::sim {
namespace {

constexpr unsigned mode_directory = 0040755, mode_regular = 0100000;

class Archive {
  public:
    void add(const std::string& name, unsigned mode, std::span<const uint8_t> bytes) {
        const unsigned inode = name == "TRAILER!!!" ? 0 : ++inodes_;
        const std::string header = fmt::format(
            "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}", inode,
            mode, 0, 0, 1, 0, bytes.size(), 0, 0, 0, 0, name.size() + 1, 0);
        out_.insert(out_.end(), header.begin(), header.end());
        out_.insert(out_.end(), name.begin(), name.end());
        out_.push_back(0);
        pad();
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        pad();
    }
    std::vector<uint8_t> finish() {
        add("TRAILER!!!", 0, {});
        return std::move(out_);
    }

  private:
    void pad() { out_.resize((out_.size() + 3) & ~size_t{3}); }
    std::vector<uint8_t> out_;
    unsigned inodes_ = 0;
};

}  // namespace

std::vector<uint8_t> make_initrd(std::span<const GuestFile> files) {
    Archive archive;
    std::set<std::string> directories;
    for (const auto& file : files) {
        for (size_t slash = file.path.find('/', 1); slash != std::string::npos;
             slash = file.path.find('/', slash + 1)) {
            const auto directory = file.path.substr(1, slash - 1);
            if (directories.insert(directory).second) archive.add(directory, mode_directory, {});
        }
        archive.add(file.path.substr(1), (file.mode & S_IFMT) != 0 ? file.mode : mode_regular | file.mode,
                    file.bytes);
    }
    return archive.finish();
}

}  // namespace stile::sim
