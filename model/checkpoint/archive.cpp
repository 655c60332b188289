// SPDX-License-Identifier: Apache-2.0
#include "model/checkpoint/archive.h"

#include <bit>

namespace stile::model {

static_assert(std::endian::native == std::endian::little, "archives are little-endian");

void StateArchive::refuse(const std::string& why) { throw ArchiveError(why); }

void StateArchive::raw(void* data, size_t bytes) {
    if (!loading_) {
        out_.append(static_cast<const char*>(data), bytes);
        return;
    }
    if (bytes > left_.size()) refuse("it ends too early");
    if (bytes != 0) std::memcpy(data, left_.data(), bytes);
    left_.remove_prefix(bytes);
}

size_t StateArchive::length(size_t n) {
    uint64_t count = n;
    raw(&count, sizeof count);
    if (loading_ && count > left_.size()) refuse("it ends too early");
    return count;
}

void StateArchive::section(std::string_view name) {
    std::string text(name);
    item(text);
    if (text != name) refuse("where '" + std::string(name) + "' is expected it goes on differently");
}

void StateArchive::finish() const {
    if (!left_.empty()) refuse("it goes on beyond its end");
}

}  // namespace stile::model
