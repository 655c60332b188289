// SPDX-License-Identifier: Apache-2.0
//
// What may stand in a text file that people write, and how such text is shown in messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stile::sim {

struct TextFault {
    unsigned line = 1, column = 1;
    std::string wrong, remedy;
};

// The first byte that YAML forbids: no UTF-8, or a control character.
std::optional<TextFault> find_text_fault(std::string_view text);

// Without control characters but the ends of lines, and UTF-8 throughout: a message must not move a
// terminal's cursor.
std::string printable(std::string_view text);

// One short line without control characters, whatever `text` is.
std::string shown(std::string_view text);

}  // namespace stile::sim
