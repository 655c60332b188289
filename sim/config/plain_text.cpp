// SPDX-License-Identifier: Apache-2.0
#include "sim/config/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace stile::sim {
namespace {

bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Length of the UTF-8 sequence at `at`, 0 if there is none (Unicode 15, table 3-7).
size_t sequence(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                          : first >= 0xe0 && first <= 0xef ? 3
                          : first >= 0xf0 && first <= 0xf4 ? 4
                                                           : 0;
    if (length == 0 || text.size() - at < length) return 0;
    for (size_t i = 1; i < length; ++i)
        if (!is_tail(text[at + i])) return 0;
    const unsigned second = byte(1);
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return length;
}

bool is_control(unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; }

}  // namespace

std::optional<TextFault> find_text_fault(std::string_view text) {
    using namespace std::string_view_literals;
    if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv))
        return TextFault{1, 1, "the file is UTF-32", "save it as UTF-8"};
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        return TextFault{1, 1, "the file is UTF-16", "save it as UTF-8"};
    const bool binary = text.find('\0') != text.npos;
    TextFault fault;
    for (size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const size_t length = sequence(text, at);
        if (length == 0) {
            fault.wrong = fmt::format("byte 0x{:02x} is no UTF-8", c);
            fault.remedy = binary ? "is this a text file?" : "save the file as UTF-8";
            return fault;
        }
        if (is_control(c)) {
            fault.wrong = fmt::format("control character 0x{:02x}", c);
            fault.remedy = binary ? "is this a text file?"
                                  : fmt::format("remove it, or write \"\\x{:02x}\" in double quotes", c);
            return fault;
        }
        if (c == '\n') {
            ++fault.line;
            fault.column = 1;
        } else if (at != 0 || !text.starts_with("\xef\xbb\xbf")) {
            ++fault.column;
        }
        at += length;
    }
    return std::nullopt;
}

std::string printable(std::string_view text) {
    std::string all;
    for (size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const size_t length = sequence(text, at);
        // U+0080 to U+009F are control characters too.
        const bool high_control = length == 2 && c == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
        if (length == 0 || (c < 0x20 && c != '\n') || c == 0x7f) {
            all += c == '\t' ? "\\t" : fmt::format("\\x{:02x}", c);
        } else if (high_control) {
            all += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at + 1]));
        } else {
            all += text.substr(at, length);
        }
        at += length == 0 ? 1 : length;
    }
    return all;
}

std::string shown(std::string_view text) {
    constexpr size_t longest = 60;
    size_t end = std::min(text.size(), longest);
    while (end < text.size() && end > 0 && is_tail(text[end])) --end;
    std::string line = printable(text.substr(0, end));
    for (size_t at = line.find('\n'); at != line.npos; at = line.find('\n', at)) line.replace(at, 1, "\\n");
    return end < text.size() ? line + "..." : line;
}

}  // namespace stile::sim
