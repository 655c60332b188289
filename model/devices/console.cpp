// SPDX-License-Identifier: Apache-2.0
#include "model/devices/console.h"

#include <cstring>

#include "abi/platform.h"
#include "model/checkpoint/archive.h"

namespace stile::model {
namespace {

constexpr uint64_t data_register = STILE_CONSOLE_DATA & 0xfff;
constexpr size_t longest_line = 4096;

}  // namespace

void Console::flush() {
    if (sink_ && !line_.empty()) sink_(line_);
    line_.clear();
}

bool Console::read(uint64_t offset, void* out, unsigned bytes) {
    if (offset != data_register || bytes != 8) return false;
    uint64_t value = ~0ull;
    if (!input_.empty()) {
        value = static_cast<uint8_t>(input_.front());
        input_.pop_front();
        ++read_;
    }
    std::memcpy(out, &value, sizeof value);
    return true;
}

bool Console::write(uint64_t offset, const void* in, unsigned bytes) {
    if (offset != data_register || bytes != 1) return false;
    const char c = *static_cast<const char*>(in);
    line_.push_back(c);
    ++written_;
    if (c == '\n' || line_.size() >= longest_line) flush();
    return true;
}

void Console::archive(StateArchive& a) { a(line_, input_, written_, read_); }

void Console::statistics(StatisticsSink& sink) const {
    sink.count("bytes_written", written_, "bytes", "printed by the guest");
    sink.count("bytes_read", read_, "bytes", "of input taken by the guest");
}

}  // namespace stile::model
