// SPDX-License-Identifier: Apache-2.0
//
// A record of a cpio archive in the "newc" format (Linux Documentation/driver-api/early-userspace/
// buffer-format.rst). Name and contents follow it, each filled up to a multiple of 4 bytes.
#pragma once

namespace stile::os {

struct [[gnu::packed]] CpioHeader {
    char magic[6];
    char field[13][8];  // hexadecimal
};
enum CpioField {
    cpio_inode,
    cpio_mode,
    cpio_uid,
    cpio_gid,
    cpio_links,
    cpio_mtime,
    cpio_size,
    cpio_name_size = 11
};
inline constexpr char cpio_magic[] = "070701", cpio_trailer[] = "TRAILER!!!";

}  // namespace stile::os
