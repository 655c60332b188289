// SPDX-License-Identifier: Apache-2.0
//
// Standard output and standard error, which may be full, closed, or gone.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace stile::sim {

// The computer that simulates denies something: a full disk, a file system that has become read-only. Exit
// code 1: neither the input nor Stile is to blame.
struct HostTrouble : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// To standard output, at once. Throws HostTrouble: what nobody gets must not look like success.
void put(std::string_view text);

// To standard error. A message that cannot be written must not stop what it is about.
void say_text(std::string_view text);
template <typename... T>
void say(fmt::format_string<T...> format, T&&... values) {
    say_text(fmt::format(format, std::forward<T>(values)...));
}

// A file that is opened where standard error was closed would get the messages: nothing goes there instead.
void open_standard_streams();

}  // namespace stile::sim
