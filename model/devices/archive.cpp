// SPDX-License-Identifier: Apache-2.0
#include "model/devices/archive.h"

#include <cstring>

#include "abi/platform.h"
#include "model/checkpoint/archive.h"

namespace stile::model {

bool Archive::read(uint64_t, void*, unsigned) { return false; }

bool Archive::write(uint64_t offset, const void* in, unsigned bytes) {
    uint64_t value;
    if (bytes != sizeof value) return false;
    std::memcpy(&value, in, sizeof value);
    if (offset == (STILE_ARCHIVE_ADDRESS & 0xfff)) {
        address_ = value;
        return true;
    }
    if (offset != (STILE_ARCHIVE_LENGTH & 0xfff) || !memory_.contains(address_, value)) return false;
    bytes_.append(reinterpret_cast<const char*>(memory_.host(address_)), value);
    return true;
}

void Archive::archive(StateArchive& a) { a(address_, bytes_); }

}  // namespace stile::model
