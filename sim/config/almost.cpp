// SPDX-License-Identifier: Apache-2.0
#include "sim/config/almost.h"

#include <algorithm>

#include "sim/config/plain_text.h"

namespace stile::sim {
namespace {

const char* const digits = "0123456789";

std::string without(std::string text, const char* characters) {
    std::erase_if(text,
                  [&](char c) { return std::string_view(characters).find(c) != std::string_view::npos; });
    return text;
}

}  // namespace

std::string found(const Node& node) {
    if (node.kind != Node::Kind::scalar) return node.kind_name();
    return (node.quoted ? "the text '" : "'") + shown(node.text) + "'";
}

std::string cannot_be(const Node& node) {
    if (node.kind == Node::Kind::null) return "has no value";
    const bool empty = node.kind == Node::Kind::map && node.entries.empty();
    return "cannot be " + (empty ? "an empty map" : found(node));
}

bool is_beyond_range(const Node& node, const IsNumber& is_number) {
    if (node.kind != Node::Kind::scalar || node.quoted) return false;
    std::string text = node.text.substr(node.text.find_first_not_of("+-") == 1 ? 1 : 0);
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return is_number("0x1") && text.size() > 2 &&
               text.find_first_not_of("0123456789abcdefABCDEF", 2) == text.npos;
    }
    const size_t end = std::min(text.find_first_not_of(digits), text.size());
    return end != 0 && (end == 1 || text[0] != '0') && is_number(text.replace(0, end, "1"));
}

std::string almost_number(const Node& node, const IsNumber& is_number) {
    if (node.kind != Node::Kind::scalar) return "";
    const std::string& text = node.text;
    if (node.quoted && is_number(text)) return "leave out the quotes";
    if (text.size() > 1 && text[0] == '0' && text.find_first_not_of(digits) == text.npos)
        return "a leading zero would make it octal; leave it out";
    if (text.starts_with("0o")) return "octal numbers are not read; write it in decimal";
    for (const char* separator : {"_", ",", "'"}) {
        const std::string plain = without(text, separator);
        if (plain != text && is_number(plain)) return "write " + plain;
    }
    return "";
}

std::string almost_boolean(const Node& node) {
    if (node.kind != Node::Kind::scalar) return "";
    if (node.quoted && (node.text == "true" || node.text == "false")) return "leave out the quotes";
    std::string text = node.text;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* yes : {"true", "yes", "on", "y", "1"})
        if (text == yes) return "write true";
    for (const char* no : {"false", "no", "off", "n", "0"})
        if (text == no) return "write false";
    return "";
}

}  // namespace stile::sim
