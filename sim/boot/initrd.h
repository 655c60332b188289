// SPDX-License-Identifier: Apache-2.0
//
// The initial ramdisk: a cpio archive in the "newc" format (Linux Documentation/driver-api/early-userspace/
// buffer-format.rst), which the kernel unpacks into its memory file system.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stile::sim {

struct GuestFile {
    std::string path;  // absolute
    std::span<const uint8_t> bytes;
    unsigned mode = 0644;  // with S_IFDIR or S_IFLNK: a directory, or a link whose target `bytes` is
};

// Files in the given order, each directory before the first file in it. Time stamps are 0, so the same files
// give the same bytes.
std::vector<uint8_t> make_initrd(std::span<const GuestFile> files);

}  // namespace stile::sim
